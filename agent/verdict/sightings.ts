// Where packets of a connection were seen: each row that saw one, as a range of sequence numbers at a time.
import type { Rows } from '../../bpf/rows/rows.gen.ts';
import { type End, FIN, SYN } from './ends.ts';
import { type Evidence, endpointsKey } from './evidence.ts';
import { add, ahead, type Range, RangeIndex } from './sequence.ts';

type Seen = Rows['packet'] | Rows['progress'] | Rows['drop'];

/** A packet where a row saw it. Without payload, SYN and FIN its range is empty. */
export type Sighting<Row extends Seen = Seen> = Range & {
  /** since the investigation's first row, by the clock of the row's host */
  at_ns: number;
  row: Row;
};

export type PacketSighting = Sighting<Rows['packet']>;
export type ProgressSighting = Sighting<Rows['progress']>;
export type DropSighting = Sighting<Rows['drop']>;

/** All that was seen at one end, each list in the order of time. */
export type AtEnd = {
  sent: readonly PacketSighting[];
  received: readonly PacketSighting[];
  /** what came to the open socket, with its state just before */
  taken: readonly ProgressSighting[];
  sent_at: RangeIndex<PacketSighting>;
  received_at: RangeIndex<PacketSighting>;
  taken_at: RangeIndex<ProgressSighting>;
};

const inOrder = <Item extends { at_ns: number }>(items: Item[]): Item[] => items.sort((a, b) => a.at_ns - b.at_ns);

function sighting<Row extends Rows['packet'] | Rows['drop']>(row: Row, base: bigint): Sighting<Row> {
  // SYN and FIN have a sequence number each.
  const flags = (row.tcp_flags & SYN ? 1 : 0) + (row.tcp_flags & FIN ? 1 : 0);
  return { at_ns: Number(row.time_ns - base), seq: row.seq, end: add(row.seq, row.length + flags), row };
}

/** The sightings of all ends, by their names in packets and by socket. */
export class Sightings {
  readonly drops: RangeIndex<DropSighting>;
  /** drops of packets that have no sequence numbers of their own: acknowledgements, by what they acknowledge */
  readonly dropped_acks: Map<number, DropSighting[]>;
  readonly #packets: Map<string, PacketSighting[]>;
  readonly #progress: Map<string, ProgressSighting[]>;
  readonly #base: bigint;

  constructor(evidence: Evidence, base: bigint) {
    const lost = evidence.drop.filter(({ meaning }) => meaning === 'lost').map((row) => sighting(row, base));
    this.#base = base;
    this.drops = new RangeIndex(inOrder(lost));
    this.dropped_acks = Map.groupBy(
      lost.filter(({ seq, end }) => seq === end),
      ({ row }) => row.ack,
    );
    this.#packets = Map.groupBy(inOrder(evidence.packet.map((row) => sighting(row, base))), ({ row }) => endpointsKey(row));
    const progress = evidence.progress.map((row) => ({ at_ns: Number(row.time_ns - base), seq: row.seq, end: row.end_seq, row }));
    this.#progress = Map.groupBy(inOrder(progress), ({ row }) => `${row.host_id} ${row.connection_id}`);
  }

  /** What was seen at an end. The same names may have been another connection's before, and may be again: these are told by their SYNs. */
  at(end: End): AtEnd {
    const all = this.#packets.get(endpointsKey(end)) ?? [];
    const packets = all.filter(({ row }) => row.connection_id === 0n || row.connection_id === end.connection_id || row.state === 'listen');
    const { from_ns, until_ns } = this.#life(end, all);
    const own = packets.filter(({ at_ns }) => at_ns >= from_ns && at_ns < until_ns);
    const sent = own.filter(({ row }) => row.direction === 'sent');
    const received = own.filter(({ row }) => row.place === 'device_in' && row.direction === 'received');
    const taken = this.#progress.get(`${end.host_id} ${end.connection_id}`) ?? [];
    return {
      sent,
      received,
      taken,
      sent_at: new RangeIndex(sent),
      received_at: new RangeIndex(received),
      taken_at: new RangeIndex(taken),
    };
  }

  #life(end: End, packets: readonly PacketSighting[]): { from_ns: number; until_ns: number } {
    const syns = packets.filter(({ row }) => row.tcp_flags & SYN);
    const own = syns.filter(({ row }) => row.seq === end.snd_isn || row.seq === end.rcv_isn);
    const first_ns = Number(end.first_ns - this.#base);
    const from_ns = Math.min(first_ns, ...own.map(({ at_ns }) => at_ns));
    const last_ns = Number(end.last_ns - this.#base);
    const next = syns.find(({ at_ns, row }) => at_ns > last_ns && !own.some((mine) => mine.row.seq === row.seq));
    return { from_ns: own.length > 0 ? from_ns : -Infinity, until_ns: next?.at_ns ?? Infinity };
  }
}

/** The SACK blocks that a packet brings, in its order. */
export function sackBlocks({
  sack1_from,
  sack1_to,
  sack2_from,
  sack2_to,
  sack3_from,
  sack3_to,
}: Rows['packet'] | Rows['progress']): Range[] {
  const all = [
    { seq: sack1_from, end: sack1_to },
    { seq: sack2_from, end: sack2_to },
    { seq: sack3_from, end: sack3_to },
  ];
  return all.filter(({ seq, end }) => seq !== end);
}

/** The range that a packet reports as come twice (DSACK, RFC 2883): its first block is acknowledged already, or is in its second. */
export function reportedTwice(row: Rows['packet'] | Rows['progress']): Range | undefined {
  const [first, second] = sackBlocks(row);
  if (!first) return undefined;
  if (ahead(first.end, row.ack) <= 0) return first;
  return second && ahead(first.seq, second.seq) >= 0 && ahead(first.end, second.end) <= 0 ? first : undefined;
}

/** Whether a packet says that its sender has this byte: acknowledged it, or reports it with SACK. */
export function saysHas(row: Rows['packet'] | Rows['progress'], byte: number): boolean {
  if (row.tcp_flags & ACK && ahead(row.ack, byte) > 0) return true;
  return sackBlocks(row).some(({ seq, end }) => ahead(byte, seq) >= 0 && ahead(byte, end) < 0);
}

const ACK = 16;
