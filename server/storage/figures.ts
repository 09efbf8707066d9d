// Defines the figures and the rows that they are counted from: once, for the rollups and for queries over rows.
import { CLASS, type Class, type Kind } from '../../bpf/rows/rows.gen.ts';

/**
 * The port that the server's side of the connection listens on. Where the role is unknown, the smaller port is taken: it is more likely the
 * one.
 */
export const SERVICE_PORT =
  "multiIf(role = 'server' OR state = 'listen', local_port, role = 'client', peer_port, least(local_port, peer_port))";

/** The address of the end that listens on this port. */
export const SERVICE_ADDR =
  "multiIf(role = 'server' OR state = 'listen', local_addr, role = 'client', peer_addr, local_port < peer_port, local_addr, peer_addr)";

/** The first address of an address's network: the /24 of an IPv4 address, the /64 of an IPv6 one. */
export function networkOf(column: string): string {
  return `tupleElement(IPv6CIDRToRange(${column}, if(${isIPv4(column)}, 120, 64)), 1)`;
}

export const PEER_NETWORK = networkOf('peer_addr');

/** Whether an IPv6 column's value is a mapped IPv4 address. */
export function isIPv4(column: string): string {
  return `${column} BETWEEN toIPv6('::ffff:0.0.0.0') AND toIPv6('::ffff:255.255.255.255')`;
}

const retransByClass = Object.fromEntries(
  CLASS.map((name) => [`retrans_${name}`, `sumIf(segments, class = '${name}' AND outcome != 'refused')`]),
) as Record<`retrans_${Class}`, string>;

/** For a connection without any sample, the row of its close also stands for its opening. */
const opens = "(event = 'open' OR tells_open) AND NOT preexisting";

/** Samples have deltas. The `_rest` columns of a close have what no sample has reported, so both together count everything once. */
const rest = (name: string) => `sumIf(${name}_rest, event != 'open')`;

/**
 * What limited a connection is only counted over times of this length. The kernel counts in ticks of 1 to 10 ms, and this is at least
 * twenty of them; and in the first ten round trips slow start limits every connection.
 */
export const LIMITS_FROM = { us: 200_000, round_trips: 10 } as const;

const isTelling = (interval: string) => `${interval} >= greatest(${LIMITS_FROM.us}, ${LIMITS_FROM.round_trips} * rtt_min_us)`;
/** Times of what limited a connection, from a sample, and from its close. */
const limited = (name: string) => `sumIf(${name}, ${isTelling('interval_us')})`;
const limitedRest = (name: string) => `sumIf(${name}_rest, event != 'open' AND ${isTelling('interval_us_rest')})`;

/** Number of rows behind an entry of a rollup. If it has grown since an hour was built, the hour is built again. */
const rolled = { rolled_rows: 'count()' } as const;

/**
 * The figures, by the kind whose rows have them. A kind that does not have a figure counts 0 for it. `foldOf` says how the figures of
 * several kinds, minutes or hosts become one.
 */
