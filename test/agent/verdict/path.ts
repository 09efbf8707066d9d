// A path that loses, delays and duplicates by a seed, with a sender that waits for each segment's acknowledgement and sends it again
// after a timeout: the rows that both ends would write, and what really happened to each segment that was sent again.
import { noEvidence } from '../../../agent/verdict/evidence.ts';
import type { Rows } from '../../../bpf/rows/rows.gen.ts';
import { rowOf } from './rows.ts';

/**
 * Chances of each packet, and whether packets are numbered or have timestamps. `refused`: dropped by the receiver's host when it comes;
 * `forbidden`: dropped by the sender's when it is sent again.
 */
export type Path = {
  lost_out: number;
  lost_back: number;
  late: number;
  twice: number;
  refused: number;
  forbidden: number;
  has_ids: boolean;
  has_timestamps: boolean;
};

export type Happened = 'lost_outward' | 'lost_backward' | 'reordered' | 'delayed' | 'dropped_at_receiver' | 'dropped_here';

const SENDER = {
  host_id: 1n,
  netns: 11n,
  connection_id: 1n,
  local_addr: '10.0.0.1',
  local_port: 4000,
  peer_addr: '10.0.0.2',
  peer_port: 80,
};
const RECEIVER = {
  host_id: 2n,
  netns: 22n,
  connection_id: 2n,
  local_addr: '10.0.0.2',
  local_port: 80,
  peer_addr: '10.0.0.1',
  peer_port: 4000,
};
const MSS = 1000;
const WAY_MS = 10;
const LATE_MS = 300;
const TIMEOUT_MS = 200;
/** What the receiver takes to answer. */
const TURN_MS = 0.02;
/** Sequence numbers turn on the way. */
const ISN = 2 ** 32 - 5 * MSS - 1;
const PEER_ISN = 777;

const seqOf = (segment: number): number => (ISN + 1 + segment * MSS) >>> 0;

type Header = Pick<
  Rows['packet'],
  'seq' | 'ack' | 'length' | 'tsval' | 'tsecr' | 'ip_id' | 'sack1_from' | 'sack1_to' | 'tcp_flags' | 'segments'
>;
type Sent = { segment: number; at_ms: number; came_ms: number; is_refused: boolean; is_forbidden: boolean };
type Told = { has: number; at_ms: number; came_ms: number };
type Event = { at_ms: number; what: () => void };

/** A journey of so many segments. The receiver's clock is ahead by so much. */
export class Journey {
  readonly evidence = noEvidence();
  readonly #path: Path;
  readonly #random: () => number;
  readonly #ahead_ms: number;
  readonly #sent: Sent[] = [];
  readonly #told: Told[] = [];
  readonly #again: { segment: number; at_ms: number; earlier: Sent[] }[] = [];
  #events: Event[] = [];
  #received = 0;
  #acknowledged = 0;
  #numbers = { data: 60_000, acks: 9_000 };
  #segs_in = { sender: 0, receiver: 0 };

  constructor(path: Path, random: () => number, ahead_ms: number, segments: number) {
    this.#path = path;
    this.#random = random;
    this.#ahead_ms = ahead_ms;
    let now_ms = 0;
    for (let segment = 0; segment < segments; segment++) {
      for (let attempt = 0; this.#acknowledged <= segment; attempt++) {
        this.#send(segment, now_ms, attempt > 0);
        now_ms = this.#wait(segment, now_ms + TIMEOUT_MS);
      }
    }
    this.#wait(Infinity, Infinity);
  }

