// How complete the rows behind a verdict are, and whether more will arrive. Pure.
import { joinsSentences } from '../agent/verdict/joins.ts';
import type { OneInvestigation, Verdict } from '../server/api.ts';
import { formatCompleteness, formatCount } from './format.ts';
import { endOf } from './verdict-comparison.ts';
import type { Severity } from './verdicts.ts';

/** Rows may arrive for this long after the end: agents send twice a second, and the store inserts as often. */
const ON_THEIR_WAY_MS = 120_000;

const ofThem = (part: number, whole: number) =>
  `${formatCount(part)} of ${formatCount(whole)}${whole > 0 ? ` (${formatCompleteness(Math.min(1, part / whole))})` : ''}`;

/** Rows that hosts report to have written. Their latest reports may be newer than the verdict. */
export function rowsWritten({ rows }: Pick<Verdict, 'rows'>, { at_hosts }: Pick<OneInvestigation, 'at_hosts'>): number {
  return Math.max(
    rows.written,
    at_hosts.reduce((sum, { passed }) => sum + passed, 0),
  );
}

/** Whether the verdict can still change. */
export function isGrowing(one: OneInvestigation, verdict: Verdict | null, now_ms: number): boolean {
  if (one.state === 'running' || one.counts.running + one.counts.waiting > 0 || verdict === null) return true;
  return verdict.rows.stored < rowsWritten(verdict, one) && now_ms - endOf(one) < ON_THEIR_WAY_MS;
}

type Said = { severity: Severity; text: string };

/** Says on which rows the verdict rests. */
export function completenessSaid(verdict: Verdict, one: Pick<OneInvestigation, 'at_hosts'>, growing: boolean): Said[] {
  return [
    arrivalsSaid(verdict),
    ...joinsSaid(verdict),
    storedSaid(verdict, rowsWritten(verdict, one), growing),
    ...withheldSaid(one),
    ...cutSaid(verdict),
  ];
}

function arrivalsSaid({ arrivals: { counted, seen } }: Verdict): Said {
  if (counted === 0) return { severity: 'none', text: 'No arrival was counted of which there could be a row.' };
  const text = `Arrivals with a row: ${ofThem(seen, counted)}.`;
  if (seen >= counted) return { severity: 'none', text };
  return { severity: 'warn', text: `${text} What has none may be a loss or not: such causes are not known.` };
}

const joinsSaid = ({ joins }: Verdict): Said[] => joinsSentences(joins).map((text) => ({ severity: 'none', text }));

function storedSaid({ rows }: Verdict, written: number, growing: boolean): Said {
  const stored = Math.min(rows.stored, written);
  const text = `Rows stored of those written: ${ofThem(stored, written)}.`;
  if (stored === written) return { severity: 'none', text };
  if (growing) return { severity: 'none', text: `${text} The others are on their way: a cause may change.` };
  return { severity: 'warn', text: `${text} The others have not come.` };
}

function withheldSaid({ at_hosts }: Pick<OneInvestigation, 'at_hosts'>): Said[] {
  const withheld = at_hosts.reduce((sum, { over_budget }) => sum + over_budget, 0);
  if (withheld === 0) return [];
  const rows = withheld === 1 ? '1 row was' : `${formatCount(withheld)} rows were`;
  return [
    { severity: 'warn', text: `${rows} left out by the budget of their host: a narrower filter or a larger budget has all of them.` },
  ];
}

function cutSaid({ cut }: Verdict): Said[] {
  if (cut.length === 0) return [];
  const text = `There are more rows than a verdict reads: of ${cut.join(', ')} only the first were. A narrower filter has all of them.`;
  return [{ severity: 'warn', text }];
}

/** Shown if no segment was sent again. */
export const nothingWords = (growing: boolean): string =>
  growing
    ? 'No segment has been sent again so far.'
    : 'No segment was sent again in its time: there is nothing to explain. Traffic that is slow without loss shows on the connections.';
