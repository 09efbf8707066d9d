// Which metrics can be compared by their values, and which sums that needs.
import { bucketEnd_us } from '../histograms.ts';
import type { Metric } from '../metrics.ts';
import { ExploreError } from '../plan.ts';

/** SQL expressions over the sums of one time, see weights.ts. For metrics that add up, `whole` is the time, which is not in the rows. */
export type Measure = { is: 'sum' | 'ratio' | 'quantile'; part: string; whole: string; least: number };

/** With fewer things counted there is no finding. */
const COUNTED_LEAST = 10;

export const canDiffer = ({ adds, level }: Metric): boolean =>
  adds === 'sum' || adds === 'difference' || adds === 'ratio' || level !== undefined;

/**
 * @param slow for quantiles: times in buckets above this one are slow
 * @throws ExploreError for metrics that cannot be made of sums of parts
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

/** The bucket of a quantile, from the quantile's value, which is the middle of a bucket. */
const bucketOf = (us: number): number => Math.round(Math.log2(us / 1e6) * 8 - 0.5);

/** The bucket of the lower of both quantiles: the share of times above it grows if the quantile rises, and shrinks if it falls. */
export function slowBucket(now_us: number, before_us: number): { bucket: number; above_us: number } {
  const bucket = bucketOf(Math.min(now_us, before_us));
  return { bucket, above_us: bucketEnd_us(bucket) };
}
