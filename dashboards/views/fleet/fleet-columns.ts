// The sortable columns of the table of hosts, in order. The server sorts.
import type { FleetHost, FleetSort } from '../../../server/api.ts';
import { figure, formatCount, formatName, formatNumber } from '../../format.ts';

export type FleetColumn = { label: string; meaning: string; order?: FleetSort; format: (host: FleetHost) => string };

const lostOf = ({ lost }: FleetHost) => lost.kernel + lost.agent + lost.collector;

/** Columns of numbers, which follow those that identify the host. */
export const FIGURES: readonly FleetColumn[] = [
  { label: 'conns/s', meaning: 'connections opened per second', format: (host) => figure(host.connections_per_s, formatNumber) },
  {
    label: 'rows/s',
    meaning: 'rows that its kernel’s programs wanted to write, per second',
    order: 'rows',
    format: (host) => formatNumber(host.rows_per_s),
  },
  { label: 'stored', meaning: 'rows that the tables have', format: (host) => formatCount(host.stored) },
  { label: 'waiting', meaning: 'rows seen, and neither sent nor lost yet', order: 'waiting', format: (host) => formatCount(host.waiting) },
  {
    label: 'lost',
    meaning: 'rows lost in the kernel / in the agent / in the collector',
    order: 'lost',
    format: (host) => (lostOf(host) === 0 ? '0' : [host.lost.kernel, host.lost.agent, host.lost.collector].map(formatCount).join(' / ')),
  },
];

export const labelsOf = ({ labels }: Pick<FleetHost, 'labels'>): { label: string; shown: string }[] =>
  Object.entries(labels).map(([name, value]) => ({ label: `${name}=${value}`, shown: formatName(`${name}=${value}`) }));