  /** What happened to each segment that was sent again, in the order of the rows. */
  truths(): Happened[] {
    return this.#again.map(({ segment, at_ms, earlier }) => {
      // What came too late to be acknowledged in time was sent again for that, whatever became of it.
      const counts = ({ came_ms, is_refused }: Sent) => !is_refused || came_ms > at_ms - WAY_MS;
      const came_ms = Math.min(...earlier.filter(counts).map((sent) => sent.came_ms));
      const last = earlier.at(-1);
      if (came_ms === Infinity && last?.is_forbidden) return 'dropped_here';
      if (came_ms === Infinity) return last?.is_refused ? 'dropped_at_receiver' : 'lost_outward';
      if (came_ms > at_ms) return this.#sent.some((sent) => sent.segment > segment && sent.came_ms < came_ms) ? 'reordered' : 'delayed';
      const first = this.#told.find((told) => told.has > segment && told.at_ms > came_ms);
      return first?.came_ms === Infinity ? 'lost_backward' : 'delayed';
    });
  }

  #send(segment: number, at_ms: number, again: boolean): void {
    const header = this.#header({
      seq: seqOf(segment),
      ack: PEER_ISN + 1,
      length: MSS,
      tsval: this.#stamp(at_ms),
      ip_id: this.#number('data'),
    });
    const is_forbidden = again && this.#random() < this.#path.forbidden;
    if (is_forbidden) this.#drop('sender', at_ms, header);
    else this.#packet('sender', at_ms, false, header);
    if (again) {
      this.#again.push({ segment, at_ms, earlier: this.#sent.filter((sent) => sent.segment === segment) });
      const range = { seq: 1 + segment * MSS, end_seq: 1 + (segment + 1) * MSS, segments: 1, bytes: MSS };
      const how = { class: 'rto', outcome: is_forbidden ? 'failed' : 'sent', srtt_us: 20_000 } as const;
      this.evidence.retransmit.push(rowOf('retransmit', { ...this.#head('sender', at_ms + 0.01), ...range, ...how }));
    }
    if (is_forbidden) {
      this.#sent.push({ segment, at_ms, came_ms: Infinity, is_refused: false, is_forbidden });
      return;
    }
    const came_ms = this.#travel(at_ms, this.#path.lost_out);
    const is_refused = came_ms < Infinity && this.#random() < this.#path.refused;
    this.#sent.push({ segment, at_ms, came_ms, is_refused, is_forbidden });
    if (came_ms === Infinity) return;
    this.#at(came_ms, () => (is_refused ? this.#refuse(came_ms, header) : this.#arrive(segment, came_ms, header)));
    if (!is_refused && this.#random() < this.#path.twice) this.#at(came_ms + 0.1, () => this.#arrive(segment, came_ms + 0.1, header));
  }

  #refuse(at_ms: number, header: Header): void {
    this.#packet('receiver', at_ms, true, header);
    this.#drop('receiver', at_ms + 0.005, header);
  }

  /** As a firewall of this host does. */
  #drop(end: 'sender' | 'receiver', at_ms: number, { seq, ack, length, tcp_flags }: Header): void {
    const whose = end === 'sender' ? ({ direction: 'sent' } as const) : ({ direction: 'received', connection_id: 0n } as const);
    const dropped = { seq, ack, length, tcp_flags, meaning: 'lost', reason: 'netfilter_drop' } as const;
    this.evidence.drop.push(rowOf('drop', { ...this.#head(end, at_ms), ...dropped, ...whose }));
  }

  #arrive(segment: number, at_ms: number, header: Header): void {
    this.#packet('receiver', at_ms, true, header);
    this.#progress('receiver', at_ms, header, { rcv_nxt: seqOf(this.#received), rcv_wup: seqOf(this.#received) });
    const twice = segment < this.#received ? { sack1_from: seqOf(segment), sack1_to: seqOf(segment + 1) } : {};
    if (segment === this.#received) this.#received++;
    const has = this.#received;
    const leaves_ms = at_ms + TURN_MS;
    const stamps = { tsval: this.#stamp(at_ms), tsecr: header.tsval };
    const answer = this.#header({ seq: PEER_ISN + 1, ack: seqOf(has), ip_id: this.#number('acks'), ...stamps, ...twice });
    this.#packet('receiver', leaves_ms, false, answer);
    const came_ms = this.#travel(leaves_ms, this.#path.lost_back);
    this.#told.push({ has, at_ms: leaves_ms, came_ms });
    if (came_ms === Infinity) return;
    this.#at(came_ms, () => {
      this.#packet('sender', came_ms, true, answer);
      this.#progress('sender', came_ms, answer, {});
      this.#acknowledged = Math.max(this.#acknowledged, has);
    });
  }

  /** Lets happen what happens until then, or until the segment is acknowledged; returns the time. */
  #wait(segment: number, until_ms: number): number {
    for (;;) {
      this.#events.sort((a, b) => a.at_ms - b.at_ms);
      const [next, ...rest] = this.#events;
      if (!next || next.at_ms > until_ms) return until_ms;
      this.#events = rest;
      next.what();
      if (this.#acknowledged > segment) return next.at_ms + 1;
    }
  }

  #at(at_ms: number, what: () => void): void {
    this.#events.push({ at_ms, what });
  }

  #travel(at_ms: number, lost: number): number {
    if (this.#random() < lost) return Infinity;
    return at_ms + WAY_MS + this.#random() + (this.#random() < this.#path.late ? LATE_MS : 0);
  }

  #number(which: 'data' | 'acks'): number {
    return this.#path.has_ids ? this.#numbers[which]++ & 0xffff || this.#number(which) : 0;
  }

  readonly #stamp = (at_ms: number): number => (this.#path.has_timestamps ? Math.floor(at_ms) + 1 : 0);

  #header(of: Partial<Header>): Header {
    return { seq: 0, ack: 0, length: 0, tsval: 0, tsecr: 0, ip_id: 0, sack1_from: 0, sack1_to: 0, tcp_flags: 16, segments: 1, ...of };
  }

  #head(end: 'sender' | 'receiver', at_ms: number) {
    const time_ns = 10n ** 15n + BigInt(Math.round((at_ms + (end === 'receiver' ? this.#ahead_ms : 0)) * 1e6));
    return { ...(end === 'sender' ? SENDER : RECEIVER), time_ns };
  }

  #packet(end: 'sender' | 'receiver', at_ms: number, is_in: boolean, header: Header): void {
    const where = is_in
      ? ({ connection_id: 0n, place: 'device_in', direction: 'received' } as const)
      : ({ place: 'device_out', direction: 'sent' } as const);
    this.evidence.packet.push(rowOf('packet', { ...this.#head(end, at_ms), ...where, ...header }));
  }

  #progress(end: 'sender' | 'receiver', at_ms: number, header: Header, state: Partial<Rows['progress']>): void {
    const { seq, length, ack, tsval, tsecr, sack1_from, sack1_to } = header;
    const isns = end === 'sender' ? { snd_isn: ISN, rcv_isn: PEER_ISN } : { snd_isn: PEER_ISN, rcv_isn: ISN };
    const segment = { seq, end_seq: (seq + length) >>> 0, ack, tsval, tsecr, sack1_from, sack1_to, tcp_flags: 16, segments: 1 };
    this.evidence.progress.push(
      rowOf('progress', { ...this.#head(end, at_ms + 0.005), ...segment, ...isns, segs_in: ++this.#segs_in[end], ...state }),
    );
  }
}
