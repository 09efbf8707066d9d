// The metrics, each defined once: what it counts, at which end of a connection, and its expression over figures. Between two watched hosts
// both ends have rows, and a figure of both would count everything twice. So a connection counts at the client's end, and a segment or byte
// at the sender's. All metrics are sums or made of sums: a ratio is a ratio of sums, never an average of ratios.
import { CLASS, type Class } from '../../../bpf/rows/rows.gen.ts';
import { bucketQuantile, type Figure, type FigureKind, kindsOf, LOST, RETRANS, RETRANS_FIGURES } from '../figures.ts';
import { HISTOGRAMS, type Histogram } from './histograms.ts';

export type Unit = 'connections' | 'segments' | 'bytes' | 'packets' | 'resets' | 'times' | 'ratio' | 'us';

/** How the value of a whole follows from those of its parts: as `sum`, as the `largest`, or only anew from the figures. */
export type Adding = 'sum' | 'largest' | 'difference' | 'ratio' | 'distribution';

export type Metric = {
  /** one plain sentence */
  words: string;
  unit: Unit;
  /** the end whose rows count it, in words */
  end: string;
  adds: Adding;
  /** the figures in its expression */
  figures: readonly Figure[];
  histogram?: Histogram;
  /** for a sum: a figure that is above 0 if the thing was looked at, even if nothing happened */
  seen?: Figure;
  /** an expression over the figures and histograms; NULL or NaN where nothing was measured */
  value: string;
  /** For a ratio or distribution: `samples`, an expression for the number it is based on; `least`, how many of these make it reliable. */
  samples?: string;
  least?: number;
  /** what the samples are, in words */
  of?: string;
  /** for a ratio: an expression for its numerator */
  part?: string;
  /** for a quantile: its level, 0–1 */
  level?: number;
};

const CLIENT = 'at the end that asked for the connection';
const SENDER = 'at the end that sent';
const SERVER = 'at the end that was asked';
const OWN = 'at each end by itself';
const LISTENER = 'at the listening socket';

const sum = (figure: Figure, unit: Unit, end: string, words: string, seen?: Figure): Metric => ({
  words,
  unit,
  end,
  adds: 'sum',
  ...(seen === undefined
    ? { figures: [figure], value: figure }
    : { seen, figures: [figure, seen], value: `if(${seen} > 0, ${figure}, NULL)` }),
});
const largest = (figure: Figure, words: string): Metric => ({
  words,
  unit: 'us',
  end: OWN,
  adds: 'largest',
  figures: [figure],
  value: `nullIf(${figure}, 0)`,
});

type Ratio = { part: string; whole: string; of: string; figures: readonly Figure[]; least: number };
const ratio = ({ part, whole, of, figures, least }: Ratio, end: string, words: string): Metric => ({
  words,
  unit: 'ratio',
  end,
  adds: 'ratio',
  figures,
  value: `if(${whole} > 0, (${part}) / (${whole}), NULL)`,
  samples: whole,
  least,
  of,
  part,
});

/** With fewer measurements the spread is not reliable. */
const MEASURED_LEAST = 20;
const spread = (histogram: Histogram, level: number | undefined, end: string, words: string): Metric => ({
  words,
  unit: 'us',
  end,
  adds: 'distribution',
  figures: [],
  histogram,
  value: level === undefined ? histogram : bucketQuantile(histogram, level),
  samples: `arraySum(mapValues(${histogram}))`,
  least: MEASURED_LEAST,
  of: 'measurements',
  ...(level !== undefined && { level }),
});

const CLASS_WORDS: Record<Class, string> = {
  unknown: 'segments sent again for a reason that is not known',
  fast: 'segments sent again by fast retransmit',
  slow_start: 'segments sent again in slow start after a loss',
  rto: 'segments sent again because the retransmission timer ran out',
  tlp: 'tail loss probes, which are no loss by themselves',
  syn: 'SYNs sent again',
  syn_ack: 'SYN-ACKs sent again',
};
const byClass = Object.fromEntries(
  CLASS.map((name) => [`retrans_${name}`, sum(`retrans_${name}`, 'segments', SENDER, CLASS_WORDS[name])]),
) as Record<`retrans_${Class}`, Metric>;

const SENT = ['data_segs_out', 'retrans_data', 'spurious'] as const satisfies readonly Figure[];
const LIMITED = ['sampled_us', 'busy_us'] as const satisfies readonly Figure[];
/** The kernel reads its chronometers one after the other, so the busy time may exceed the sampled time by a jiffy. */
const WATCHED_US = 'greatest(sampled_us, busy_us)';
const limited = (figure: Figure, words: string): Metric =>
  ratio(
    { part: `least(${figure}, busy_us)`, whole: WATCHED_US, of: 'the time watched', figures: [...LIMITED, figure], least: 1_000_000 },
    SENDER,
    words,
  );

