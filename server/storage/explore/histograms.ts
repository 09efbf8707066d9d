// Distributions of times, as maps of logarithmic buckets: these add up exactly, and any quantile can be read from their sum.
import { type FigureKind, logBucket, RTT_COUNTS } from '../figures.ts';

export type Histogram = 'rtt' | 'handshake' | 'accept_wait';

type Shape = {
  kinds: readonly FigureKind[];
  /** over a row of these kinds: the time in µs, and whether it counts */
  us: string;
  counts: (kind: FigureKind) => string;
  /** whether the rollups have it, too */
  isRolledUp: boolean;
};

/** Of each connection once, and only where its beginning was seen. */
const OPENING = "(event != 'close' OR tells_open) AND NOT preexisting";

export const HISTOGRAMS: Readonly<Record<Histogram, Shape>> = {
  rtt: { kinds: ['connection', 'sample'], us: 'srtt_us', counts: (kind) => RTT_COUNTS[kind], isRolledUp: true },
  handshake: {
    kinds: ['connection'],
    us: 'connect_us',
    counts: () => `${OPENING} AND event != 'failed' AND role != 'server' AND connect_us > 0`,
    isRolledUp: false,
  },
  accept_wait: { kinds: ['connection'], us: 'accept_us', counts: () => "event = 'close' AND accept_us > 0", isRolledUp: false },
};

export const NO_BUCKETS = "CAST(map(), 'Map(Int16, UInt64)')";

/** An expression over the rows of a kind. */
export function histogramOver(histogram: Histogram, kind: FigureKind): string {
  const { kinds, us, counts } = HISTOGRAMS[histogram];
  return kinds.includes(kind) ? `sumMapIf(map(${logBucket(us)}, toUInt64(1)), ${counts(kind)})` : NO_BUCKETS;
}

/** The largest time of a bucket, in µs. */
export const bucketEnd_us = (bucket: number): number => 2 ** ((bucket + 1) / 8) * 1e6;
