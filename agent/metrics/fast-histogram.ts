// Histograms that take a value in tens of nanoseconds. The SDK's own hash the attributes anew with every value, a
// microsecond each: under a storm of connections that was most of what the agent spent. These know a series by the
// identity of its attributes, count in arrays, and join the SDK where its readers collect.
import { type Attributes, type Histogram, type HrTime, type Meter, type MetricOptions, ValueType } from '@opentelemetry/api';
import { emptyResource } from '@opentelemetry/resources';
import { AggregationTemporality, type DataPoint, DataPointType, type MetricData, type MetricProducer } from '@opentelemetry/sdk-metrics';

/** Exponential buckets that a doubling is cut into are 2^SCALE, each 9 % wide. */
const SCALE = 3;
const PER_DOUBLING = 2 ** SCALE;
/** The first and past-last bucket, for seconds: 1 µs to half a year. What lies outside counts in the outermost. */
const FIRST = -20 * PER_DOUBLING;
const LAST = 24 * PER_DOUBLING;

const OVERFLOW: Attributes = { 'otel.metric.overflow': true };

type Series = {
  attributes: Attributes;
  start_time: HrTime;
  count: number;
  sum: number;
  zero: number;
  min: number;
  max: number;
  /** by explicit boundary, and past the last */
  explicit: Float64Array;
  exponential: Float64Array;
};

function hrTime(): HrTime {
  const ms = Date.now();
  return [Math.floor(ms / 1000), (ms % 1000) * 1e6];
}

/** The bucket, counted from FIRST, whose values lie in (2^(i / PER_DOUBLING), 2^((i + 1) / PER_DOUBLING)]. */
function exponentialBucket(value: number): number {
  const bucket = Math.ceil(Math.log2(value) * PER_DOUBLING) - 1;
  return Math.min(Math.max(bucket, FIRST), LAST - 1) - FIRST;
}

/** One histogram. Pass the same object for the same attributes: another one costs a look-up by content. */
class FastHistogram implements Histogram {
  readonly #name: string;
  readonly #options: MetricOptions;
  readonly #boundaries: number[];
  readonly #series_max: number;
  readonly #by_identity = new WeakMap<Attributes, Series>();
  readonly #by_content = new Map<string, Series>();

  constructor(name: string, options: MetricOptions, series_max: number) {
    this.#name = name;
    this.#options = options;
    this.#boundaries = options.advice?.explicitBucketBoundaries ?? [];
    this.#series_max = series_max;
  }

  record(value: number, attributes: Attributes = {}): void {
    const series = this.#by_identity.get(attributes) ?? this.#find(attributes);
    series.count++;
    series.sum += value;
    series.min = Math.min(series.min, value);
    series.max = Math.max(series.max, value);
    let at = 0;
    while (value > (this.#boundaries[at] ?? value)) at++;
    increment(series.explicit, at);
    if (value <= 0) series.zero++;
    else increment(series.exponential, exponentialBucket(value));
  }

  #find(attributes: Attributes): Series {
    const content = JSON.stringify(Object.entries(attributes).sort());
    const isRoom = this.#by_content.has(content) || this.#by_content.size < this.#series_max - 1;
    const key = isRoom ? content : '';
    const series = this.#by_content.get(key) ?? this.#begin(isRoom ? attributes : OVERFLOW);
    this.#by_content.set(key, series);
    this.#by_identity.set(attributes, series);
    return series;
  }

  #begin(attributes: Attributes): Series {
    const explicit = new Float64Array(this.#boundaries.length + 1);
    const exponential = new Float64Array(LAST - FIRST);
    const bounds = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
    return { attributes, start_time: hrTime(), count: 0, sum: 0, zero: 0, ...bounds, explicit, exponential };
  }

  /** For readers without exponential buckets. */
  explicit(): MetricData {
    const value = ({ count, sum, min, max, explicit }: Series) => {
      return { count, sum, min, max, buckets: { boundaries: this.#boundaries, counts: [...explicit] } };
    };
    return { ...this.#base(), dataPointType: DataPointType.HISTOGRAM, dataPoints: this.#points(value) };
  }

  exponential(): MetricData {
    const value = ({ count, sum, min, max, zero, exponential }: Series) => {
      const first = exponential.findIndex((each) => each > 0);
      const bucketCounts = first < 0 ? [] : [...exponential.subarray(first, exponential.findLastIndex((each) => each > 0) + 1)];
      const positive = { offset: Math.max(first, 0) + FIRST, bucketCounts };
      return { count, sum, min, max, scale: SCALE, zeroCount: zero, positive, negative: { offset: 0, bucketCounts: [] } };
    };
    return { ...this.#base(), dataPointType: DataPointType.EXPONENTIAL_HISTOGRAM, dataPoints: this.#points(value) };
  }

  #base() {
    const { description = '', unit = '', valueType = ValueType.DOUBLE } = this.#options;
    return { descriptor: { name: this.#name, description, unit, valueType }, aggregationTemporality: AggregationTemporality.CUMULATIVE };
  }

  #points<Value>(value: (series: Series) => Value): DataPoint<Value>[] {
    const all = [...this.#by_content.values()];
    return all.map((series) => ({
      startTime: series.start_time,
      endTime: hrTime(),
      attributes: series.attributes,
      value: value(series),
    }));
  }
}

function increment(counts: Float64Array, at: number): void {
  counts[at] = (counts[at] ?? 0) + 1;
}

/** The histograms of one instrumentation scope, and how readers get them. Always cumulative. */
export class FastHistograms {
  readonly #scope: { name: string; version: string };
  readonly #series_max: number;
  readonly #histograms: FastHistogram[] = [];

  constructor(scope: { name: string; version: string }, series_max: number) {
    this.#scope = scope;
    this.#series_max = series_max;
  }

  /** A meter that makes its histograms here; everything else is left to the SDK's. */
  meter(sdk: Meter): Meter {
    const createHistogram = (name: string, options: MetricOptions = {}) => {
      const histogram = new FastHistogram(name, options, this.#series_max);
      this.#histograms.push(histogram);
      return histogram;
    };
    return Object.assign(Object.create(sdk) as Meter, { createHistogram });
  }

  /** What a reader collects beside the SDK's own metrics, in the form that it can write. */
  producer(form: 'explicit' | 'exponential'): MetricProducer {
    return {
      collect: async () => {
        const metrics = this.#histograms.map((histogram) => histogram[form]());
        return { resourceMetrics: { resource: emptyResource(), scopeMetrics: [{ scope: this.#scope, metrics }] }, errors: [] };
      },
    };
  }
}
