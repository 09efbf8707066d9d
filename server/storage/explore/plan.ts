// Checks a question and plans its answer. If it cannot be answered, the error says why and how to ask for less.

import { nearest } from '../../../agent/contract/language/nearest.ts';
import { TcplensError } from '../../../agent/process/errors.ts';
import type { ExploreQuery } from '../../api/explore.ts';
import { conditionOf, placeOf, type StoredFilter } from '../language/condition.ts';
import { Params } from '../language/params.ts';
import { rowsTime, SOURCES, type Source, STEPS_S, sourceOf, timesOf, type Window } from '../queries/window.ts';
import { DIMENSION_NAMES, type Dimension, dimensionOf, type Known } from './dimensions.ts';
import { isOfRows, kindsOfMetric, METRIC_NAMES, type Metric, type MetricName, metricOf } from './metrics.ts';

export class ExploreError extends TcplensError<'request_invalid' | 'too_much'> {}

const METRICS_MOST = 8;
const DIMENSIONS_MOST = 3;
const POINTS_MOST = 720;
const TOP = 10;

export type Named<Thing> = { name: string; is: Thing };
export type Plan = {
  metrics: readonly Named<Metric>[];
  dimensions: readonly Named<Dimension>[];
  ranked: Metric;
  /** groups are ranked by how far the metric has moved since the earlier time, and not by its size */
  isByMove: boolean;
  top: number;
  step_s: number | undefined;
  now: Window;
  before: { window: Window; earlier_s: number } | undefined;
};

/** @throws ExploreError */
export function planOf(asked: Omit<ExploreQuery, 'filter'>, filter: StoredFilter, known: Known, now_ms: number): Plan {
  const params = new Params();
  const metrics = namesIn(asked.metrics, METRICS_MOST, 'metrics').map((name) => ({ name, is: metricNamed(name) }));
  const dimensions = namesIn(asked.by ?? '', DIMENSIONS_MOST, 'dimensions').map((name) => ({
    name,
    is: dimensionNamed(name, known, params),
  }));
  if (metrics.length === 0) throw invalid(`ask for a metric: ${METRIC_NAMES.join(', ')}`);
  for (const metric of metrics) checkKinds(metric, dimensions, filter);
  const { from_ms, to_ms, step_s, source } = timeOf(asked, metrics, dimensions, filter, now_ms);
  const window = (earlier_s: number): Window => {
    const [from, to] = [from_ms - earlier_s * 1000, to_ms - earlier_s * 1000];
    return { from_ms: from, to_ms: to, step_s: step_s ?? 1, span_ms: to - from, source, filter, time: rowsTime(from, to), params };
  };
  const piece_s = Math.max(step_s ?? 1, source === 'rows' ? 1 : 60);
  const earlier_s = asked.earlier === undefined ? undefined : Math.max(piece_s, Math.round(asked.earlier / piece_s) * piece_s);
  return {
    metrics,
    dimensions,
    ranked: asked.sort === undefined ? (metrics[0]?.is as Metric) : sortNamed(asked.sort, metrics),
    isByMove: isByMove(asked),
    top: asked.top ?? TOP,
    step_s,
    now: window(0),
    before: earlier_s === undefined ? undefined : { window: window(earlier_s), earlier_s },
  };
}

function isByMove({ order, earlier }: Pick<ExploreQuery, 'order' | 'earlier'>): boolean {
  if (order === 'moved' && earlier === undefined) throw invalid('order=moved needs the earlier time that it is compared with: earlier=…');
  return order === 'moved';
}

export const invalid = (message: string) => new ExploreError('request_invalid', message);

function namesIn(text: string, most: number, what: string): string[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  if (names.length > most) throw invalid(`${names.length} ${what} are too many: at most ${most}`);
  if (new Set(names).size < names.length) throw invalid(`one of the ${what} is asked for twice: ${text}`);
  return names;
}

export function metricNamed(name: string): Metric {
  if (METRIC_NAMES.includes(name as MetricName)) return metricOf(name as MetricName);
  throw invalid(`there is no metric ${name}: ${meant(name, METRIC_NAMES)}`);
}

function dimensionNamed(name: string, known: Known, params: Params): Dimension {
  const found = dimensionOf(name, known, params);
  if (found !== undefined) return found;
  throw invalid(`nothing can be grouped by ${name}: ${meant(name, [...DIMENSION_NAMES, 'label.NAME'])}`);
}

