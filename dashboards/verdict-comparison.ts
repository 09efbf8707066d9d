// Compares two verdicts: shares of each cause, changes, and reasons why they are not comparable. Pure.
import type { Cause } from '../agent/verdict/cause.ts';
import type { Investigation, Verdict } from '../server/api.ts';
import { CAUSE_ORDER, CAUSE_WORDS, shareOf } from './cause-words.ts';
import { formatCount, formatNumber, formatRatio } from './format.ts';

export type Side = { asked: Investigation; verdict: Verdict };

/** `points`: the later share less the earlier one, in percentage points; null if a share is unknown. */
export type Compared = { cause: Cause; before: number | null; after: number | null; points: number | null };
export type Comparison = {
  before: Side;
  after: Side;
  /** reasons why the verdicts are not comparable; empty: they are */
  obstacles: string[];
  causes: Compared[];
  sentences: string[];
};

/** A smaller difference does not count as a change, percentage points. */
const POINTS_MIN = 1;
/** With fewer segments a change of shares is not reliable. */
const SEGMENTS_MIN = 20;

export function comparisonOf(one: Side, other: Side): Comparison {
  const [before, after] = one.asked.begins_ms <= other.asked.begins_ms ? [one, other] : [other, one];
  const obstacles = obstaclesOf(before.asked, after.asked);
  const causes = CAUSE_ORDER.filter((cause) => before.verdict.by_cause[cause] + after.verdict.by_cause[cause] > 0).map((cause) =>
    compared(cause, before.verdict, after.verdict, obstacles.length === 0),
  );
  return { before, after, obstacles, causes, sentences: obstacles.length > 0 ? [] : sentencesOf(before, after, causes) };
}

const plain = (text: string) => text.trim().replace(/\s+/g, ' ');

function obstaclesOf(before: Investigation, after: Investigation): string[] {
  const list: string[] = [];
  if (plain(before.expression) !== plain(after.expression))
    list.push(`they follow other connections: “${before.expression}” and “${after.expression}”`);
  if (plain(before.hosts) !== plain(after.hosts))
    list.push(`they run on other hosts: ${before.hosts.trim() || 'all'} and ${after.hosts.trim() || 'all'}`);
  if (before.detail !== after.detail) list.push(`one looks at ${before.detail}, the other at ${after.detail}`);
  return list;
}

function compared(cause: Cause, before: Verdict, after: Verdict, mayCompare: boolean): Compared {
  const share = (of: Verdict) => (of.segments === 0 ? null : shareOf(of, cause));
  const [earlier, later] = [share(before), share(after)];
  const points = mayCompare && earlier !== null && later !== null ? (later - earlier) * 100 : null;
  return { cause, before: earlier, after: later, points };
}

function sentencesOf(before: Side, after: Side, causes: readonly Compared[]): string[] {
  const rate = `${rateWords(before)} before, ${rateWords(after)} after.`;
  const none = [before, after].filter(({ verdict }) => verdict.segments === 0).length;
  if (none > 0)
    return [
      rate,
      `${none === 2 ? 'Neither has a segment' : 'One of them has no segment'} that was sent again: there are no shares to compare.`,
    ];
  const moved = causes
    .filter(({ points }) => Math.abs(points ?? 0) >= POINTS_MIN)
    .toSorted((one, other) => Math.abs(other.points ?? 0) - Math.abs(one.points ?? 0));
  const few = [before, after].some(({ verdict }) => verdict.segments < SEGMENTS_MIN);
  const changed = moved.length === 0 ? 'No share has changed by a point or more.' : `${moved.map(movedWords).join('; ')}.`;
  return [rate, changed, ...(few ? [`One of them has fewer than ${SEGMENTS_MIN} segments sent again: such shares change by chance.`] : [])];
}

/** When the investigation ended or will end. */
export const endOf = ({ ends_ms, stopped_ms }: Pick<Investigation, 'ends_ms' | 'stopped_ms'>): number =>
  Math.min(ends_ms, stopped_ms ?? ends_ms);

function rateWords({ asked, verdict }: Side): string {
  const minutes = (endOf(asked) - asked.begins_ms) / 60_000;
  const rate = minutes > 0 ? ` (${formatNumber(verdict.segments / minutes)} a minute)` : '';
  return `${formatCount(verdict.segments)} ${verdict.segments === 1 ? 'segment was' : 'segments were'} sent again${rate}`;
}

function movedWords({ cause, before, after, points }: Compared): string {
  const verb = (points ?? 0) > 0 ? 'rose' : 'fell';
  return `“${CAUSE_WORDS[cause].label}” ${verb} from ${formatRatio(before ?? 0)} to ${formatRatio(after ?? 0)}, by ${pointsWords(Math.abs(points ?? 0))}`;
}

export const pointsWords = (points: number): string => `${formatNumber(points)} ${points === 1 ? 'point' : 'points'}`;

/** “+12.3”, “−96”, “0”. */
export function signedPoints(points: number | null): string {
  if (points === null) return '–';
  if (Math.abs(points) < 0.005) return '0';
  return `${points > 0 ? '+' : '−'}${formatNumber(Math.abs(points))}`;
}
