// The sortable columns of the table of edges, in order. The server sorts, the worst first.
import type { Edge } from '../../../server/api.ts';
import { figure, formatBytes, formatCount, formatDurationUs, formatNumber, formatRatio, NO_FIGURE } from '../../format.ts';
import { grade, RETRANSMIT_BAD, RETRANSMIT_WARN, SEGMENTS_MIN, type Severity } from '../../verdicts.ts';
import type { Sort } from '../../view-state.ts';

/** With fewer connects a share is not judged. */
const CONNECTS_MIN = 20;

/** `isFew`: whether the figure rests on too little to be judged. */
type EdgeColumn = {
  label: string;
  meaning: string;
  format: (edge: Edge) => string;
  severity?: (edge: Edge) => Severity;
  isFew?: (edge: Edge) => boolean;
};

/** 0 means that none was measured. */
const longest = (us: number) => (us > 0 ? formatDurationUs(us) : NO_FIGURE);

export const EDGE_COLUMNS = {
  connections_per_s: {
    label: 'conns/s',
    meaning: 'connections opened per second',
    format: (edge) => formatNumber(edge.connections_per_s),
  },
  retransmit_ratio: {
    label: 'retrans %',
    meaning: 'data segments lost / sent: sent again, but for tail probes, FINs and what was not needed',
    format: (edge) => figure(edge.retransmit_ratio, formatRatio),
    severity: (edge) =>
      edge.retransmit_ratio === null || edge.data_segs_out < SEGMENTS_MIN
        ? 'none'
        : grade(edge.retransmit_ratio, RETRANSMIT_WARN, RETRANSMIT_BAD),
    isFew: (edge) => edge.data_segs_out < SEGMENTS_MIN,
  },
  retrans: { label: 'resent', meaning: 'segments sent again, of every class', format: (edge) => formatCount(edge.retrans) },
  rtt_p99_us: { label: 'RTT p99', meaning: '99th percentile of smoothed RTT', format: (edge) => figure(edge.rtt_p99_us, formatDurationUs) },
  turn_max_us: {
    label: 'turn max',
    meaning: 'the longest that one side waited for the other’s answer; an end tells that of its connection’s whole life',
    format: (edge) => longest(edge.turn_max_us),
  },
  stall_max_us: {
    label: 'stall max',
    meaning: 'the longest that a transfer under way stood still; an end tells that of its connection’s whole life',
    format: (edge) => longest(edge.stall_max_us),
  },
  failed: {
    label: 'failed',
    meaning: 'connects that never reached established',
    format: (edge) => formatCount(edge.failed),
    severity: (edge) => (edge.opened + edge.failed < CONNECTS_MIN ? 'none' : grade(edge.failed / (edge.opened + edge.failed), 0.01, 0.05)),
  },
  resets: { label: 'reset', meaning: 'open connections ended by a RST, sent or received', format: (edge) => formatCount(edge.resets) },
  bytes: { label: 'bytes', meaning: 'sent and received', format: (edge) => formatBytes(edge.bytes) },
} as const satisfies Record<Sort, EdgeColumn>;

export const EDGE_COLUMN_ORDER = Object.keys(EDGE_COLUMNS) as Sort[];

export const columnOf = (sort: Sort): EdgeColumn => EDGE_COLUMNS[sort];
