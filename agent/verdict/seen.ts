// All that rows saw of a connection at one end. An index over them is made when it is first used.
import type { Rows } from '../../bpf/rows/rows.gen.ts';
import { Acknowledgements, type Saying } from './acknowledgements.ts';
import { firstFrom, placeFrom } from './in-order.ts';
import { reportedTwice, type Sighting } from './says.ts';
import { ahead, type Range, RangeIndex } from './sequence.ts';
import { Unrolled } from './unrolled.ts';

export type PacketSighting = Sighting<Rows['packet']>;
export type ProgressSighting = Sighting<Rows['progress']>;

export class Seen {
  readonly sent: readonly PacketSighting[];
  readonly received: readonly PacketSighting[];
  /** what came to the open socket, with its state just before */
  readonly taken: readonly ProgressSighting[];
  #sent_at: RangeIndex<PacketSighting> | undefined;
  #received_at: RangeIndex<PacketSighting> | undefined;
  #taken_at: RangeIndex<ProgressSighting> | undefined;
  #twice_at: RangeIndex<Saying> | undefined;
  #told: Acknowledgements<PacketSighting> | undefined;
  #heard: Acknowledgements | undefined;
  #reached: readonly Reached[] | undefined;
  #received_like: Map<string, PacketSighting[]> | undefined;
  #taken_like: Map<string, ProgressSighting[]> | undefined;

  /** Each list is in the order of time. */
  constructor(sent: readonly PacketSighting[], received: readonly PacketSighting[], taken: readonly ProgressSighting[]) {
    this.sent = sent;
    this.received = received;
    this.taken = taken;
  }

  get sent_at(): RangeIndex<PacketSighting> {
    this.#sent_at ??= new RangeIndex(this.sent);
    return this.#sent_at;
  }

  get received_at(): RangeIndex<PacketSighting> {
    this.#received_at ??= new RangeIndex(this.received);
    return this.#received_at;
  }

  get taken_at(): RangeIndex<ProgressSighting> {
    this.#taken_at ??= new RangeIndex(this.taken);
    return this.#taken_at;
  }

  /** What this end told the other one that it has. */
  get told(): Acknowledgements<PacketSighting> {
    this.#told ??= new Acknowledgements(this.sent);
    return this.#told;
  }

  /** What the other end told this one that it has: seen at the device or at the socket, whichever has more rows. */
  get heard(): Acknowledgements {
    this.#heard ??= new Acknowledgements<Saying>(this.received.length >= this.taken.length ? this.received : this.taken);
    return this.#heard;
  }

  /** Ranges that the other end reported as received twice (DSACK): reports seen at the device, then those at the socket. */
  get twice_at(): RangeIndex<Saying> {
    this.#twice_at ??= new RangeIndex([...this.received, ...this.taken].flatMap(reportOf));
    return this.#twice_at;
  }

  /** Whether a segment had come before this time that begins at the range's end or later. */
  hasReached({ end }: Range, before_ns: number): boolean {
    this.#reached ??= [new Reached(this.received), new Reached(this.taken)];
    return this.#reached.some((reached) => reached.isPast(end, before_ns));
  }

  /** This end's row of a packet that left the other end, if it came within this time. */
  meeting(packet: Rows['packet'], from_ns: number, until_ns: number): Rows['packet'] | Rows['progress'] | undefined {
    this.#received_like ??= Map.groupBy(this.received, ({ row }) => likenessOf(row));
    this.#taken_like ??= Map.groupBy(this.taken, ({ row }) => likenessOf(row));
    const like = likenessOf(packet);
    const received = within(this.#received_like.get(like) ?? [], from_ns, until_ns).find(({ row }) => row.ip_id === packet.ip_id);
    if (received) return received.row;
    const taken = firstFrom(this.#taken_like.get(like) ?? [], from_ns);
    return taken && taken.at_ns < until_ns ? taken.row : undefined;
  }
}

function reportOf({ at_ns, row }: Saying): Saying[] {
  const range = reportedTwice(row);
  return range ? [{ ...range, at_ns, row }] : [];
}

const likenessOf = ({ seq, ack, tsval, sack1_from, sack1_to }: Rows['packet'] | Rows['progress']): string =>
  `${seq} ${ack} ${tsval} ${sack1_from} ${sack1_to}`;

function within<Item extends { at_ns: number }>(items: readonly Item[], from_ns: number, until_ns: number): readonly Item[] {
  return items.slice(placeFrom(items, from_ns), placeFrom(items, until_ns));
}

/** The highest sequence number at which a segment that had come began, by time. */
class Reached {
  readonly #coming: readonly Sighting[];
  readonly #begun = new Unrolled();

  constructor(came: readonly Sighting[]) {
    this.#coming = came.filter(({ seq, end }) => ahead(end, seq) > 0);
    for (const { seq } of this.#coming) this.#begun.push(seq, [seq]);
  }

  isPast(seq: number, before_ns: number): boolean {
    const last = placeFrom(this.#coming, before_ns) - 1;
    return last >= 0 && this.#begun.highestAt(last) >= this.#begun.valueOf(seq, last);
  }
}
