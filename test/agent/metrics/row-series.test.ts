// What readers get of rows that were added up: histograms beside the SDK's own of the same values, and series within bounds.
import { AggregationTemporality, DataPointType, MeterProvider, type MetricData, MetricReader } from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConnectionAttributes } from '../../../agent/metrics/connection-attributes.ts';
import { PlainTally } from '../../../agent/metrics/plain-tally.ts';
import { HISTOGRAMS, SUMS } from '../../../agent/metrics/row-metrics.ts';
import { RowSeries } from '../../../agent/metrics/row-series.ts';
import { EVENT, ROLE } from '../../../bpf/rows/rows.gen.ts';
import { type RowValues, rowBytes } from '../../support/row-bytes.ts';
import { tries } from '../../support/tries.ts';

const { name: DURATION, boundaries_s } = HISTOGRAMS.duration;
const EPHEMERAL_FROM = 32_768;

class PullReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** Counts rows of closed connections, and collects the metric of a name in both forms. */
function counting({ series_max = 100, combinations = 100, groups_max = 100 } = {}) {
  const attributes = new ConnectionAttributes(['server.port'], EPHEMERAL_FROM, combinations);
  const tally = new PlainTally(attributes.options, groups_max);
  const series = new RowSeries({ name: 'test', version: '1' }, series_max);
  series.observe(tally, attributes);
  const reader = new PullReader({ metricProducers: [series.producer('explicit'), series.producer('exponential')] });
  const meter = new MeterProvider({ readers: [reader] }).getMeter('sdk');
  const sdk = meter.createHistogram('sdk', { advice: { explicitBucketBoundaries: [...boundaries_s] } });
  return {
    close: (values: RowValues) => tally.count('connection', rowBytes('connection', { event: EVENT.indexOf('close'), ...values })),
    sdk,
    async collect(name: string): Promise<MetricData[]> {
      const { resourceMetrics } = await reader.collect();
      return resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics).filter(({ descriptor }) => descriptor.name === name);
    },
  };
}

const values = fc.array(fc.oneof(fc.integer({ min: 0, max: 20_000_000 }), fc.constantFrom(1000, 10_000, 1_000_000, 60_000_000)), {
  minLength: 1,
  maxLength: 50,
});

test('explicit buckets, count, sum and extremes are the SDK’s', async () => {
  await fc.assert(
    fc.asyncProperty(values, async (durations) => {
      const { close, sdk, collect } = counting();
      for (const duration_us of durations) {
        close({ duration_us });
        sdk.record(duration_us / 1e6);
      }
      const [expected] = await collect('sdk');
      const [found] = await collect(DURATION);
      if (expected?.dataPointType !== DataPointType.HISTOGRAM || found?.dataPointType !== DataPointType.HISTOGRAM)
        throw new Error('no histograms');
      expect(found.aggregationTemporality).toBe(AggregationTemporality.CUMULATIVE);
      const { sum, ...rest } = found.dataPoints[0]?.value ?? {};
      expect(expected.dataPoints[0]?.value).toMatchObject(rest);
      expect(sum).toBeCloseTo(expected.dataPoints[0]?.value.sum ?? 0, 9);
    }),
    tries(50),
  );
});

/** The metric's only exponential histogram. */
async function exponential(collect: (name: string) => Promise<MetricData[]>) {
  const [, metric] = await collect(DURATION);
  if (metric?.dataPointType !== DataPointType.EXPONENTIAL_HISTOGRAM) throw new Error('no exponential histogram');
  const value = metric.dataPoints[0]?.value;
  if (value === undefined) throw new Error('no point');
  return value;
}

test('exponential buckets hold, by the definition of the format, what was recorded', async () => {
  await fc.assert(
    fc.asyncProperty(values, async (durations) => {
      const { close, collect } = counting();
      for (const duration_us of durations) close({ duration_us });
      const { scale, zeroCount, positive, count } = await exponential(collect);
      const bound = (bucket: number) => 2 ** (bucket / 2 ** scale);
      const within = (bucket: number) => durations.filter((us) => us / 1e6 > bound(bucket) && us / 1e6 <= bound(bucket + 1)).length;
      expect(count).toBe(durations.length);
      expect(zeroCount).toBe(durations.filter((us) => us === 0).length);
      expect(positive.bucketCounts).toEqual(positive.bucketCounts.map((_, at) => within(positive.offset + at)));
      expect(positive.bucketCounts.reduce((sum, each) => sum + each, zeroCount)).toBe(count);
    }),
    tries(50),
  );
});

test('what is longer than the last exponential bucket counts in it', async () => {
  const { close, collect } = counting();
  for (const duration_us of [1, 2n ** 60n]) close({ duration_us });
  const { positive } = await exponential(collect);
  expect([positive.bucketCounts.at(0), positive.bucketCounts.at(-1)]).toEqual([1, 1]);
  expect(positive.offset + positive.bucketCounts.length).toBe(24 * 8);
});

const server = (port: number) => ({ role: ROLE.indexOf('server'), local_port: port, peer_port: 40_000 });
const counts = (metric: MetricData | undefined) => metric?.dataPoints.map(({ attributes, value }) => [attributes['server.port'], value]);

test('series beyond the bound share one that says so, and stay there', async () => {
  const { close, collect } = counting({ series_max: 4 });
  for (const port of [1, 2, 3, 4, 5, 6]) for (let i = 0; i < 2; i++) close(server(port));
  close(server(1));
  await collect(SUMS.connections.name);
  close(server(6));
  const [found] = await collect(SUMS.connections.name);
  expect(counts(found)).toEqual([
    [1, 3],
    [2, 2],
    [3, 2],
    [undefined, 7],
  ]);
  expect(found?.dataPoints.at(-1)?.attributes).toEqual({ 'otel.metric.overflow': true });
});

test('rows whose attributes were left out or whose group has no room are counted as folded', async () => {
  const { close, collect } = counting({ combinations: 2, groups_max: 3 });
  for (const port of [1, 2, 3, 4]) close(server(port));
  close({ ...server(1), end_reason: 1 });
  const [found] = await collect(SUMS.connections.name);
  expect(counts(found)).toEqual([
    [1, 1],
    [2, 1],
    [undefined, 2],
    [undefined, 1],
  ]);
  const [folded] = await collect('tcplens.agent.rows.folded');
  expect(folded?.dataPoints.map(({ value }) => value)).toEqual([3]);
});
