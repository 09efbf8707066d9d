// What really happened to a segment, from captures alone: which of its transmissions were dropped, and where, and when its acknowledgements
// passed.
import type { Packet } from './pcap.ts';
import { PORT } from './scenario.ts';

export const TRUTHS = [
  'dropped_here',
  'outward',
  'dropped_at_receiver',
  'lost_backward',
  'reordered',
  'delayed',
  'delayed_ack',
  /** captures cannot tell which of several equal packets it was */
  'unclear',
] as const;
export type Truth = (typeof TRUTHS)[number];

/** One direction: the packets that left the sender, those that reached the receiver, and those that were dropped at a host. */
export type Passed = {
  sent: readonly Packet[];
  came: readonly Packet[];
  /** dropped by the sender's device (then missing in `came`), or by the receiver's netfilter (then in `came`, but without effect) */
  dropped: { here: readonly Packet[]; at_receiver: readonly Packet[] };
};

export type Captured = {
  /** the direction of the judged segments */
  data: Passed;
  /** the other direction, with their acknowledgements */
  acks: Passed;
};

const behind = (seq: number, other: number): number => (seq - other) | 0;
const lengthOf = ({ length, flags }: Packet): number => length + (flags & 2 ? 1 : 0) + (flags & 1);
const has = (packet: Packet, byte: number): boolean => behind(byte, packet.seq) >= 0 && behind(byte, packet.seq) < lengthOf(packet);

/** The fields of a packet that do not change on its way. */
const looks = ({ seq, ack, length, flags, ip_id, tsval, sacks }: Packet): string =>
  `${seq} ${ack} ${length} ${flags} ${ip_id} ${tsval} ${sacks.join(' ')}`;

type Sent = { packet: Packet; fate: 'here' | 'outward' | 'at_receiver' | 'came'; came_us: number };

/** The other end's port, which tells the connections to a server apart. */
const portOf = ({ src_port, dst_port }: Packet): number => (src_port === PORT ? dst_port : src_port);

/** The captures of each connection, by its client's port. A single connection has all packets, since a NAT may have changed its port. */
export function byConnection(captured: Captured, limits: Limits): Map<number, Truths> {
  const ports = new Set([...captured.data.sent, ...captured.acks.came].map(portOf));
  const of = (port: number) => (packets: readonly Packet[]) =>
    ports.size > 1 ? packets.filter((packet) => portOf(packet) === port) : packets;
  const passed = ({ sent, came, dropped }: Passed, own: ReturnType<typeof of>): Passed => ({
    sent: own(sent),
    came: own(came),
    dropped: { here: own(dropped.here), at_receiver: own(dropped.at_receiver) },
  });
  const each = [...ports].map((port) => [port, { data: passed(captured.data, of(port)), acks: passed(captured.acks, of(port)) }] as const);
  // The kernel's counter is for all connections together.
  const is_told = limits.too_old === each.reduce((sum, [, { data, acks }]) => sum + tooOld(data.came, acks.sent).length, 0);
  return new Map(each.map(([port, own]) => [port, new Truths(own, limits.may_overflow, is_told)]));
}

/** Facts that captures do not show. */
export type Limits = {
  /** the receiver's socket may drop data for want of room; otherwise late data is acknowledged late, and not dropped */
  may_overflow: boolean;
  /** the receiver kernel's count of PAWS drops; if the captures give another number, the fate of such segments is unknown */
  too_old: number;
};

/** A timestamp may be this much behind, in ms, without being too old. */
const TOO_OLD = 1;

/**
 * Data that the receiver refuses by RFC 7323 (PAWS), as its timestamp is behind that of a segment in order. A capture shows that such a
 * packet arrived, but not that it was refused. `told`: the receiver's acknowledgements. `was_there`: the data had arrived before, so
 * nothing was lost.
 */
export function tooOld(came: readonly Packet[], told: readonly Packet[]): { packet: Packet; was_there: boolean }[] {
  let [recent, acknowledged]: (number | undefined)[] = [];
  const taken: Packet[] = [];
  const all = [...came.map((packet) => ({ packet, is_told: false })), ...told.map((packet) => ({ packet, is_told: true }))];
  return all
    .sort((a, b) => a.packet.time_us - b.packet.time_us)
    .flatMap(({ packet, is_told }) => {
      if (is_told) acknowledged = packet.ack;
      else if (packet.tsval === 0) return [];
      else if (recent !== undefined && behind(recent, packet.tsval) > TOO_OLD) {
        return packet.length > 0 ? [{ packet, was_there: taken.some((one) => has(one, packet.seq)) }] : [];
      } else {
        taken.push(packet);
        // Only a segment that contains the next expected byte updates the recent timestamp.
        const is_next =
          acknowledged === undefined || (behind(packet.seq, acknowledged) <= 0 && behind(packet.seq + lengthOf(packet), acknowledged) >= 0);
        if (is_next && (recent === undefined || behind(packet.tsval, recent) > 0)) recent = packet.tsval;
      }
      return [];
    });
}

/** Finds the fate of segments in captures. */
export class Truths {
  readonly #captured: Captured;
  readonly #bySeq = new Map<number, Packet[]>();
  readonly #came: Map<string, Packet[]>;
  readonly #acksCame: Map<string, Packet[]>;
  readonly #dropped: Record<'here' | 'at_receiver', Map<string, Packet[]>>;
  readonly #refused: ReadonlySet<string>;
  readonly #is_told: boolean;
  readonly #backward_us: number;
  readonly #may_overflow: boolean;