function sortNamed(name: string, metrics: readonly Named<Metric>[]): Metric {
  const found = metrics.find((metric) => metric.name === name);
  if (found === undefined) throw invalid(`sort by one of the metrics asked for, not by ${name}`);
  return found.is;
}

function meant(name: string, names: readonly string[]): string {
  const near = nearest(name, names);
  return near === undefined ? `choose from ${names.join(', ')}` : `did you mean ${near}?`;
}

/** All kinds that count the metric must have the dimensions. @throws ExploreError also if the filter matches none of these kinds */
export function checkKinds({ name, is }: Named<Metric>, dimensions: readonly Named<Dimension>[], filter: StoredFilter): void {
  const kinds = kindsOfMetric(is);
  for (const dimension of dimensions) {
    if (kinds.every((kind) => dimension.is.kinds.has(kind))) continue;
    throw invalid(`${name} is counted from ${kinds.join(' and ')} rows, which have no ${dimension.name}: leave one of the two out`);
  }
  const none = kinds.every((kind) => conditionOf(filter, kind, 'rows', new Params()) === 'false');
  if (none) throw invalid(`${name} is counted from ${kinds.join(' and ')} rows, and the filter is true of none of them`);
}

type Time = Pick<Window, 'from_ms' | 'to_ms' | 'source'> & { step_s: number | undefined };

/** The steps begin at round times. Unless rows answer, the range is widened to whole minutes. */
function timeOf(
  asked: Omit<ExploreQuery, 'filter'>,
  metrics: readonly Named<Metric>[],
  dimensions: readonly Named<Dimension>[],
  filter: StoredFilter,
  now_ms: number,
): Time {
  const { from_ms: rounded, to_ms, step_s: auto, span_ms } = timesOf(asked, now_ms);
  const step_s = stepOf(asked.step ?? 'none', auto, span_ms);
  const ofRows = metrics.some(({ is }) => isOfRows(is)) || dimensions.some(({ is }) => is.rollup === undefined);
  const source: Source = ofRows ? 'rows' : sourceOf(filter, span_ms, step_s ?? Number.POSITIVE_INFINITY);
  const piece_ms = Math.max(step_s ?? 1, source === 'rows' ? 1 : 60) * 1000;
  const from_ms = step_s === auto ? rounded : Math.max(0, to_ms - span_ms);
  const end_ms = source === 'rows' ? to_ms : Math.ceil(to_ms / 60_000) * 60_000;
  return { from_ms: Math.floor(from_ms / piece_ms) * piece_ms, to_ms: end_ms, source, step_s };
}

function stepOf(text: string, auto: number, span_ms: number): number | undefined {
  if (text === 'none') return undefined;
  if (text === 'auto') return auto;
  const step_s = Number(text);
  if (!STEPS_S.includes(step_s)) throw invalid(`step is none, auto, or one of ${STEPS_S.join(', ')} seconds`);
  if (span_ms / 1000 / step_s <= POINTS_MOST) return step_s;
  throw new ExploreError('too_much', `these are more than ${POINTS_MOST} steps: take steps of ${auto} s or more, or a shorter time`);
}

/** Why no coarser table can answer, in words: what to leave out for that. */
export function narrowing({ now, metrics, dimensions }: Plan, expression: string): string {
  if (now.source !== 'rows') return 'ask for a shorter time, or a longer step';
  const metric = metrics.find(({ is }) => isOfRows(is));
  const dimension = dimensions.find(({ is }) => is.rollup === undefined);
  const { place, because } = placeOf(now.filter);
  const test = place === 'rows' && because !== undefined ? expression.slice(because.start, because.end) : undefined;
  const only = metric?.name ?? dimension?.name ?? test;
  return `ask for a shorter time, or of fewer hosts${only === undefined ? '' : `; without ${only}, which only rows have, minutes would answer`}`;
}

/** Length of an entry of the source, in s. */
export const RESOLUTION_S: Record<Source, number> = { rows: 0, rollup_1m: 60, rollup_1h: 3600, rollup_1d: 86_400 };
export const isCoarse = (source: Source): boolean => SOURCES.indexOf(source) >= SOURCES.indexOf('rollup_1h');
