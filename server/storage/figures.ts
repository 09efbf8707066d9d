// What is counted, and from which rows: one definition for the rollup's views and for queries over rows.
import { CLASS, type Class, type Kind } from '../../bpf/rows/rows.gen.ts';

/** The port that the connection's server side listens on. Where the role is unknown, the smaller one is more likely it. */
export const SERVICE_PORT =
  "multiIf(role = 'server' OR state = 'listen', local_port, role = 'client', peer_port, least(local_port, peer_port))";

/** The address of the end that this port belongs to. */
export const SERVICE_ADDR =
  "multiIf(role = 'server' OR state = 'listen', local_addr, role = 'client', peer_addr, local_port < peer_port, local_addr, peer_addr)";

/** /24 of an IPv4 peer, /64 of an IPv6 one. */
export const PEER_NETWORK = `tupleElement(IPv6CIDRToRange(peer_addr, if(${isIPv4('peer_addr')}, 120, 64)), 1)`;

/** Whether an IPv6 column's value is a mapped IPv4 address. */
export function isIPv4(column: string): string {
  return `${column} BETWEEN toIPv6('::ffff:0.0.0.0') AND toIPv6('::ffff:255.255.255.255')`;
}

const retransByClass = Object.fromEntries(
  CLASS.map((name) => [`retrans_${name}`, `sumIf(segments, class = '${name}' AND outcome != 'refused')`]),
) as Record<`retrans_${Class}`, string>;

/** Of a connection that no sweep has found alive, the close row tells of the opening too. */
const opens = "(event = 'open' OR tells_open) AND NOT preexisting";

/** A sample carries deltas, a close what no sample has reported: together they count everything once. */
const rest = (name: string) => `sumIf(${name}_rest, event != 'open')`;

/**
 * From how long a time on it means something what a connection was limited by: the kernel counts in ticks of 1 to 10 ms, of which this
 * is at least twenty, and for the first ten round trips slow start is what limits everybody.
 */
export const LIMITS_FROM = { us: 200_000, round_trips: 10 } as const;

const isTelling = (interval: string) => `${interval} >= greatest(${LIMITS_FROM.us}, ${LIMITS_FROM.round_trips} * rtt_min_us)`;
/** By what a sample, and an end, was limited. */
const limited = (name: string) => `sumIf(${name}, ${isTelling('interval_us')})`;
const limitedRest = (name: string) => `sumIf(${name}_rest, event != 'open' AND ${isTelling('interval_us_rest')})`;

/** How many rows are behind what the rollups say: an hour that has more than when it was built is built anew. */
const rolled = { rolled_rows: 'count()' } as const;

/**
 * What is counted over time, hosts and processes, by the kind whose rows know it. A kind that does not know a figure has 0. How the
 * figures of several kinds, minutes or hosts become one is `foldOf`.
 */
export const FIGURES = {
  retransmit: {
    ...rolled,
    ...retransByClass,
    /** never left TCP, and the kernel counts them nowhere: beside the classes, not in them */
    retrans_refused: "sumIf(segments, outcome = 'refused')",
    /** a FIN and nothing else, in the classes too: no data was lost */
    retrans_fin: "sumIf(segments, bytes = 0 AND class NOT IN ('tlp', 'syn', 'syn_ack') AND outcome != 'refused')",
  },
  connection: {
    ...rolled,
    opened: `countIf(${opens})`,
    /** of these, the ones that this host asked for: with `failed`, what was attempted */
    connected: `countIf(${opens} AND role != 'server')`,
    closed: "countIf(event = 'close')",
    failed: "countIf(event = 'failed' AND role != 'server')",
    /** handshakes that came to an end before our eyes, and the SYNs and SYN-ACKs that these sent again */
    attempts: "countIf((event != 'close' OR tells_open) AND NOT preexisting)",
    syn_resent: "sumIf(connection.retrans_syn + connection.retrans_syn_ack, (event != 'close' OR tells_open) AND NOT preexisting)",
    resets: "countIf(event = 'close' AND end_reason IN ('rst_sent', 'rst_received'))",
    data_segs_out: rest('data_segs_out'),
    retrans_data: rest('retrans_data'),
    spurious: "sumIf(least(retrans_spurious_rest, retrans_data_rest), event != 'open')",
    bytes_sent: rest('bytes_sent'),
    bytes_received: rest('bytes_received'),
    /** only of times that are long enough, like all that it is a share of */
    busy_us: limitedRest('busy_us'),
    rwnd_limited_us: limitedRest('rwnd_limited_us'),
    sndbuf_limited_us: limitedRest('sndbuf_limited_us'),
    local_limited_us: limitedRest('local_limited_us'),
    sampled_us: limitedRest('interval_us'),
    /** of the whole life: an end says it again, lest one since the last sample be missed */
    turn_max_us: "maxIf(turn_max_us, event != 'open')",
    stall_max_us: "maxIf(stall_max_us, event != 'open')",
    /** of the whole life, so only an end tells them: no row says why; congestion responses taken back */
    unattributed: "sumIf(unattributed, event != 'open')",
    undos: "sumIf(undos, event != 'open')",
  },
  sample: {
    ...rolled,
    data_segs_out: 'sum(data_segs_out)',
    retrans_data: 'sum(retrans_data)',
    /** of data: what shows to have been needless is taken for the row's probes first, which are needless most often */
    spurious: 'sum(toUInt64(greatest(toInt64(retrans_spurious) - toInt64(retrans) + toInt64(sample.retrans_data), 0)))',
    bytes_sent: 'sum(bytes_sent)',
    bytes_received: 'sum(bytes_received)',
    busy_us: limited('busy_us'),
    rwnd_limited_us: limited('rwnd_limited_us'),
    sndbuf_limited_us: limited('sndbuf_limited_us'),
    local_limited_us: limited('local_limited_us'),
    sampled_us: limited('interval_us'),
    turn_max_us: 'max(turn_max_us)',
    stall_max_us: 'max(stall_max_us)',
  },
  /** RSTs, whether they ended a connection or met none */
  reset: {
    ...rolled,
    resets_sent: "countIf(direction = 'sent')",
    resets_received: "countIf(direction = 'received')",
  },
  /** Of the packets that were freed, those that are missing. */
  drop: { ...rolled, dropped: "countIf(meaning = 'lost')" },
  listener: {
    ...rolled,
    accepted: 'sum(accepted)',
    /** connections that met a full accept queue, each once */
    listener_overflows: 'sum(overflows)',
    /** packets that it turned away for any reason, some of which the kernel counts twice */
    listener_drops: 'sum(drops)',
    /** tells nothing refused from nobody having looked */
    listener_rows: 'count()',
  },
  /** Of a host's namespaces as the kernel counts, whoever's connections they were: qualified where a figure above has the name. */
  namespace: {
    ...rolled,
    listen_overflows: 'sum(listen_overflows)',
    zero_windows: 'sum(to_zero_window)',
    host_retrans: 'sum(retrans_segs)',
    host_unattributed: 'sum(namespace.unattributed)',
    namespace_rows: 'count()',
  },
} as const satisfies Partial<Record<Kind, Record<string, string>>>;

