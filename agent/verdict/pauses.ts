// Which side was to go on in each pause between packets with data, as one end's devices saw them. Times in microseconds.
import type { Rows } from '../../bpf/rows/rows.gen.ts';
import { newData } from './held-back.ts';
import type { Seen } from './seen.ts';

/** Sums of pauses, by the side that sent before a pause and the side that ended it. */
export type Pauses = {
  /** this end had sent, and the peer's data ends them */
  answer_us: number;
  /** the peer had sent, and this end's data ends them */
  ask_us: number;
  /** this end had sent, and goes on itself */
  own_us: number;
  /** the peer had sent, and goes on itself */
  peer_us: number;
  /** the pauses that make up answer_us, the shortest first */
  answers: readonly number[];
};

type Moment = { at_us: number; is_own: boolean };

/** Undefined: too few of the packets that the socket counted have rows. `counted`: segments with data, of both ways. */
export function pausesOf({ sent, received }: Seen, counted: number): Pauses | undefined {
  const is_data = ({ row }: { row: Rows['packet'] }) => row.length > 0;
  const [own, others] = [sent.filter(is_data), received.filter(is_data)];
  const seen_segments = [...own, ...others].reduce((sum, { row }) => sum + row.segments, 0);
  if (seen_segments === 0 || seen_segments < counted * SEEN_LEAST) return undefined;
  // Only new data ends a pause: a retransmission is part of the wait. At the same time, received data sorts first: it made this end send.
  const all = [
    ...newData(others).map(({ at_ns }): Moment => ({ at_us: at_ns / 1000, is_own: false })),
    ...newData(own).map(({ at_ns }): Moment => ({ at_us: at_ns / 1000, is_own: true })),
  ].sort((a, b) => a.at_us - b.at_us);
  const sums = { answer_us: 0, ask_us: 0, own_us: 0, peer_us: 0 };
  const answers: number[] = [];
  for (const [at, seen] of all.entries()) {
    const before = all[at - 1];
    if (!before) continue;
    const us = seen.at_us - before.at_us;
    const name = nameOf(before, seen);
    sums[name] += us;
    if (name === 'answer_us') answers.push(us);
  }
  return { ...sums, answers: answers.sort((a, b) => a - b) };
}

const SEEN_LEAST = 0.98;

function nameOf(before: Moment, seen: Moment): Exclude<keyof Pauses, 'answers'> {
  if (before.is_own === seen.is_own) return seen.is_own ? 'own_us' : 'peer_us';
  return seen.is_own ? 'ask_us' : 'answer_us';
}