  /** @param is_told - whether captures show which segments the receiver refused as too old */
  constructor(captured: Captured, may_overflow: boolean, is_told: boolean) {
    this.#may_overflow = may_overflow;
    this.#is_told = is_told;
    this.#captured = captured;
    const { data, acks } = captured;
    for (const packet of [...data.sent, ...data.dropped.here]) {
      for (let bucket = packet.seq >>> 16; bucket <= (packet.seq + Math.max(0, lengthOf(packet) - 1)) >>> 16; bucket++) {
        const held = this.#bySeq.get(bucket);
        if (held) held.push(packet);
        else this.#bySeq.set(bucket, [packet]);
      }
    }
    this.#came = Map.groupBy(data.came, looks);
    this.#acksCame = Map.groupBy(acks.came, looks);
    this.#dropped = {
      here: Map.groupBy(data.dropped.here, looks),
      at_receiver: Map.groupBy(data.dropped.at_receiver, looks),
    };
    const old = tooOld(data.came, acks.sent);
    this.#refused = new Set(old.flatMap(({ packet, was_there }) => (was_there ? [] : [looks(packet)])));
    const backward = acks.sent.map((packet) => (this.#acksCame.get(looks(packet))?.[0]?.time_us ?? Infinity) - packet.time_us);
    this.#backward_us = Math.max(0, Math.min(...backward.filter((us) => us >= 0)));
  }

  /**
   * Why the byte was sent again at this time. `failed`: the sender's host dropped this attempt; the number of later attempts with the byte
   * that failed.
   */
  of(byte: number, again_us: number, failed: number | undefined): Truth {
    const all = (this.#bySeq.get(byte >>> 16) ?? []).filter((packet) => has(packet, byte)).sort((a, b) => a.time_us - b.time_us);
    const near = all.filter((packet) => Math.abs(packet.time_us - again_us) < NEAR_US);
    const dropped = all.filter((packet) => this.#captured.data.dropped.here.includes(packet));
    const own =
      failed === undefined
        ? near.sort((a, b) => Math.abs(a.time_us - again_us) - Math.abs(b.time_us - again_us))[0]
        : dropped.at(-1 - failed);
    const sent_us = Math.min(own?.time_us ?? again_us, again_us);
    const earlier = all.filter((packet) => packet !== own && packet.time_us <= sent_us);
    if (!this.#is_told && all.some((packet) => this.#refused.has(looks(packet)))) return 'unclear';
    if ((failed === undefined && !own) || new Set(all.map(looks)).size < all.length) return 'unclear';
    // The capture is behind netfilter and the queue, so a segment that was sent and is not in it was dropped before.
    if (earlier.length === 0) return 'dropped_here';
    const fates = earlier.map((packet) => this.#fateOf(packet, sent_us));
    const first = fates.filter(({ fate }) => fate === 'came').sort((a, b) => a.came_us - b.came_us)[0];
    if (first && !(this.#may_overflow && this.#unheeded(byte, first.came_us, all))) return this.#whyAgain(byte, first.came_us, sent_us);
    const last = fates.at(-1)?.fate;
    if (last === 'here') return 'dropped_here';
    return last === 'outward' ? 'outward' : 'dropped_at_receiver';
  }

  /**
   * A packet that arrived too late for its acknowledgement to be back in time counts as 'came', whatever became of it: that was the reason.
   */
  #fateOf(packet: Packet, sent_us: number): Sent {
    const key = looks(packet);
    const is = (where: keyof Passed['dropped']) => this.#dropped[where].has(key);
    const came_us = this.#came.get(key)?.[0]?.time_us ?? Infinity;
    if (is('here')) return { packet, fate: 'here', came_us };
    if (came_us === Infinity) return { packet, fate: 'outward', came_us };
    const is_dropped = (is('at_receiver') || this.#refused.has(key)) && came_us <= sent_us - this.#backward_us;
    return { packet, fate: is_dropped ? 'at_receiver' : 'came', came_us };
  }

  /** Whether no acknowledgement said that the byte had arrived, until it arrived again. */
  #unheeded(byte: number, came_us: number, all: readonly Packet[]): boolean {
    const again = all.map((packet) => this.#came.get(looks(packet))?.[0]?.time_us ?? Infinity).filter((us) => us > came_us);
    const until_us = Math.min(...again);
    if (until_us === Infinity) return false;
    const { sent } = this.#captured.acks;
    const told = sent.filter(({ time_us }) => time_us >= came_us && time_us < until_us);
    const after = sent.find((packet) => packet.time_us >= until_us && says(packet, byte));
    // There were acknowledgements in between that could have said so, and did not.
    return (
      after !== undefined && told.length > 0 && told.every((packet) => !says(packet, byte)) && behind(told.at(-1)?.ack ?? 0, byte) <= 0
    );
  }

  #whyAgain(byte: number, came_us: number, sent_us: number): Truth {
    const in_time_us = sent_us - this.#backward_us;
    if (came_us > in_time_us) {
      const overtaken = this.#captured.data.came.some(
        (packet) => packet.time_us < came_us && packet.length > 0 && behind(packet.seq, byte) > 0,
      );
      return overtaken ? 'reordered' : 'delayed';
    }
    const first = this.#captured.acks.sent.find(
      (packet) => packet.time_us >= came_us && packet.time_us <= in_time_us && says(packet, byte),
    );
    if (!first) return 'delayed_ack';
    const key = looks(first);
    return this.#acksCame.has(key) ? 'delayed' : 'lost_backward';
  }
}

/** A row of a retransmission is written within this time of its packet in the capture; the packet may wait in a queue in between. */
const NEAR_US = 12_000;

function says(packet: Packet, byte: number): boolean {
  return (
    (behind(packet.ack, byte) > 0 && (packet.flags & 16) !== 0) ||
    packet.sacks.some(([from, to]) => behind(byte, from) >= 0 && behind(byte, to) < 0)
  );
}
