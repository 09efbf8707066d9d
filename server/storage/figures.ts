// What is counted, and from which rows: one definition for the rollup's views and for queries over rows.
import { CLASS, type Class, type Kind } from '../../bpf/rows.gen.ts';

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

/** A sample carries deltas, a close what no sample has reported: together they count everything once. */
const rest = (name: string) => `sumIf(${name}_rest, event != 'open')`;

/** How many rows are behind what the rollups say: an hour that has more than when it was built is built anew. */
const rolled = { rolled_rows: 'count()' } as const;

/** Sums that add up over time, hosts and processes. A kind that does not know a figure adds 0. */
export const FIGURES = {
  retransmit: {
    ...rolled,
    ...retransByClass,
    /** never left TCP, and the kernel counts them nowhere: beside the classes, not in them */
    retrans_refused: "sumIf(segments, outcome = 'refused')",
  },
  connection: {
    ...rolled,
    opened: "countIf(event = 'open' AND NOT preexisting)",
    /** of these, the ones that this host asked for: with `failed`, what was attempted */
    connected: "countIf(event = 'open' AND NOT preexisting AND role != 'server')",
    closed: "countIf(event = 'close')",
    failed: "countIf(event = 'failed' AND role != 'server')",
    resets: "countIf(event = 'close' AND end_reason IN ('rst_sent', 'rst_received'))",
    data_segs_out: rest('data_segs_out'),
    bytes_sent: rest('bytes_sent'),
    bytes_received: rest('bytes_received'),
    busy_us: rest('busy_us'),
    rwnd_limited_us: rest('rwnd_limited_us'),
    sndbuf_limited_us: rest('sndbuf_limited_us'),
    sampled_us: rest('interval_us'),
    /** of the whole life, so only an end tells them: no row says why; not needed; congestion responses taken back */
    unattributed: "sumIf(unattributed, event != 'open')",
    spurious: "sumIf(retrans_spurious, event != 'open')",
    undos: "sumIf(undos, event != 'open')",
  },
  sample: {
    ...rolled,
    data_segs_out: 'sum(data_segs_out)',
    bytes_sent: 'sum(bytes_sent)',
    bytes_received: 'sum(bytes_received)',
    busy_us: 'sum(busy_us)',
    rwnd_limited_us: 'sum(rwnd_limited_us)',
    sndbuf_limited_us: 'sum(sndbuf_limited_us)',
    sampled_us: 'sum(interval_us)',
  },
  /** RSTs, whether they ended a connection or met none */
  reset: {
    ...rolled,
    resets_sent: "countIf(direction = 'sent')",
    resets_received: "countIf(direction = 'received')",
  },
  drop: { ...rolled, dropped: 'count()' },
  listener: {
    ...rolled,
    accepted: 'sum(accepted)',
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

export const RETRANS_FIGURES = CLASS.map((name) => `retrans_${name}` as const);

/** Retransmitted segments of all classes. */
export const RETRANS = RETRANS_FIGURES.join(' + ');

/** Retransmitted segments of the classes that carry data: what a ratio to data segments compares. */
export const DATA_RETRANS = CLASS.filter((name) => name !== 'syn' && name !== 'syn_ack')
  .map((name) => `retrans_${name}`)
  .join(' + ');

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
