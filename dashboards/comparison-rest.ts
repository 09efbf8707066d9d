// Compares two verdicts beyond the causes of retransmissions: failed connects, resets, slow connections, drops and networks. Pure.
import { ABOUT, type About, type ClaimCause } from '../agent/verdict/claims.ts';
import { ABOUT_LABELS, CLAIM_LABELS } from '../agent/verdict/labels.ts';
import type { Verdict } from '../server/api.ts';
import { formatNumber } from './format.ts';
import { type Comparison, endOf, type Side, signedPoints } from './verdict-comparison.ts';

/** `before`, `after`: a number, or a share of the connections' time; null where nothing was measured. */
export type RestRow = { what: string; before: number | null; after: number | null; change: string };
export type RestTable = { name: string; title: string; of: 'connections' | 'segments' | 'share'; rows: RestRow[] };

/** Limit of rows of a table; those with the largest numbers come first. */
const ROWS_MOST = 12;

type Counts = ReadonlyMap<string, number>;

/** The tables that have rows. None if the investigations are not comparable. */
export function restOf({ before, after, obstacles }: Comparison): RestTable[] {
  if (obstacles.length > 0) return [];
  const minutes = [before, after].map(({ asked }) => (endOf(asked) - asked.begins_ms) / 60_000) as [number, number];
  const counted = (name: string, title: string, of: RestTable['of'], countsOf: (verdict: Verdict) => Counts): RestTable => ({
    name,
    title,
    of,
    rows: rowsOf(countsOf(before.verdict), countsOf(after.verdict), (earlier, later) =>
      timesWords(earlier / minutes[0], later / minutes[1]),
    ),
  });
  const tables = [
    ...ABOUT.map((about) =>
      about === 'slow' ? timeTable(before, after) : counted(about, ABOUT_LABELS[about], 'connections', claimed(about)),
    ),
    counted('dropped', 'packets dropped by watched hosts', 'segments', ({ dropped }) =>
      summed(
        dropped,
        ({ reason, location }) => (location === '' ? reason : `${reason} in ${location}`),
        ({ segments }) => segments,
      ),
    ),
    counted('peers', 'segments sent again, by network of the peer', 'segments', ({ by_peer }) =>
      summed(
        by_peer,
        ({ network }) => network,
        ({ segments }) => segments,
      ),
    ),
  ];
  return tables.filter(({ rows }) => rows.length > 0);
}

const labelOf = (about: About, cause: ClaimCause): string => CLAIM_LABELS[about][cause] ?? cause;

const claimed =
  (about: About) =>
  ({ claims }: Verdict): Counts =>
    summed(
      claims.filter((one) => one.about === about),
      ({ cause }) => labelOf(about, cause),
      ({ connections }) => connections,
    );

/** Shares of all connections' time, over all networks. */
function timeTable(before: Side, after: Side): RestTable {
  const [earlier, later] = [before, after].map(({ verdict }) => timeShares(verdict)) as [Counts, Counts];
  const points = (one: number, other: number) =>
    earlier.size > 0 && later.size > 0 ? `${signedPoints((other - one) * 100)} points` : signedPoints(null);
  const rows = rowsOf(earlier, later, points).map((row) => ({
    ...row,
    before: earlier.size === 0 ? null : row.before,
    after: later.size === 0 ? null : row.after,
  }));
  return { name: 'slow', title: ABOUT_LABELS.slow, of: 'share', rows };
}

function timeShares({ claims }: Verdict): Counts {
  const slow = claims.filter(({ about }) => about === 'slow');
  const all_us = new Map(slow.map(({ network, of_us }) => [network, of_us])).values().reduce((sum, us) => sum + us, 0);
  return summed(
    slow,
    ({ cause }) => labelOf('slow', cause),
    ({ us }) => us / all_us,
  );
}

function summed<One>(list: readonly One[], keyOf: (one: One) => string, countOf: (one: One) => number): Counts {
  const counts = new Map<string, number>();
  for (const one of list) counts.set(keyOf(one), (counts.get(keyOf(one)) ?? 0) + countOf(one));
  return counts;
}

function rowsOf(before: Counts, after: Counts, changeOf: (before: number, after: number) => string): RestRow[] {
  const rows = [...new Set([...before.keys(), ...after.keys()])].map((what) => {
    const [earlier, later] = [before.get(what) ?? 0, after.get(what) ?? 0];
    return { what, before: earlier, after: later, change: changeOf(earlier, later) };
  });
  return rows.toSorted((one, other) => Math.max(other.before, other.after) - Math.max(one.before, one.after)).slice(0, ROWS_MOST);
}

/** Compares rates, since the investigations may have had different lengths. */
function timesWords(before_rate: number, after_rate: number): string {
  if (before_rate === 0) return 'new';
  return after_rate === 0 ? 'gone' : `× ${formatNumber(after_rate / before_rate)}`;
}
