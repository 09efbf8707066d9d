// Compares verdicts with the truth: tcplens's verdict on each segment, from all rows and from some of them, and what captures show.

import type { Verdict } from '../../agent/verdict/cause.ts';
import { SYN } from '../../agent/verdict/ends.ts';
import type { Evidence } from '../../agent/verdict/evidence.ts';
import type { Judged } from '../../agent/verdict/verdicts.ts';
import type { Family } from '../support/netns.ts';
import { PORT } from './scenario.ts';
import type { Trio } from './trio.ts';
import type { Truth, Truths } from './truth.ts';

/** The rows that a verdict could use. */
export const VIEWS = ['all', 'router unobserved', 'receiver unobserved', 'older than the agents', '1 % withheld'] as const;
export type View = (typeof VIEWS)[number];

export type Netnses = { sender: bigint; router: bigint | undefined; receiver: bigint };

/** The namespaces of the hosts, found by the source addresses of sent packets. */
export function netnsesOf(evidence: Evidence, { sender, receiver }: Trio, family: Family): Netnses {
  const of = (address: string) =>
    evidence.packet.find(({ direction, local_addr }) => direction === 'sent' && local_addr === address)?.netns ?? 0n;
  const ends = { sender: of(sender.address[family]), receiver: of(receiver.address[family]) };
  const between = evidence.packet.find(({ netns }) => netns !== ends.sender && netns !== ends.receiver);
  return { ...ends, router: between?.netns };
}

export function viewOf(evidence: Evidence, view: View, netnses: Netnses): Evidence {
  if (view === 'router unobserved') return only(evidence, ({ netns }) => netns !== netnses.router);
  if (view === 'receiver unobserved') return only(evidence, ({ netns }) => netns === netnses.sender);
  if (view === 'all') return evidence;
  if (view === 'older than the agents') return withoutBeginnings(evidence);
  const random = randomOf(SEED);
  return only(evidence, ({ kind }) => kind === 'retransmit' || random() >= WITHHELD);
}

const SEED = 14;
const WITHHELD = 0.01;

type Row = Evidence[keyof Evidence][number];

function only(evidence: Evidence, keep: (row: Row) => boolean): Evidence {
  const kept = Object.entries(evidence).map(([kind, rows]: [string, readonly Row[]]) => [kind, rows.filter(keep)]);
  return Object.fromEntries(kept) as Evidence;
}

/** Without the handshakes, as if they were before the agents' start: then the initial sequence numbers are unknown. */
function withoutBeginnings({ packet, connection, progress, ...evidence }: Evidence): Evidence {
  const unknown = { snd_isn: 0, rcv_isn: 0 };
  return {
    ...evidence,
    packet: packet.filter(({ tcp_flags }) => !(tcp_flags & SYN)),
    connection: connection.filter(({ event }) => event === 'close').map((row) => ({ ...row, ...unknown })),
    progress: progress.map((row) => ({ ...row, ...unknown })),
  };
}

/** Pseudo-random numbers from 0 to 1, the same for the same seed (xorshift32). */
export function randomOf(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

export type Compared = { verdict: Verdict; truth: Truth; right: boolean };

/** Each verdict with what captures show of its segment, which may be 'unclear'. */
export function compare({ verdicts }: Judged, view: View, { out, back }: Record<'out' | 'back', Map<number, Truths>>): Compared[] {
  return verdicts.map((verdict) => {
    const { seq, row } = verdict.segment;
    const is_back = row.local_port === PORT;
    const truths = is_back ? (back.get(row.peer_port) ?? single(back)) : out.get(row.local_port);
    const truth = truths?.of(seq, Number(row.time_ns) / 1000, failedAfter(verdicts, verdict)) ?? 'unclear';
    return { verdict, truth, right: isRight(verdict, truth, view) };
  });
}

/** For a failed attempt: how many later attempts with the same byte failed too. Drops of the first transmission are not among them. */
function failedAfter(verdicts: readonly Verdict[], { segment }: Verdict): number | undefined {
  if (segment.row.outcome !== 'failed') return undefined;
  const is_after = (other: Verdict['segment']) =>
    other.row.outcome === 'failed' &&
    other.seq === segment.seq &&
    other.row.connection_id === segment.row.connection_id &&
    other.at_ns > segment.at_ns;
  return verdicts.filter((other) => is_after(other.segment)).length;
}

/** Behind a NAT the port differs; then there is only one connection. */
const single = (all: Map<number, Truths>): Truths | undefined => (all.size === 1 ? all.values().next().value : undefined);

/** Whether a verdict is right, as far as it can be known from the view's rows. */
function isRight({ cause, why }: Verdict, truth: Truth, view: View): boolean {
  if (why === 'arrived') return truth === 'lost_backward' || truth === 'reordered' || truth === 'delayed' || truth === 'delayed_ack';
  // Without the receiver's rows, its drops look like losses on the way.
  if (cause === 'lost_outward') return truth === 'outward' || (view === 'receiver unobserved' && truth === 'dropped_at_receiver');
  if (cause === 'dropped_between') return truth === 'outward';
  if (cause === 'not_needed') return truth === why;
  return cause === truth;
}
