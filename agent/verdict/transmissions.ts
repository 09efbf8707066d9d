// How often a segment was sent, and which of these times it came.
import type { Rows } from '../../bpf/rows/rows.gen.ts';
import type { PacketSighting, ProgressSighting } from './seen.ts';
import { eachOf, type Segment } from './segments.ts';
import { ahead } from './sequence.ts';
import type { DropSighting } from './sightings.ts';
import type { Way } from './way.ts';

/** One time that a segment was sent: it left by a device, or was dropped on this host before that. */
export type Transmission = {
  /** by the sender's clock */
  at_ns: number;
  left: PacketSighting | undefined;
  dropped: DropSighting | undefined;
  /** the attempt that the layers below TCP did not take */
  failed: Segment | undefined;
  came: Arrival | undefined;
};

/** Whether it was on the way to the peer, as far as rows of the sender's host tell. */
export const hasLeft = ({ dropped, failed }: Transmission): boolean => !dropped && !failed;

/** One time that a segment came to the receiver's host. */
export type Arrival = {
  /** by the receiver's clock */
  at_ns: number;
  device: PacketSighting | undefined;
  /** the socket's row of it; undefined: it did not reach the socket, or has no row */
  socket: ProgressSighting | undefined;
  dropped: DropSighting | undefined;
};

const byTime = <Item extends { at_ns: number }>(a: Item, b: Item): number => a.at_ns - b.at_ns;

const sentAs = (sighting: Partial<Transmission> & { at_ns: number }): Transmission => ({
  left: undefined,
  dropped: undefined,
  failed: undefined,
  came: undefined,
  ...sighting,
});

/** All times that one byte was sent and came. */
export type Times = {
  /** the segments that were sent again with this byte as their first, in the order of time */
  attempts: readonly Segment[];
  sent: readonly Transmission[];
  came: readonly Arrival[];
  /** the transmission that each attempt made */
  own: ReadonlyMap<Segment, Transmission>;
};

/** Each time that this byte was sent, as far as it was seen, matched with when it came. `attempts` are the rows that say that it was sent again. */
export function timesOf(way: Way, seq: number, attempts: readonly Segment[]): Times {
  const { seen, end } = way.sender;
  const left = seen.sent_at.at(seq).map((sighting) => sentAs({ at_ns: sighting.at_ns, left: sighting }));
  const sent = [...left];
  for (const drop of dropsOf(way, seq)) {
    if (drop.row.netns !== end.netns || drop.row.host_id !== end.host_id || drop.row.direction === 'received') continue;
    // A packet that a driver drops already has a row that says that it left by the device.
    const known = left.findLast(({ at_ns, dropped }) => at_ns <= drop.at_ns && drop.at_ns - at_ns < DRIVER_NS_MAX && !dropped);
    if (known) known.dropped = drop;
    else sent.push(sentAs({ at_ns: drop.at_ns, dropped: drop }));
  }
  sent.sort(byTime);
  for (const attempt of attempts) {
    if (attempt.row.outcome !== 'failed') continue;
    const known = sent.findLast(
      ({ at_ns, left, failed }) => !left && !failed && at_ns <= attempt.at_ns && attempt.at_ns - at_ns < CALL_NS_MAX,
    );
    if (known) known.failed = attempt;
    else sent.push(sentAs({ at_ns: attempt.at_ns, failed: attempt }));
  }
  sent.sort(byTime);
  const came = arrivalsOf(way, seq);
  match(way, seq, sent, came);
  return { attempts, sent, came, own: ownOf(sent, attempts) };
}

/** A device's driver drops a packet at once. */
const DRIVER_NS_MAX = 50_000;
/** A layer that refuses a packet does so within the call that sends it. */
const CALL_NS_MAX = 5_000_000;

/** Drops of packets of this way that have the byte. A translation may have changed one of a packet's addresses: the other is enough. */
export function dropsOf(way: Way, seq: number): DropSighting[] {
  const names = [way.sender.end, ...(way.receiver ? [way.receiver.end] : [])];
  return way.sightings.drops.at(seq).filter(({ row }) => names.some((end) => isOf(row, end)));
}

function isOf(row: Rows['drop'], end: Way['sender']['end']): boolean {
  const ours = [`${end.local_addr} ${end.local_port}`, `${end.peer_addr} ${end.peer_port}`];
  return ours.includes(`${row.local_addr} ${row.local_port}`) || ours.includes(`${row.peer_addr} ${row.peer_port}`);
}

function arrivalsOf(way: Way, seq: number): Arrival[] {
  const { receiver } = way;
  if (!receiver) return [];
  const came = receiver.seen.received_at
    .at(seq)
    .map((device): Arrival => ({ at_ns: device.at_ns, device, socket: undefined, dropped: undefined }));
  for (const socket of receiver.seen.taken_at.at(seq)) {
    const known = came.findLast(
      (one) => one.device && !one.socket && one.at_ns <= socket.at_ns && one.device.row.tsval === socket.row.tsval,
    );
    if (known) known.socket = socket;
    else came.push({ at_ns: socket.at_ns, device: undefined, socket, dropped: undefined });
  }
  came.sort(byTime);
  for (const drop of dropsOf(way, seq)) {
    const { row } = drop;
    if (row.netns !== receiver.end.netns || row.host_id !== receiver.end.host_id || row.direction === 'sent') continue;
    const known = came.findLast(({ at_ns, dropped }) => at_ns <= drop.at_ns && !dropped);
    if (known) known.dropped = drop;
    else came.push({ at_ns: drop.at_ns, device: undefined, socket: undefined, dropped: drop });
  }
  return came.sort(byTime);
}

