// The sortable columns of the list of connections, in order. The server sorts, the largest first.
import type { ListedConnection } from '../../../server/api.ts';
import type { ConnectionOrder } from '../../connections-view.ts';
import { figure, formatBytes, formatClock, formatCount, formatDurationUs, formatRatio, NO_FIGURE } from '../../format.ts';
import { grade, RETRANSMIT_BAD, RETRANSMIT_WARN, SEGMENTS_MIN, type Severity } from '../../verdicts.ts';

type Column = {
  label: string;
  meaning: string;
  format: (row: ListedConnection) => string;
  severity?: (row: ListedConnection) => Severity;
  /** whether the figure rests on too little to be judged */
  isFew?: (row: ListedConnection) => boolean;
};

const OF_LIFE = 'of its whole life where its end was seen, else in the range';
const some = (value: number, format: (value: number) => string) => (value > 0 ? format(value) : NO_FIGURE);

export const CONNECTION_COLUMNS = {
  last_ms: { label: 'last seen', meaning: 'when its newest row in the range was written', format: (row) => formatClock(row.last_ms) },
  duration_us: {
    label: 'lasted',
    meaning: 'from first sight to its end, or to the end of the range',
    format: (row) => figure(row.duration_us, formatDurationUs),
  },
  state_us: {
    label: 'in state for',
    meaning: 'time in the present state, as samples tell it; none after the end',
    format: (row) => figure(row.state_us, formatDurationUs),
  },
  connect_us: {
    label: 'handshake',
    meaning: 'from the SYN to the connection being open (client), from the SYN-ACK to its acknowledgement (server)',
    format: (row) => figure(row.connect_us, formatDurationUs),
  },
  bytes: { label: 'bytes', meaning: `payload sent and received, ${OF_LIFE}`, format: (row) => formatBytes(row.bytes) },
  retransmit_ratio: {
    label: 'retrans %',
    meaning: `data segments lost / sent, ${OF_LIFE}; those of fewer than ${SEGMENTS_MIN} segments come last`,
    format: (row) => figure(row.retransmit_ratio, formatRatio),
    severity: ({ retransmit_ratio, data_segs_out }) =>
      retransmit_ratio === null || data_segs_out < SEGMENTS_MIN ? 'none' : grade(retransmit_ratio, RETRANSMIT_WARN, RETRANSMIT_BAD),
    isFew: ({ data_segs_out }) => data_segs_out < SEGMENTS_MIN,
  },
  retrans: { label: 'resent', meaning: `segments sent again (tcpi_total_retrans), ${OF_LIFE}`, format: (row) => formatCount(row.retrans) },
  srtt_us: {
    label: 'RTT',
    meaning: 'smoothed round-trip time (tcpi_rtt), the newest',
    format: (row) => figure(row.srtt_us, formatDurationUs),
  },
  turn_max_us: {
    label: 'response max',
    meaning: `the longest response time, ${OF_LIFE}`,
    format: (row) => figure(row.turn_max_us, formatDurationUs),
  },
  stall_max_us: {
    label: 'stall max',
    meaning: `the longest that a transfer under way stood still, ${OF_LIFE}`,
    format: (row) => figure(row.stall_max_us, formatDurationUs),
  },
  unread: {
    label: 'unread',
    meaning: 'bytes received and not read by the process (Recv-Q of ss)',
    format: (row) => some(row.unread, formatBytes),
  },
  notsent: {
    label: 'not sent',
    meaning: 'bytes written and not yet sent (notsent_bytes)',
    format: (row) => some(row.notsent, formatBytes),
  },
} as const satisfies Record<ConnectionOrder, Column>;

export const columnOf = (order: ConnectionOrder): Column => CONNECTION_COLUMNS[order];
