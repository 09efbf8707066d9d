// Where packets of a connection were seen: each row that saw one, as a range of sequence numbers at a time.
import type { Rows } from '../../bpf/rows/rows.gen.ts';
import { type End, FIN, SYN } from './ends.ts';
import { type Evidence, endpointsKey } from './evidence.ts';
import { placeFrom } from './in-order.ts';
import type { Sighting } from './says.ts';
import { type PacketSighting, type ProgressSighting, Seen } from './seen.ts';
import { add, RangeIndex } from './sequence.ts';

export type DropSighting = Sighting<Rows['drop']>;

const inOrder = <Item extends { at_ns: number }>(items: Item[]): Item[] => items.sort((a, b) => a.at_ns - b.at_ns);

function sighting<Row extends Rows['packet'] | Rows['drop']>(row: Row, base: bigint): Sighting<Row> {
  // SYN and FIN have a sequence number each.
  const flags = (row.tcp_flags & SYN ? 1 : 0) + (row.tcp_flags & FIN ? 1 : 0);
  return { at_ns: Number(row.time_ns - base), seq: row.seq, end: add(row.seq, row.length + flags), row };
}

/** The sightings of all ends, by addresses and ports and by socket. */
export class Sightings {
  readonly drops: RangeIndex<DropSighting>;
  /** drops of packets without sequence numbers of their own (plain acknowledgements), by acknowledgement number */
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

  /** What was seen at an end. Other connections may have had the same addresses and ports before or after: their SYNs tell them apart. */
  at(end: End): Seen {
    const all = this.#packets.get(endpointsKey(end)) ?? [];
    const { from_ns, until_ns } = this.#life(end, all);
    const own = all
      .slice(placeFrom(all, from_ns), placeFrom(all, until_ns))
      .filter(({ row }) => row.connection_id === 0n || row.connection_id === end.connection_id || row.state === 'listen');
    const sent = own.filter(({ row }) => row.direction === 'sent');
    const received = own.filter(({ row }) => row.place === 'device_in' && row.direction === 'received');
    return new Seen(sent, received, this.#progress.get(`${end.host_id} ${end.connection_id}`) ?? []);
  }

  #life(end: End, packets: readonly PacketSighting[]): { from_ns: number; until_ns: number } {
    const syns = packets.filter(({ row }) => row.tcp_flags & SYN);
    const own = syns.filter(({ row }) => row.seq === end.snd_isn || row.seq === end.rcv_isn);
    const mine = new Set(own.map(({ row }) => row.seq));
    const last_ns = Number(end.last_ns - this.#base);
    const next = syns.find(({ at_ns, row }) => at_ns > last_ns && !mine.has(row.seq));
    const [first] = own;
    const from_ns = first ? Math.min(Number(end.first_ns - this.#base), first.at_ns) : -Infinity;
    return { from_ns, until_ns: next?.at_ns ?? Infinity };
  }
}
