// The lines of both charts: states seen by sweeps, and the kernel's counters.
import type { PileSeries } from '../../../server/api.ts';
import type { ChartSeries } from '../../charts/chart-series.ts';
import { STATE_WORDS } from '../../words.ts';

type Line = { name: Exclude<keyof PileSeries, 'time_s'>; color: string };

/** States in which no socket was are left out. */
const SEEN: readonly Line[] = [
  { name: 'close_wait', color: '--series-6' },
  { name: 'fin_wait1', color: '--series-4' },
  { name: 'fin_wait2', color: '--series-2' },
  { name: 'last_ack', color: '--series-5' },
  { name: 'closing', color: '--series-7' },
  { name: 'syn_sent', color: '--series-1' },
  { name: 'syn_recv', color: '--series-3' },
];

const COUNTED = [
  {
    name: 'curr_estab',
    color: '--series-1',
    label: 'established',
    meaning: 'TcpCurrEstab: established, and since Linux 6.11 also those in CLOSE_WAIT',
  },
  {
    name: 'time_wait',
    color: '--series-4',
    label: 'TIME_WAIT',
    meaning: 'TIME_WAITs, and closed sockets that wait in FIN_WAIT2 for at most 60 s (tw of sockstat)',
  },
  {
    name: 'orphans',
    color: '--series-6',
    label: 'orphans',
    meaning: 'sockets that no process holds any more, and that still have data or a FIN to get through (orphan of sockstat)',
  },
] as const;

const isThere = (values: readonly (number | null)[]) => values.some((value) => value !== null && value > 0);

export function seenLines(series: PileSeries): ChartSeries[] {
  const there = SEEN.filter(({ name }) => isThere(series[name]));
  return there.map(({ name, color }) => ({
    ...(name in STATE_WORDS ? STATE_WORDS[name as keyof typeof STATE_WORDS] : { label: name }),
    color,
    values: series[name],
  }));
}

export const countedLines = (series: PileSeries): ChartSeries[] => COUNTED.map(({ name, ...line }) => ({ ...line, values: series[name] }));
/** Whether the kernel's counters apply to the view: they are known for hosts and namespaces, and not for processes. */
export const isCounted = (series: PileSeries): boolean => series.curr_estab.some((value) => value !== null);
