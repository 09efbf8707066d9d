// Distributions of times, as maps of logarithmic buckets: these add up exactly, and any quantile can be read from their sum.
import { type FigureKind, logBucket, RTT_COUNTS } from '../figures.ts';

export type Histogram = 'rtt' | 'handshake' | 'accept_wait' | 'response' | 'server_turn';

type Shape = {
  kinds: readonly FigureKind[];
  /** the column of these kinds that has the time in µs, and whether a row's counts */
  us: string;
  counts: (kind: FigureKind) => string;
  /** whether the rollups have it, too */
  isRolledUp: boolean;
};

/** Of each connection once, and only where its beginning was seen. */
const OPENING = "(event != 'close' OR tells_open) AND NOT preexisting";

/**
 * The longest turn of each interval between samples, and of each connection that no sweep has found. How long each turn took no row tells; the
 * close of a connection that sweeps have found repeats their longest one.
 */
const longestTurn = (role: string): Shape => ({
  kinds: ['connection', 'sample'],
  us: 'turn_max_us',
  counts: (kind) => `${kind === 'sample' ? '' : "event = 'close' AND tells_open AND "}${role} AND ${kind}.turn_max_us > 0`,
  isRolledUp: false,
});

export const HISTOGRAMS: Readonly<Record<Histogram, Shape>> = {
  rtt: { kinds: ['connection', 'sample'], us: 'srtt_us', counts: (kind) => RTT_COUNTS[kind], isRolledUp: true },
  handshake: {
    kinds: ['connection'],
    us: 'connect_us',
    counts: () => `${OPENING} AND event != 'failed' AND role != 'server' AND connect_us > 0`,
    isRolledUp: false,
  },
  response: longestTurn("role != 'server'"),
  server_turn: longestTurn("role = 'server'"),
  accept_wait: { kinds: ['connection'], us: 'accept_us', counts: () => "event = 'close' AND accept_us > 0", isRolledUp: false },
};

export const NO_BUCKETS = "CAST(map(), 'Map(Int16, UInt64)')";

/** An expression over the rows of a kind. */
export function histogramOver(histogram: Histogram, kind: FigureKind): string {
  const { kinds, us, counts } = HISTOGRAMS[histogram];
  // Figures have the names of columns, and the engine takes a bare name for the figure.
  return kinds.includes(kind) ? `sumMapIf(map(${logBucket(`${kind}.${us}`)}, toUInt64(1)), ${counts(kind)})` : NO_BUCKETS;
}

/** The largest time of a bucket, in µs. */
export const bucketEnd_us = (bucket: number): number => 2 ** ((bucket + 1) / 8) * 1e6;
