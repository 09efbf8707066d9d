// How much of what a verdict should rest on is there, and whether more is to come. Pure.
import type { OneInvestigation, Verdict } from '../server/api.ts';
import { formatCompleteness, formatCount } from './format.ts';
import { endOf } from './verdict-comparison.ts';
import type { Severity } from './verdicts.ts';

/** So long after the end rows may still be on their way: agents send twice a second, and the store writes as often. */
const ON_THEIR_WAY_MS = 120_000;

const ofThem = (part: number, whole: number) =>
  `${formatCount(part)} of ${formatCount(whole)}${whole > 0 ? ` (${formatCompleteness(Math.min(1, part / whole))})` : ''}`;

/** Rows that hosts say they have written: what each says now may be newer than what the verdict was made with. */
export function rowsWritten({ rows }: Pick<Verdict, 'rows'>, { at_hosts }: Pick<OneInvestigation, 'at_hosts'>): number {
  return Math.max(
    rows.written,
    at_hosts.reduce((sum, { passed }) => sum + passed, 0),
  );
}

/** Whether the verdict may still change. */
export function isGrowing(one: OneInvestigation, verdict: Verdict | null, now_ms: number): boolean {
  if (one.state === 'running' || one.counts.running + one.counts.waiting > 0 || verdict === null) return true;
  return verdict.rows.stored < rowsWritten(verdict, one) && now_ms - endOf(one) < ON_THEIR_WAY_MS;
}

/** What it rests on. @param written rows, as hosts say */
export function completenessSaid(
  { arrivals, rows, cut }: Verdict,
  written: number,
  growing: boolean,
): { severity: Severity; text: string }[] {
  const stored = Math.min(rows.stored, written);
  const missing = written - stored;
  const whole = arrivals.counted > 0 && arrivals.seen < arrivals.counted;
  return [
    {
      severity: whole ? 'warn' : 'none',
      text:
        arrivals.counted === 0
          ? 'No arrival was counted of which there could be a row.'
          : `Arrivals with a row: ${ofThem(arrivals.seen, arrivals.counted)}.${whole ? ' What has none may be a loss or not: such causes are not known.' : ''}`,
    },
    {
      severity: missing > 0 && !growing ? 'warn' : 'none',
      text: `Rows stored of those written: ${ofThem(stored, written)}.${missing > 0 ? (growing ? ' The others are on their way: a cause may change.' : ' The others have not come.') : ''}`,
    },
    ...(cut.length > 0
      ? [
          {
            severity: 'warn',
            text: `There are more rows than a verdict reads: of ${cut.join(', ')} only the first were. A narrower filter has all of them.`,
          } as const,
        ]
      : []),
  ];
}

/** In place of sentences, where no segment was sent again. */
export const nothingWords = (growing: boolean): string =>
  growing
    ? 'No segment has been sent again so far.'
    : 'No segment was sent again in its time: there is nothing to explain. Traffic that is slow without loss shows on the connections.';