/** The IPv4 identification of the byte's segment: where offloads cut or merge packets, it counts up from segment to segment. 0: unknown. */
function identification({ row, seq }: PacketSighting, byte: number): number {
  if (row.ip_id === 0 || row.length === 0) return row.ip_id;
  return (row.ip_id + Math.floor(ahead(byte, seq) / eachOf(row))) & 0xffff;
}

/** Whether this arrival can be of this transmission, by time, TCP timestamp and IPv4 identification; undefined: these do not tell. */
function fits(way: Way, byte: number, sent: Transmission, came: Arrival): boolean | undefined {
  if (sent.left && came.at_ns - sent.at_ns < way.outward_ns) return false;
  if (!sent.left) return false;
  const here = sent.left.row;
  const there = came.device?.row ?? came.socket?.row;
  if (there && there.tsval !== here.tsval) return false;
  if (!came.device) return undefined;
  const ids = [identification(sent.left, byte), identification(came.device, byte)] as const;
  return ids[0] === 0 || ids[1] === 0 ? undefined : ids[0] === ids[1];
}

/** Gives each arrival its transmission: the one that the IPv4 identification proves, else the latest that fits. */
function match(way: Way, byte: number, sent: readonly Transmission[], came: readonly Arrival[]): void {
  const rest = came.filter((arrival) => {
    const own = sent.find((transmission) => !transmission.came && fits(way, byte, transmission, arrival) === true);
    if (own) own.came = arrival;
    // An arrival whose transmission has another one already is a duplicate that the path made.
    return !own && !sent.some((transmission) => fits(way, byte, transmission, arrival) === true);
  });
  for (const arrival of rest) {
    const own = sent.findLast((transmission) => !transmission.came && fits(way, byte, transmission, arrival) === undefined);
    if (own) own.came = arrival;
  }
}

export type Before = { earlier: Transmission[]; own: Transmission | undefined };

/** The transmissions of a segment before this attempt, and the attempt's own, if it was seen. */
export function beforeAttempt({ attempts, sent, own }: Times, attempt: Segment): Before {
  const mine = own.get(attempt);
  const later = new Set(attempts.slice(attempts.indexOf(attempt)).flatMap((one) => own.get(one) ?? []));
  const until_ns = mine?.at_ns ?? attempt.at_ns;
  return { earlier: sent.filter((one) => !later.has(one) && one.at_ns <= until_ns), own: mine };
}

/**
 * Which transmission each attempt made. An attempt's row is written when TCP has passed the packet on, but a queue may hold the packet
 * back: then it leaves after the row.
 */
function ownOf(sent: readonly Transmission[], attempts: readonly Segment[]): Map<Segment, Transmission> {
  const own = new Map<Segment, Transmission>();
  const taken = new Set<Transmission>();
  const give = (attempt: Segment, transmission: Transmission | undefined) => {
    if (!transmission) return;
    own.set(attempt, transmission);
    taken.add(transmission);
  };
  for (const attempt of attempts)
    give(
      attempt,
      sent.find(({ failed }) => failed === attempt),
    );
  for (const [at, attempt] of [...attempts.entries()].reverse()) {
    if (own.has(attempt)) continue;
    const free = sent.filter((one) => !taken.has(one) && !one.failed);
    const since_ns = attempts[at - 1]?.at_ns ?? -Infinity;
    const until_ns = attempts[at + 1]?.at_ns ?? Infinity;
    // The original transmission is no attempt's.
    const is_original = (one: Transmission) => at === 0 && free.length === 1 && attempt.at_ns - one.at_ns > CALL_NS_MAX;
    const before = free.findLast((one) => one.at_ns <= attempt.at_ns && one.at_ns > since_ns && !is_original(one));
    const queued = free.find((one) => one.at_ns > attempt.at_ns && one.at_ns < until_ns);
    const is_near = before && attempt.at_ns - before.at_ns < CALL_NS_MAX;
    give(attempt, is_near ? before : (queued ?? before));
  }
  return own;
}

/**
 * Whether the packet that came had left before or after this transmission, by the IPv4 identifications that the sender counts up;
 * undefined: unknown.
 */
export function orderOf({ device }: Arrival, transmission: Transmission | undefined, byte: number): 'older' | 'newer' | undefined {
  if (!device || !transmission?.left) return undefined;
  const [came, left] = [identification(device, byte), identification(transmission.left, byte)];
  if (came === 0 || left === 0 || came === left) return undefined;
  return ((left - came) & 0xffff) < 0x8000 ? 'older' : 'newer';
}