export const METRICS = {
  connects: sum('connected', 'connections', CLIENT, 'connections that hosts asked for and got'),
  failed_connects: sum('failed', 'connections', CLIENT, 'connections that hosts asked for and did not get'),
  failed_ratio: ratio(
    { part: 'failed', whole: 'failed + connected', of: 'attempts', figures: ['failed', 'connected'], least: 20 },
    CLIENT,
    'failed connects / attempted',
  ),
  accepts: sum('accepted', 'connections', LISTENER, 'connections that reached a listener'),
  accept_overflows: sum('listener_overflows', 'connections', LISTENER, 'connections that met a full accept queue', 'listener_rows'),
  syn_ratio: ratio(
    { part: 'syn_resent', whole: 'attempts', of: 'handshakes', figures: ['syn_resent', 'attempts'], least: 20 },
    OWN,
    'SYNs and SYN-ACKs sent again / handshakes; above 1 where each had to be sent several times',
  ),
  bytes_sent: sum('bytes_sent', 'bytes', SENDER, 'payload that was sent, also what was sent again'),
  bytes_received: sum('bytes_received', 'bytes', 'at the end that received', 'payload that was received'),
  data_segments: sum('data_segs_out', 'segments', SENDER, 'segments with data that were sent, also those sent again'),
  retransmits: {
    ...sum('retrans_fast', 'segments', SENDER, 'segments sent again, of all classes; also probes, SYNs and FINs'),
    figures: RETRANS_FIGURES,
    value: RETRANS,
  },
  ...byClass,
  retrans_fin: sum('retrans_fin', 'segments', SENDER, 'FINs without data that were sent again; the classes have them, too'),
  retransmits_refused: sum('retrans_refused', 'segments', SENDER, 'segments that were to be sent again and never left TCP'),
  lost_segments: {
    ...sum('retrans_data', 'segments', SENDER, 'data segments that were lost, as far as the sender can know'),
    figures: SENT,
    value: LOST,
    // In a part of the rows, more segments may have proved needless than were sent again: LOST is cut at 0, so parts do not add up.
    adds: 'difference',
  },
  retransmit_ratio: ratio(
    { part: LOST, whole: 'data_segs_out', of: 'data segments', figures: SENT, least: 100 },
    SENDER,
    'data segments lost / sent, as far as the sender can know',
  ),
  spurious_segments: sum('spurious', 'segments', SENDER, 'data segments sent again that were not needed'),
  unattributed_segments: sum(
    'host_unattributed',
    'segments',
    SENDER,
    "segments sent again, by the hosts' own counters, that no row tells of",
    'namespace_rows',
  ),
  resets_sent: sum('resets_sent', 'resets', SENDER, 'RSTs that were sent'),
  resets_received: sum('resets_received', 'resets', 'at the end that received', 'RSTs that were received'),
  drops: sum('dropped', 'packets', 'at the host that dropped', 'packets that the hosts themselves lost'),
  zero_windows: sum('zero_windows', 'times', 'at the host that did not read', 'how often a receive window closed', 'namespace_rows'),
  turn_max: largest('turn_max_us', 'the longest that one side waited for the answer of the other'),
  stall_max: largest('stall_max_us', 'the longest that a transfer under way stood still'),
  receiver_limited: limited('rwnd_limited_us', "the share of time in which the peer's window held a sender up"),
  send_buffer_limited: limited('sndbuf_limited_us', 'the share of time in which its send buffer held a sender up'),
  host_limited: limited('local_limited_us', 'the share of time in which a host had no way to send'),
  busy: limited('busy_us', 'the share of time in which a sender had data to send'),
  rtt_p50: spread('rtt', 0.5, OWN, 'the median of smoothed round-trip times'),
  rtt_p95: spread('rtt', 0.95, OWN, 'the 95th percentile of smoothed round-trip times'),
  rtt_p99: spread('rtt', 0.99, OWN, 'the 99th percentile of smoothed round-trip times'),
  rtt: spread('rtt', undefined, OWN, 'smoothed round-trip times, by logarithmic buckets'),
  handshake_p50: spread('handshake', 0.5, CLIENT, 'the median of the time from the first SYN to the connection'),
  handshake_p99: spread('handshake', 0.99, CLIENT, 'the 99th percentile of that time'),
  handshake: spread('handshake', undefined, CLIENT, 'that time, by logarithmic buckets'),
  accept_wait_p50: spread('accept_wait', 0.5, LISTENER, 'the median of how long ready connections waited for the server'),
  accept_wait_p99: spread('accept_wait', 0.99, LISTENER, 'the 99th percentile of that time'),
  accept_wait: spread('accept_wait', undefined, LISTENER, 'that time, by logarithmic buckets'),
  response_p50: spread(
    'response',
    0.5,
    CLIENT,
    'the median of the longest response time in each interval between samples, network included',
  ),
  response_p99: spread('response', 0.99, CLIENT, 'the 99th percentile of that time'),
  response: spread('response', undefined, CLIENT, 'that time, by logarithmic buckets'),
  server_turn_p50: spread(
    'server_turn',
    0.5,
    SERVER,
    "the median of the server's longest turn, from data that came to its answer, in each interval",
  ),
  server_turn_p99: spread('server_turn', 0.99, SERVER, 'the 99th percentile of that time'),
  server_turn: spread('server_turn', undefined, SERVER, 'that time, by logarithmic buckets'),
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof METRICS;
export const METRIC_NAMES = Object.keys(METRICS) as MetricName[];
export const metricOf = (name: MetricName): Metric => METRICS[name];

/** The kinds of rows that the metric is counted from. */
export function kindsOfMetric({ figures, histogram }: Metric): FigureKind[] {
  return [...new Set([...kindsOf(figures), ...(histogram === undefined ? [] : HISTOGRAMS[histogram].kinds)])];
}

/** Whether the metric is 0 where there are no rows; otherwise it is unknown there. */
export const isZeroWithout = ({ adds, seen }: Metric): boolean => (adds === 'sum' && seen === undefined) || adds === 'difference';

/** Whether only rows, and no rollup, can answer the metric. */
export const isOfRows = ({ histogram }: Metric): boolean => histogram !== undefined && !HISTOGRAMS[histogram].isRolledUp;
