// Rows by the two ends that they name, whichever of them is named first: what every host says of one conversation.
import type { Rows } from '../../bpf/rows/rows.gen.ts';
import { SYN } from './ends.ts';
import type { Evidence } from './evidence.ts';

export const RST = 4;
export const ACK = 16;

export type Pair = { local_addr: string; local_port: number; peer_addr: string; peer_port: number };
export type At = { host_id: bigint; netns: bigint };
type Told = Rows['packet'] | Rows['drop'] | Rows['reset'];

/** What rows say of one pair of ends. */
export type Flow = { packets: readonly Rows['packet'][]; drops: readonly Rows['drop'][]; resets: readonly Rows['reset'][] };

export function flowKey({ local_addr, local_port, peer_addr, peer_port }: Pair): string {
  const [one, other] = [`${local_addr} ${local_port}`, `${peer_addr} ${peer_port}`];
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}

export const isAt = (row: At, at: At): boolean => row.netns === at.netns && row.host_id === at.host_id;
const idOf = ({ host_id, connection_id }: { host_id: bigint; connection_id: bigint }): string => `${host_id} ${connection_id}`;
export const atKey = ({ host_id, netns }: At): string => `${host_id} ${netns}`;

/** Whether the packet that a row tells of went from `pair`'s local end to its peer; a row of a host on the way names the sender first. */
export function isFrom(row: Told, pair: Pair): boolean {
  const is_own = row.local_addr === pair.local_addr && row.local_port === pair.local_port;
  return is_own === (row.direction !== 'received');
}

export class Flows {
  readonly #packets: Map<string, Rows['packet'][]>;
  readonly #drops: Map<string, Rows['drop'][]>;
  readonly #resets: Map<string, Rows['reset'][]>;
  /** SYNs by their sequence number, which a translation of addresses keeps */
  readonly #syns: Map<number, Rows['packet'][]>;
  readonly #kept: Map<string, Rows['retransmit']>;
  readonly #closes: Map<string, Rows['connection'][]>;

  constructor({ packet, drop, reset, retransmit, connection }: Evidence) {
    this.#kept = new Map(retransmit.filter(({ outcome }) => outcome !== 'sent').map((row) => [idOf(row), row]));
    this.#closes = Map.groupBy(
      connection.filter(({ event }) => event === 'close'),
      flowKey,
    );
    this.#packets = Map.groupBy(packet, flowKey);
    this.#drops = Map.groupBy(
      drop.filter(({ meaning }) => meaning === 'lost'),
      flowKey,
    );
    this.#resets = Map.groupBy(reset, flowKey);
    this.#syns = Map.groupBy(
      packet.filter(({ tcp_flags }) => (tcp_flags & (SYN | ACK)) === SYN),
      ({ seq }) => seq,
    );
  }

  /** An attempt of this socket to send again that did not leave its host. */
  keptOf(socket: { host_id: bigint; connection_id: bigint }): Rows['retransmit'] | undefined {
    return this.#kept.get(idOf(socket));
  }

  /** The ends of connections between these two, on whichever host. */
  closesOf(pair: Pair): readonly Rows['connection'][] {
    return this.#closes.get(flowKey(pair)) ?? [];
  }

  of(pair: Pair): Flow {
    const key = flowKey(pair);
    return { packets: this.#packets.get(key) ?? [], drops: this.#drops.get(key) ?? [], resets: this.#resets.get(key) ?? [] };
  }

  /** Rows of the connection whose SYN has this sequence number, on both sides of an address translation. */
  ofSyn(pair: Pair, isn: number | undefined): Flow {
    const elsewhere = isn === undefined ? [] : (this.#syns.get(isn) ?? []);
    const pairs = new Map([pair, ...elsewhere].map((one) => [flowKey(one), one]));
    const flows = [...pairs.values()].map((one) => this.of(one));
    return {
      packets: flows.flatMap(({ packets }) => packets),
      drops: flows.flatMap(({ drops }) => drops),
      resets: flows.flatMap(({ resets }) => resets),
    };
  }
}
