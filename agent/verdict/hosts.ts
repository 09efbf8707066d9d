// Which network namespaces were watched, and which addresses are theirs. A namespace may forward a packet to another one behind it. So an
// address is a namespace's own only if one of its sockets has it, or its kernel took in a packet to it.
import type { Rows } from '../../bpf/rows/rows.gen.ts';
import type { Evidence } from './evidence.ts';
import { type At, atKey } from './flows.ts';

export class Hosts {
  readonly #by_address = new Map<string, Map<string, At>>();
  readonly #forwarding = new Set<string>();
  readonly #with_packets = new Set<string>();
  readonly #full: Map<string, Rows['listener'][]>;

  constructor(evidence: Evidence) {
    const full = evidence.listener.filter((row) => row.overflows > 0 && row.accept_queue > row.accept_queue_limit);
    this.#full = Map.groupBy(full, (row) => `${atKey(row)} ${row.local_port}`);
    for (const row of evidence.packet) {
      this.#with_packets.add(atKey(row));
      if (row.direction === 'unknown') this.#forwarding.add(atKey(row));
    }
    for (const row of evidence.drop) if (row.direction === 'unknown') this.#forwarding.add(atKey(row));
    for (const kind of ['connection', 'sample', 'progress', 'listener', 'reset'] as const)
      for (const row of evidence[kind]) this.#has(row.local_addr, row);
    for (const row of evidence.packet) if (row.direction === 'sent' && isOfSocket(row)) this.#has(row.local_addr, row);
    for (const row of evidence.drop) if (row.direction === 'received' && !this.forwards(row)) this.#has(row.local_addr, row);
  }

  #has(address: string, { host_id, netns }: At): void {
    const known = this.#by_address.get(address) ?? new Map<string, At>();
    known.set(atKey({ host_id, netns }), { host_id, netns });
    this.#by_address.set(address, known);
  }

  /** Rows of a listener that say that its accept queue was full and connections were turned away. */
  fullListeners(at: At, port: number): readonly Rows['listener'][] {
    return this.#full.get(`${atKey(at)} ${port}`) ?? [];
  }

  /** Whether it passes packets of others on. */
  forwards(at: At): boolean {
    return this.#forwarding.has(atKey(at));
  }

  /** Whether its packets have rows. */
  hasPackets(at: At): boolean {
    return this.#with_packets.has(atKey(at));
  }

  /** The one watched namespace that has this address; undefined: none, or several. */
  of(address: string): At | undefined {
    const all = [...(this.#by_address.get(address)?.values() ?? [])];
    return all.length === 1 ? all[0] : undefined;
  }
}

/** A SYN-ACK is sent before its socket has a cookie. */
const isOfSocket = ({ connection_id, state }: Rows['packet']): boolean => connection_id !== 0n || state === 'new_syn_recv';