export const FIGURES = {
  retransmit: {
    ...rolled,
    ...retransByClass,
    /** segments that never left TCP: the kernel counts them nowhere, so they are in no class */
    retrans_refused: "sumIf(segments, outcome = 'refused')",
    /** segments with a FIN and no data: they are in the classes too, and no data was lost */
    retrans_fin: "sumIf(segments, bytes = 0 AND class NOT IN ('tlp', 'syn', 'syn_ack') AND outcome != 'refused')",
  },
  connection: {
    ...rolled,
    opened: `countIf(${opens})`,
    /** of `opened`, those that this host initiated: with `failed`, all its attempts */
    connected: `countIf(${opens} AND role != 'server')`,
    closed: "countIf(event = 'close')",
    failed: "countIf(event = 'failed' AND role != 'server')",
    /** connections that ended in order, by the side that closed first, which keeps the TIME_WAIT */
    closed_first: "countIf(event = 'close' AND end_reason = 'fin_local')",
    peer_closed_first: "countIf(event = 'close' AND end_reason = 'fin_peer')",
    /** handshakes whose end was seen, and how many SYNs and SYN-ACKs they sent again */
    attempts: "countIf((event != 'close' OR tells_open) AND NOT preexisting)",
    syn_resent: "sumIf(connection.retrans_syn + connection.retrans_syn_ack, (event != 'close' OR tells_open) AND NOT preexisting)",
    resets: "countIf(event = 'close' AND end_reason IN ('rst_sent', 'rst_received'))",
    data_segs_out: rest('data_segs_out'),
    retrans_data: rest('retrans_data'),
    spurious: "sumIf(least(retrans_spurious_rest, retrans_data_rest), event != 'open')",
    bytes_sent: rest('bytes_sent'),
    bytes_received: rest('bytes_received'),
    /** these five count only times that are long enough, since they are shares of each other */
    busy_us: limitedRest('busy_us'),
    rwnd_limited_us: limitedRest('rwnd_limited_us'),
    sndbuf_limited_us: limitedRest('sndbuf_limited_us'),
    local_limited_us: limitedRest('local_limited_us'),
    sampled_us: limitedRest('interval_us'),
    /** over the whole life of the connection, as the longest may have come after the last sample */
    turn_max_us: "maxIf(turn_max_us, event != 'open')",
    stall_max_us: "maxIf(stall_max_us, event != 'open')",
    /**
     * both are of the whole life, and only in the row of its end: retransmissions that no row explains, and congestion responses that were
     * undone
     */
    unattributed: "sumIf(unattributed, event != 'open')",
    undos: "sumIf(undos, event != 'open')",
  },
  sample: {
    ...rolled,
    data_segs_out: 'sum(data_segs_out)',
    retrans_data: 'sum(retrans_data)',
    /** needless data segments: needless retransmissions count as probes first, as probes are needless most often */
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
  /** RSTs, including those that belonged to no connection */
  reset: {
    ...rolled,
    resets_sent: "countIf(direction = 'sent')",
    resets_received: "countIf(direction = 'received')",
  },
  /** Packets that the kernel freed and that were lost by that. */
  drop: { ...rolled, dropped: "countIf(meaning = 'lost')" },
  listener: {
    ...rolled,
    accepted: 'sum(accepted)',
    /** handshakes that were given up because the accept queue was full; a client that tries again counts again */
    listener_overflows: 'sum(overflows)',
    /** packets that the listener dropped for any reason; the kernel counts some twice */
    listener_drops: 'sum(drops)',
    /** above 0 if the listener was observed, even if it refused nothing */
    listener_rows: 'count()',
  },
  /** What the kernel counts for a whole namespace. The columns are qualified where a figure above has the same name. */
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

/** Of these figures the whole has the largest value of its parts. All other figures add up. */
const LARGEST: readonly Figure[] = ['turn_max_us', 'stall_max_us'];

/** The engine's function that makes the figure of the whole from those of its parts (kinds, minutes, hosts); also in the column's type. */
export const foldOf = (figure: Figure): 'sum' | 'max' => (LARGEST.includes(figure) ? 'max' : 'sum');

/** The same, as an expression. @param of the column of the parts */
export const folded = (figure: Figure, of: string = figure): string => `${foldOf(figure)}(${of})`;

/** The same for two numbers. */
export const fold = (figure: Figure, one: number, other: number): number => (foldOf(figure) === 'max' ? Math.max(one, other) : one + other);

export const RETRANS_FIGURES = CLASS.map((name) => `retrans_${name}` as const);

/** Retransmitted segments of all classes. */
export const RETRANS = RETRANS_FIGURES.join(' + ');

/**
 * Segments of data that were lost, as far as the sender can know: those that were sent again, without tail probes and without needless
 * ones. The ratio compares them with `data_segs_out` of the same rows. It compares sums over rows, since a retransmission may prove to be
 * needless only in a later row.
 */
export const LOST = 'toUInt64(greatest(toInt64(retrans_data) - toInt64(spurious), 0))';

/** The rows whose smoothed RTT counts. An open has that of one handshake only, and those of retransmissions are mostly of bad moments. */
export const RTT_COUNTS = {
  retransmit: '0',
  connection: "event = 'close' AND srtt_us > 0",
  sample: 'srtt_us > 0',
  reset: '0',
  drop: '0',
  listener: '0',
  namespace: '0',
} as const satisfies Record<FigureKind, string>;

/** A bucket of OpenTelemetry's exponential histogram at scale 3: bucket b has RTTs in (2^(b/8), 2^((b+1)/8)] seconds. */
export const RTT_BUCKET = logBucket('srtt_us');

/** The same bucket of any time. @param us an expression for it, in µs */
export function logBucket(us: string): string {
  return `toInt16(ceil(log2(greatest(${us}, 1) / 1e6) * 8) - 1)`;
}

/**
 * Expressions for figures over a kind's rows. For a figure that the kind does not have it is the literal `0`, which the engine plans faster
 * than a function call.
 */
export function figuresOf(kind: FigureKind, figures: readonly Figure[] = FIGURE_NAMES): string[] {
  const known: Partial<Record<string, string>> = FIGURES[kind];
  return figures.map((name) => `${known[name] ?? '0'} AS ${name}`);
}

/** The kinds that have any of the figures. */
export function kindsOf(figures: readonly Figure[]): FigureKind[] {
  return FIGURE_KINDS.filter((kind) => figures.some((name) => name in FIGURES[kind]));
}

/** A quantile of a map of RTT buckets, in µs: the geometric middle of its bucket, which is at most 4.5 % off. NaN if the map is empty. */
export function bucketQuantile(map: string, level: number): string {
  const rank = `arrayFirstIndex(n -> n >= ${level} * arraySum(mapValues(${map})), arrayCumSum(mapValues(${map})))`;
  return `if(empty(${map}), nan, exp2((mapKeys(${map})[${rank}] + 0.5) / 8) * 1e6)`;
}
