// Which metrics can be asked what differs in them, and what of each value is added up for that.
import { bucketEnd_us } from '../histograms.ts';
import type { Metric } from '../metrics.ts';
import { ExploreError } from '../plan.ts';

/** Expressions over the sums of one time. Of what adds up the whole is the time itself. */
export type Measure = { is: 'sum' | 'ratio' | 'quantile'; part: string; whole: string; least: number };

/** Of fewer things counted nothing is said. */
const COUNTED_LEAST = 10;

export const canDiffer = ({ adds, level }: Metric): boolean =>
  adds === 'sum' || adds === 'difference' || adds === 'ratio' || level !== undefined;

/**
 * @param slow the bucket above which times of a quantile are slow
 * @throws ExploreError of metrics whose parts say nothing of the whole
 */
export function measureOf(name: string, metric: Metric, slow: number): Measure {
  const { adds, value, samples = '0', least = COUNTED_LEAST, part, level, histogram } = metric;
  if (adds === 'sum' || adds === 'difference') return { is: 'sum', part: value, whole: '0', least };
  if (part !== undefined) return { is: 'ratio', part, whole: samples, least };
  if (level !== undefined) {
    const slower = `arraySum(mapValues(mapFilter((bucket, n) -> bucket > ${Math.trunc(slow)}, ${histogram})))`;
    return { is: 'quantile', part: slower, whole: samples, least };
  }
  const instead =
    adds === 'largest'
      ? `the largest of several has one owner: ask for metrics=${name}, by what it may be`
      : `ask for one of its quantiles, such as ${name}_p50`;
  throw new ExploreError('request_invalid', `what differs cannot be asked of ${name}: ${instead}`);
}

/** The bucket that a quantile was read from, by its middle. */
const bucketOf = (us: number): number => Math.round(Math.log2(us / 1e6) * 8 - 0.5);

/** The bucket of the lower of two quantiles: so the share above it grows where they rise, and shrinks where they fall. */
export function slowBucket(now_us: number, before_us: number): { bucket: number; above_us: number } {
  const bucket = bucketOf(Math.min(now_us, before_us));
  return { bucket, above_us: bucketEnd_us(bucket) };
}
