// Columns of the edges table that sort, in order. Sorting is the server's: always the worst first.
import type { Edge } from '../../../server/api.ts';
import { figure, formatBytes, formatCount, formatDurationUs, formatNumber, formatRatio } from '../../format.ts';
import { grade, RETRANSMIT_BAD, RETRANSMIT_WARN, type Severity } from '../../verdicts.ts';
import type { Sort } from '../../view-state.ts';

/** Segments or connects below which a share is shown and not judged. */
const SEGMENTS_MIN = 100;
const CONNECTS_MIN = 20;

type EdgeColumn = { label: string; meaning: string; format: (edge: Edge) => string; severity?: (edge: Edge) => Severity };

export const EDGE_COLUMNS = {
  connections_per_s: {
    label: 'conns/s',
    meaning: 'connections opened per second',
    format: (edge) => formatNumber(edge.connections_per_s),
  },
  retransmit_ratio: {
    label: 'retrans %',
    meaning: 'retransmitted / sent data segments',
    format: (edge) => figure(edge.retransmit_ratio, formatRatio),
    severity: (edge) =>
      edge.retransmit_ratio === null || edge.data_segs_out < SEGMENTS_MIN
        ? 'none'
        : grade(edge.retransmit_ratio, RETRANSMIT_WARN, RETRANSMIT_BAD),
  },
  retrans: { label: 'resent', meaning: 'segments retransmitted', format: (edge) => formatCount(edge.retrans) },
  rtt_p99_us: { label: 'RTT p99', meaning: '99th percentile of smoothed RTT', format: (edge) => figure(edge.rtt_p99_us, formatDurationUs) },
  failed: {
    label: 'failed',
    meaning: 'connects that never reached established',
    format: (edge) => formatCount(edge.failed),
    severity: (edge) => (edge.opened + edge.failed < CONNECTS_MIN ? 'none' : grade(edge.failed / (edge.opened + edge.failed), 0.01, 0.05)),
  },
  resets: { label: 'resets', meaning: 'connections ended by RST, sent or received', format: (edge) => formatCount(edge.resets) },
  bytes: { label: 'bytes', meaning: 'sent and received', format: (edge) => formatBytes(edge.bytes) },
} as const satisfies Record<Sort, EdgeColumn>;

export const EDGE_COLUMN_ORDER = Object.keys(EDGE_COLUMNS) as Sort[];

export const columnOf = (sort: Sort): EdgeColumn => EDGE_COLUMNS[sort];
