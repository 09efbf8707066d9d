// Verdicts beside the truth: what tcplens says of each segment, from all rows and from fewer, and what captures say.

import type { Verdict } from '../../agent/verdict/cause.ts';
import { SYN } from '../../agent/verdict/ends.ts';
import type { Evidence } from '../../agent/verdict/evidence.ts';
import { judgeAll } from '../../agent/verdict/verdicts.ts';
import type { Family } from '../support/netns.ts';
import { PORT } from './scenario.ts';
import type { Trio } from './trio.ts';
import type { Truth, Truths } from './truth.ts';

/** Which rows a verdict had. */
export const VIEWS = ['all', 'router unobserved', 'receiver unobserved', 'older than the agents', '1 % withheld'] as const;
export type View = (typeof VIEWS)[number];

export type Netnses = { sender: bigint; router: bigint | undefined; receiver: bigint };

/** Whose rows are whose: each host is told by the address of what it sends. */
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

/** As if the handshakes had been before anybody watched: then nobody knows the initial sequence numbers. */
function withoutBeginnings({ packet, connection, progress, ...evidence }: Evidence): Evidence {
  const unknown = { snd_isn: 0, rcv_isn: 0 };
  return {
    ...evidence,
    packet: packet.filter(({ tcp_flags }) => !(tcp_flags & SYN)),
    connection: connection.filter(({ event }) => event === 'close').map((row) => ({ ...row, ...unknown })),
    progress: progress.map((row) => ({ ...row, ...unknown })),
  };
}

/** The same numbers from 0 to 1 for the same seed (xorshift32). */
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

/** Each verdict beside what captures say of its segment; those that they cannot tell are left out. */
export function compare(
  evidence: Evidence,
  view: View,
  netnses: Netnses,
  { out, back }: Record<'out' | 'back', Map<number, Truths>>,
): Compared[] {
  const { verdicts } = judgeAll(viewOf(evidence, view, netnses));
  return verdicts.map((verdict) => {
    const { seq, row } = verdict.segment;
    const is_back = row.local_port === PORT;
    const truths = is_back ? (back.get(row.peer_port) ?? single(back)) : out.get(row.local_port);
    const truth = truths?.of(seq, Number(row.time_ns) / 1000, failedAfter(verdicts, verdict)) ?? 'unclear';
    return { verdict, truth, right: isRight(verdict, truth, view) };
  });
}

/** Of an attempt that failed, how many of the same byte failed later: what was dropped before it was ever sent is no attempt's. */
function failedAfter(verdicts: readonly Verdict[], { segment }: Verdict): number | undefined {
  if (segment.row.outcome !== 'failed') return undefined;
  const is_after = (other: Verdict['segment']) =>
    other.row.outcome === 'failed' &&
    other.seq === segment.seq &&
    other.row.connection_id === segment.row.connection_id &&
    other.at_ns > segment.at_ns;
  return verdicts.filter((other) => is_after(other.segment)).length;
}

/** Behind a translation of addresses a port is another one; then there is one connection. */
const single = (all: Map<number, Truths>): Truths | undefined => (all.size === 1 ? all.values().next().value : undefined);

/** Whether a verdict says what happened, as far as who has these rows can. */
function isRight({ cause, why }: Verdict, truth: Truth, view: View): boolean {
  if (why === 'arrived') return truth === 'lost_backward' || truth === 'reordered' || truth === 'delayed' || truth === 'delayed_ack';
  // Of its own host the sender knows all, of others what they lost: that is outward for it.
  if (cause === 'lost_outward') return truth === 'outward' || (view === 'receiver unobserved' && truth === 'dropped_at_receiver');
  if (cause === 'dropped_between') return truth === 'outward';
  if (cause === 'not_needed') return truth === why;
  return cause === truth;
}
