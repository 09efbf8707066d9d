// Distributions of times as maps of logarithmic buckets. Such maps add up exactly, and any quantile can be read from their sum.
import { type FigureKind, logBucket, RTT_COUNTS } from '../figures.ts';

export type Histogram = 'rtt' | 'handshake' | 'accept_wait' | 'response' | 'server_turn';

type Shape = {
  kinds: readonly FigureKind[];
  /** `us`: column of these kinds with the time in µs. `counts`: condition for the rows that count. */
  us: string;
  counts: (kind: FigureKind) => string;
  /** whether the rollups have it */
  isRolledUp: boolean;
};

/** One row for each connection whose beginning was seen. */
const OPENING = "(event != 'close' OR tells_open) AND NOT preexisting";

/**
 * The longest turn of each interval between samples; for a connection without samples, the longest of its life. Rows do not have all turns.
 * A close counts only for connections without samples, since it repeats the longest turn of the samples.
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
  // A bare name would mean the figure of that name, so the column is qualified.
  return kinds.includes(kind) ? `sumMapIf(map(${logBucket(`${kind}.${us}`)}, toUInt64(1)), ${counts(kind)})` : NO_BUCKETS;
}

/** The upper bound of a bucket, in µs. */
export const bucketEnd_us = (bucket: number): number => 2 ** ((bucket + 1) / 8) * 1e6;