export type FigureKind = keyof typeof FIGURES;
export type Figure = { [Name in FigureKind]: keyof (typeof FIGURES)[Name] }[FigureKind];

export const FIGURE_KINDS = [
  'retransmit',
  'connection',
  'sample',
  'reset',
  'drop',
  'listener',
  'namespace',
] as const satisfies readonly FigureKind[];
export const FIGURE_NAMES = [...new Set(FIGURE_KINDS.flatMap((kind) => Object.keys(FIGURES[kind])))] as Figure[];

/** Figures of which the largest is the one of all. Every other figure adds up. */
const LARGEST: readonly Figure[] = ['turn_max_us', 'stall_max_us'];

/** How the figures of parts (kinds, minutes, hosts) become that of the whole: the engine's name for it, also in a column's type. */
export const foldOf = (figure: Figure): 'sum' | 'max' => (LARGEST.includes(figure) ? 'max' : 'sum');

/** The same in SQL. @param of the parts' column */
export const folded = (figure: Figure, of: string = figure): string => `${foldOf(figure)}(${of})`;

/** The same of two numbers. */
export const fold = (figure: Figure, one: number, other: number): number => (foldOf(figure) === 'max' ? Math.max(one, other) : one + other);

export const RETRANS_FIGURES = CLASS.map((name) => `retrans_${name}` as const);

/** Retransmitted segments of all classes. */
export const RETRANS = RETRANS_FIGURES.join(' + ');

/**
 * Segments of data that were lost, as far as the sender can know: sent again, neither as tail probes nor without need. A ratio compares
 * them with `data_segs_out`, which is in the same rows and so of the same moment. Evidence may come in a later row than what it is
 * about, so sums are compared, not rows.
 */
export const LOST = 'toUInt64(greatest(toInt64(retrans_data) - toInt64(spurious), 0))';

/** Rows whose smoothed RTT counts: an open's is one handshake's, and a retransmission's would favour bad moments. */
export const RTT_COUNTS = {
  retransmit: '0',
  connection: "event = 'close' AND srtt_us > 0",
  sample: 'srtt_us > 0',
  reset: '0',
  drop: '0',
  listener: '0',
  namespace: '0',
} as const satisfies Record<FigureKind, string>;

/** OpenTelemetry's exponential histogram at scale 3: bucket b holds RTTs in (2^(b/8), 2^((b+1)/8)] seconds. */
export const RTT_BUCKET = 'toInt16(ceil(log2(greatest(srtt_us, 1) / 1e6) * 8) - 1)';

/** Expressions for figures over a kind's rows, `0` where the kind does not know one: a literal, since planning a call takes longer. */
export function figuresOf(kind: FigureKind, figures: readonly Figure[] = FIGURE_NAMES): string[] {
  const known: Partial<Record<string, string>> = FIGURES[kind];
  return figures.map((name) => `${known[name] ?? '0'} AS ${name}`);
}

/** The kinds that know any of the figures. */
export function kindsOf(figures: readonly Figure[]): FigureKind[] {
  return FIGURE_KINDS.filter((kind) => figures.some((name) => name in FIGURES[kind]));
}

/** A quantile of a map of RTT buckets, in µs: the geometric middle of its bucket, at most 4.5 % off. NaN if the map is empty. */
export function bucketQuantile(map: string, level: number): string {
  const rank = `arrayFirstIndex(n -> n >= ${level} * arraySum(mapValues(${map})), arrayCumSum(mapValues(${map})))`;
  return `if(empty(${map}), nan, exp2((mapKeys(${map})[${rank}] + 0.5) / 8) * 1e6)`;
}
