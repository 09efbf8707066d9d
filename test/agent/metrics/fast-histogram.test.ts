// The fast histograms beside the SDK's own: the same values into both have to give the same.
import type { Attributes, Histogram } from '@opentelemetry/api';
import { AggregationTemporality, DataPointType, MeterProvider, type MetricData, MetricReader } from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FastHistograms } from '../../../agent/metrics/fast-histogram.ts';

const BOUNDARIES = [0.0001, 0.001, 0.01, 0.1, 1, 10];
const OPTIONS = { unit: 's', description: 'test', advice: { explicitBucketBoundaries: BOUNDARIES } };
const SERIES_MAX = 4;

class PullReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** One histogram of each sort, and what a reader makes of both. */
function both() {
  const fast = new FastHistograms({ name: 'test', version: '1' }, SERIES_MAX);
  const reader = new PullReader({ metricProducers: [fast.producer('explicit'), fast.producer('exponential')] });
  const meter = new MeterProvider({ readers: [reader] }).getMeter('sdk');
  const histograms: Histogram[] = [meter.createHistogram('sdk', OPTIONS), fast.meter(meter).createHistogram('fast', OPTIONS)];
  return {
    record: (value: number, attributes?: Attributes) => {
      for (const histogram of histograms) histogram.record(value, attributes);
    },
    collect: async (): Promise<MetricData[]> => {
      const { resourceMetrics } = await reader.collect();
      return resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
    },
  };
}

const values = fc.array(fc.oneof(fc.integer({ min: 0, max: 20_000_000 }), fc.constantFrom(100, 1000, 10_000, 1_000_000)), {
  minLength: 1,
  maxLength: 50,
});

test('explicit buckets, count, sum and extremes are the SDK’s', async () => {
  await fc.assert(
    fc.asyncProperty(values, async (microseconds) => {
      const { record, collect } = both();
      for (const each of microseconds) record(each / 1e6, { role: 'client' });
      const [sdk, fast] = await collect();
      if (sdk?.dataPointType !== DataPointType.HISTOGRAM || fast?.dataPointType !== DataPointType.HISTOGRAM)
        throw new Error('no histograms');
      expect(fast.aggregationTemporality).toBe(AggregationTemporality.CUMULATIVE);
      expect(fast.dataPoints.map(({ attributes }) => attributes)).toEqual(sdk.dataPoints.map(({ attributes }) => attributes));
      expect(fast.dataPoints.map(({ value }) => value)).toEqual(sdk.dataPoints.map(({ value }) => value));
    }),
    { numRuns: 50 },
  );
});

test('exponential buckets hold, by the definition of the format, what was recorded', async () => {
  await fc.assert(
    fc.asyncProperty(values, async (microseconds) => {
      const { record, collect } = both();
      for (const each of microseconds) record(each / 1e6);
      const [, , metric] = await collect();
      if (metric?.dataPointType !== DataPointType.EXPONENTIAL_HISTOGRAM) throw new Error('no exponential histogram');
      const { scale, zeroCount, positive, count } = metric.dataPoints[0]?.value ?? {
        scale: 0,
        zeroCount: 0,
        count: 0,
        positive: { offset: 0, bucketCounts: [] },
      };
      const bound = (bucket: number) => 2 ** (bucket / 2 ** scale);
      const within = (bucket: number) =>
        microseconds.filter((each) => each / 1e6 > bound(bucket) && each / 1e6 <= bound(bucket + 1)).length;
      expect(count).toBe(microseconds.length);
      expect(zeroCount).toBe(microseconds.filter((each) => each === 0).length);
      expect(positive.bucketCounts).toEqual(positive.bucketCounts.map((_, at) => within(positive.offset + at)));
      expect(positive.bucketCounts.reduce((sum, each) => sum + each, zeroCount)).toBe(count);
    }),
    { numRuns: 50 },
  );
});

test('what lies outside the exponential buckets counts in the outermost', async () => {
  const { record, collect } = both();
  for (const seconds of [1e-12, 1e12]) record(seconds);
  const [, , metric] = await collect();
  if (metric?.dataPointType !== DataPointType.EXPONENTIAL_HISTOGRAM) throw new Error('no exponential histogram');
  const counts = metric.dataPoints[0]?.value.positive.bucketCounts ?? [];
  expect([counts.at(0), counts.at(-1), counts.length]).toEqual([1, 1, 44 * 8]);
});

test('equal attributes are one series, whichever object carries them; beyond the bound, series share one that says so', async () => {
  const { record, collect } = both();
  for (const port of [1, 2, 3, 4, 5, 6]) for (let i = 0; i < 2; i++) record(1, { port, role: 'server' });
  record(1, { role: 'server', port: 1 });
  const [, fast] = await collect();
  expect(
    fast?.dataPoints.map(({ attributes, value }) => [attributes, typeof value === 'object' && 'count' in value ? value.count : 0]),
  ).toEqual([
    [{ port: 1, role: 'server' }, 3],
    [{ port: 2, role: 'server' }, 2],
    [{ port: 3, role: 'server' }, 2],
    [{ 'otel.metric.overflow': true }, 6],
  ]);
});
