// Turns the groups of a tally into series of metrics. The SDK would hash the attributes with every value; here each group is mapped to its
// series once, and the sums are made when a reader collects. Temporality is always cumulative.

import type { Attributes, HrTime } from '@opentelemetry/api';
import { emptyResource } from '@opentelemetry/resources';
import { AggregationTemporality, type DataPoint, DataPointType, type MetricData, type MetricProducer } from '@opentelemetry/sdk-metrics';
import type { Kind } from '../../bpf/rows/rows.gen.ts';
import { Histogram } from './buckets.ts';
import type { ConnectionAttributes } from './connection-attributes.ts';
import { HISTOGRAMS, type HistogramName, SUMS, type SumName } from './row-metrics.ts';
import type { Group, Point } from './tally-plan.ts';
import { PLANS } from './tally-plans.ts';

const OVERFLOW: Attributes = { 'otel.metric.overflow': true };

/** Aggregates rows. */
export type Tally = {
  /** All groups. They keep their order; new ones come last. */
  groups(): readonly Group[];
  /** Takes whole rows of one kind. Does nothing where the loader tallies, which has seen the rows before. */
  count(kind: Kind, rows: Uint8Array): void;
};

type Series = { attributes: Attributes; start_time: HrTime; sum: number; histogram: Histogram };
type Form = 'explicit' | 'exponential';
type Scope = { name: string; version: string };

function hrTime(): HrTime {
  const ms = Date.now();
  return [Math.floor(ms / 1000), (ms % 1000) * 1e6];
}

/** The series of one metric, at most `max`: further ones are one series, marked as overflow. */
class SeriesTable {
  readonly #by_content = new Map<string, Series>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  find(attributes: Attributes): Series {
    const content = JSON.stringify(Object.entries(attributes).sort());
    const is_room = this.#by_content.has(content) || this.#by_content.size < this.#max - 1;
    const key = is_room ? content : '';
    const known = this.#by_content.get(key);
    if (known !== undefined) return known;
    const begun = { attributes: is_room ? attributes : OVERFLOW, start_time: hrTime(), sum: 0, histogram: new Histogram() };
    this.#by_content.set(key, begun);
    return begun;
  }

  clear(): void {
    for (const series of this.#by_content.values()) {
      series.sum = 0;
      series.histogram.clear();
    }
  }

  values(): Series[] {
    return [...this.#by_content.values()];
  }
}

export class RowSeries {
  readonly #scope: Scope;
  readonly #series_max: number;
  readonly #tables = new Map<SumName | HistogramName, SeriesTable>();
  /** The series of each point, by group. */
  #targets: Series[][] = [];
  #observed: { tally: Tally; attributes: ConnectionAttributes } | undefined;

  constructor(scope: Scope, series_max: number) {
    this.#scope = scope;
    this.#series_max = series_max;
  }

  /** Exports the groups of this tally from now on. */
  observe(tally: Tally, attributes: ConnectionAttributes): void {
    this.#observed = { tally, attributes };
    this.#targets = [];
  }

  /** A producer for a reader, which collects it beside the SDK's metrics; histograms are in the format that the reader supports. */
  producer(form: Form): MetricProducer {
    return {
      collect: async () => {
        this.#refresh();
        const metrics = [...this.#sums(), ...this.#histograms(form)].filter(({ dataPoints }) => dataPoints.length > 0);
        return { resourceMetrics: { resource: emptyResource(), scopeMetrics: [{ scope: this.#scope, metrics }] }, errors: [] };
      },
    };
  }

  #refresh(): void {
    if (this.#observed === undefined) return;
    const { tally, attributes } = this.#observed;
    for (const table of this.#tables.values()) table.clear();
    for (const [number, group] of tally.groups().entries()) {
      const points = PLANS[group.plan]?.points(group) ?? [];
      this.#targets[number] ??= points.map((point) => this.#seriesOf(group, point, attributes));
      for (const [at, point] of points.entries()) put(point, this.#targets[number][at]);
      if (group.cut || group.overflow) this.#tableOf('folded').find({}).sum += group.rows;
    }
  }

  #seriesOf(group: Group, point: Point, attributes: ConnectionAttributes): Series {
    const table = this.#tableOf('sum' in point ? point.sum : point.histogram);
    return table.find(group.overflow ? OVERFLOW : { ...attributes.read(group), ...point.attributes });
  }

  #tableOf(name: SumName | HistogramName): SeriesTable {
    const table = this.#tables.get(name) ?? new SeriesTable(this.#series_max);
    this.#tables.set(name, table);
    return table;
  }

  #points<Value>(name: SumName | HistogramName, value: (series: Series) => Value | undefined): DataPoint<Value>[] {
    return (this.#tables.get(name)?.values() ?? []).flatMap((series) => {
      const of = value(series);
      return of === undefined ? [] : [{ startTime: series.start_time, endTime: hrTime(), attributes: series.attributes, value: of }];
    });
  }

  #sums(): MetricData[] {
    return (Object.keys(SUMS) as SumName[]).map((key) => {
      const { divisor, ...descriptor } = SUMS[key];
      // A series begins with the first event.
      const dataPoints = this.#points(key, ({ sum }) => (sum === 0 ? undefined : sum / divisor));
      const kind = { dataPointType: DataPointType.SUM, isMonotonic: true } as const;
      return { descriptor, aggregationTemporality: AggregationTemporality.CUMULATIVE, ...kind, dataPoints };
    });
  }

  #histograms(form: Form): MetricData[] {
    return (Object.keys(HISTOGRAMS) as HistogramName[]).map((key) => {
      const { boundaries_s, ...descriptor } = HISTOGRAMS[key];
      const base = { descriptor, aggregationTemporality: AggregationTemporality.CUMULATIVE } as const;
      const filled = <Value>(read: (histogram: Histogram) => Value) =>
        this.#points(key, ({ histogram }) => (histogram.count === 0 ? undefined : read(histogram)));
      return form === 'explicit'
        ? { ...base, dataPointType: DataPointType.HISTOGRAM, dataPoints: filled((histogram) => histogram.explicit(boundaries_s)) }
        : { ...base, dataPointType: DataPointType.EXPONENTIAL_HISTOGRAM, dataPoints: filled((histogram) => histogram.exponential()) };
    });
  }
}

function put(point: Point, series: Series | undefined): void {
  if (series === undefined) return;
  if ('sum' in point) series.sum += point.value;
  else series.histogram.add(point.value);
}
