// A distribution of times in sentences, with lost SYNs. Pure.
import { formatDurationUs, formatNumber, formatRatio } from './format.ts';
import { type Bar, synStepsOf } from './latency-grid.ts';
import { type MeasureName, measureOf } from './latency-view.ts';

export type Spread = { count: number; p50_us: number | null; p99_us: number | null; least: number };

/** A sentence about the whole range; for handshakes also one about SYNs that were sent again. */
export function latencyWords(measure: MeasureName, { count, p50_us, p99_us, least }: Spread, bars: readonly Bar[]): string[] {
  const { label, of } = measureOf(measure);
  if (count === 0 || p50_us === null || p99_us === null) return [`No ${label} was measured.`];
  if (count < least)
    return [
      `Only ${formatNumber(count)} ${of}: too few to say how they are spread, below ${formatNumber(least)}.`,
      ...synWords(measure, bars),
    ];
  return [
    `${capital(label)}: half of ${formatNumber(count)} ${of} within ${formatDurationUs(p50_us)}, 99 % within ${formatDurationUs(p99_us)}.`,
    ...synWords(measure, bars),
  ];
}

const capital = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

function synWords(measure: MeasureName, bars: readonly Bar[]): string[] {
  if (measure !== 'handshake') return [];
  const [once, twice, thrice] = synStepsOf(bars).map(({ count }) => count) as [number, number, number];
  if (once === 0) return [];
  const all = bars.reduce((sum, { count }) => sum + count, 0);
  const more = [
    ...(twice > 0 ? [`${formatNumber(twice)} of them 3 s or more`] : []),
    ...(thrice > 0 ? [`${formatNumber(thrice)} of them 7 s or more`] : []),
  ];
  return [
    `${formatNumber(once)} (${formatRatio(once / all)}) took 1 s or more${more.length > 0 ? `, ${more.join(' and ')}` : ''}: a SYN that gets no answer, since one of the two was lost or filtered or met a full queue, is sent again after 1 s, then at 3 s and 7 s, or from Linux 6.5 on each second at first.`,
  ];
}
