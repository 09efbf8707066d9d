// Finds rows of one packet that was seen under several names (addresses and ports). An address translation changes the names, but neither
// sequence numbers nor timestamps. So packets reveal every translation, whoever makes it: netfilter, a BPF program, a device that nobody
// watches.
import type { Rows } from '../../bpf/rows/rows.gen.ts';
import { FIN, SYN } from './ends.ts';
import { ACK, type At, atKey, flowKey, type Pair, RST } from './flows.ts';

/** Groups of names that connections go by, in the namespaces of all hosts. */
export class Alike {
  /** each name leads to another of its group, and one of them to itself */
  readonly #parents = new Map<string, string>();

  constructor(packets: readonly Rows['packet'][]) {
    for (const seen of Map.groupBy(packets.filter(isTelling), contentOf).values()) {
      const [first, ...others] = new Set(seen.map(nameOf));
      if (first !== undefined) for (const other of others) this.#join(first, other);
    }
  }

  /** The same text for ends whose packets are the same; undefined: this end's packets were seen under no other name. */
  groupOf(of: At & Pair): string | undefined {
    const name = nameOf(of);
    return this.#parents.has(name) ? this.#root(name) : undefined;
  }

  #root(name: string): string {
    let root = name;
    for (let parent = this.#parents.get(root); parent !== undefined && parent !== root; parent = this.#parents.get(root)) root = parent;
    this.#parents.set(name, root);
    return root;
  }

  #join(one: string, other: string): void {
    this.#parents.set(this.#root(other), this.#root(one));
  }
}

const nameOf = (row: At & Pair): string => `${atKey(row)} ${flowKey(row)}`;

/** Numbers in a SYN or RST may be the same in many connections, as those of a scanner; an acknowledgement belongs to one. */
const isTelling = ({ tcp_flags, ack }: Rows['packet']): boolean => (tcp_flags & (SYN | RST | ACK)) === ACK && ack !== 0;

/** The length and the IPv4 identification are left out: offloads put packets together and cut them. */
const contentOf = ({ seq, ack, tsval, tsecr, tcp_flags }: Rows['packet']): string => `${seq} ${ack} ${tsval} ${tsecr} ${tcp_flags & FIN}`;
