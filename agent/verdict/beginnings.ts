// Which socket sent something again, and where its sequence numbers begin.
import type { Rows } from '../../bpf/rows/rows.gen.ts';
import { type End, SYN } from './ends.ts';
import { type Evidence, endpointsKey } from './evidence.ts';
import type { Joined } from './joined.ts';
import { ahead } from './sequence.ts';

type Packet = Rows['packet'];
type Again = Rows['retransmit'];
/** `isn`: its initial sequence number, from its own rows or worked out from packets that it sent again; undefined: unknown. */
export type Sender = { end: Readonly<End>; isn: number | undefined };

/** A retransmission's row is written at most this long after its packet's. */
const CALL_NS_MAX = 2_000_000n;

export class Beginnings {
  readonly #ends: Joined['ends'];
  readonly #by_names: Map<string, Readonly<End>[]>;
  readonly #evidence: Evidence;
  #by_socket: Map<string, Packet[]> | undefined;
  #syns: Map<string, Packet[]> | undefined;

  constructor(evidence: Evidence, ends: Joined['ends']) {
    this.#ends = ends;
    this.#by_names = Map.groupBy(ends.values(), endpointsKey);
    this.#evidence = evidence;
  }

  /** The socket that sent these segments again; all rows are of one socket. Undefined: no row tells which. */
  senderOf(rows: readonly Again[]): Sender | undefined {
    const [row] = rows;
    if (!row) return undefined;
    if (row.class === 'syn_ack') return this.#accepting(row);
    const end = this.#ends.get(socketOf(row));
    return end && { end, isn: end.snd_isn ?? this.#isnOf(rows) };
  }

  #accepting(row: Again): Sender | undefined {
    const accepted = this.#by_names.get(endpointsKey(row))?.find(({ last_ns }) => last_ns >= row.time_ns);
    if (accepted?.snd_isn !== undefined) return { end: accepted, isn: accepted.snd_isn };
    this.#syns ??= Map.groupBy(
      this.#evidence.packet.filter(({ direction, tcp_flags }) => direction === 'sent' && tcp_flags & SYN),
      endpointsKey,
    );
    const syn_ack = this.#syns.get(endpointsKey(row))?.findLast(({ time_ns }) => time_ns <= row.time_ns);
    if (!syn_ack) return undefined;
    const { host_id, netns, local_addr, local_port, peer_addr, peer_port, time_ns } = row;
    const names = { host_id, netns, local_addr, local_port, peer_addr, peer_port };
    const isn = syn_ack.seq;
    const life = { first_ns: syn_ack.time_ns, last_ns: time_ns };
    return { end: { ...names, connection_id: 0n, snd_isn: isn, rcv_isn: syn_ack.ack - 1, ...life }, isn };
  }

  /**
   * For a socket older than the agent. Retransmit rows count from the initial sequence number, packets do not. A packet of the same length
   * just before a row is probably that row's, and the difference gives the number. Wrong guesses differ from row to row, right ones do not:
   * the most frequent number is taken. Undefined where two are equally frequent.
   */
  #isnOf(rows: readonly Again[]): number | undefined {
    this.#by_socket ??= Map.groupBy(this.#evidence.packet, socketOf);
    const votes = new Map<number, number>();
    for (const row of rows) for (const isn of this.#isnsOf(row)) votes.set(isn, (votes.get(isn) ?? 0) + 1);
    const [first, second] = [...votes].sort(([, one], [, other]) => other - one);
    return first && first[1] > (second?.[1] ?? 0) ? first[0] : undefined;
  }

  #isnsOf(row: Again): Set<number> {
    const { time_ns, bytes, seq } = row;
    const own = this.#by_socket?.get(socketOf(row)) ?? [];
    const near = own.filter((packet) => packet.length === bytes && packet.time_ns <= time_ns && time_ns - packet.time_ns < CALL_NS_MAX);
    return new Set(near.filter((packet) => !isNew(packet, own)).map((packet) => (packet.seq - seq) >>> 0));
  }
}

/** Whether all data that was seen to leave before lies before this packet's. Where a queue drops what is sent again, new data may leave at that time. */
function isNew(packet: Packet, own: readonly Packet[]): boolean {
  const before = own.filter(({ time_ns, length }) => time_ns < packet.time_ns && length > 0);
  return before.length > 0 && before.every(({ seq, length }) => ahead(seq + length, packet.seq) <= 0);
}

const socketOf = ({ host_id, connection_id }: { host_id: bigint; connection_id: bigint }): string => `${host_id} ${connection_id}`;
