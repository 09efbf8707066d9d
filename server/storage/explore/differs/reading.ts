// Asks the store: one statement after the other. How many rows a statement would read is checked before it runs.
import type { Differs } from '../../../api/differs.ts';
import { StoreError } from '../../engine.ts';
import type { StoredFilter } from '../../language/condition.ts';
import { Params } from '../../language/params.ts';
import { completenessWithin } from '../../queries/accounts.ts';
import { type Cover, cover } from '../../queries/cover.ts';
import { secondsOf, watchedSteps } from '../../queries/watched.ts';
import type { Window } from '../../queries/window.ts';
import { type Dimension, dimensionOf } from '../dimensions.ts';
import { checkRead, type Explorer } from '../explore.ts';
import type { Grouping } from '../grouped.ts';
import type { Metric } from '../metrics.ts';
import { ExploreError, type Named } from '../plan.ts';
import { type Measure, measureOf, slowBucket } from './measure.ts';
import { type FoundValue, type Summed, totalStatement, valuesStatement } from './statement.ts';
import { type Answers, type Spans, windowOf } from './times.ts';
import type { Judgement } from './weights.ts';

export type Told = { from_ms: number; to_ms: number; watched_s: number; completeness: number | null };
export type Values = { told: Differs['dimensions'][number]; is: Dimension; found: FoundValue[] };
export type Total = { sums: Summed; measure: Measure; slow_us: number | null };
type Subject = { explorer: Explorer; metric: Named<Metric>; filter: StoredFilter; spans: Spans };

const NOTHING: Summed = { part_now: 0, part_before: 0, whole_now: 0, whole_before: 0, value_now: null, value_before: null };
const SHORTER = 'ask for a shorter time, or of fewer hosts';

export class Reading {
  rows_read = 0;
  readonly #of: Subject;
  readonly #covers = new Map<string, Promise<Cover | undefined>>();

  constructor(of: Subject) {
    this.#of = of;
  }

  /**
   * The sums over all values. For a quantile the quantiles are read first, as they say which times are slow.
   * @throws ExploreError `too_much`
   */
  async total(): Promise<Total> {
    const { metric } = this.#of;
    const measure = measureOf(metric.name, metric.is, 0);
    const sums = await this.#totalBy(measure);
    if (measure.is !== 'quantile' || sums.value_now === null || sums.value_before === null) return { sums, measure, slow_us: null };
    const { bucket, above_us } = slowBucket(sums.value_now, sums.value_before);
    const slower = measureOf(metric.name, metric.is, bucket);
    return { sums: await this.#totalBy(slower), measure: slower, slow_us: above_us };
  }

  async #totalBy(measure: Measure): Promise<Summed> {
    const params = new Params();
    const { metric, spans, explorer } = this.#of;
    const sql = totalStatement(metric.is, measure, await this.#grouping(spans.source, params));
    await this.#check(sql, params, SHORTER);
    const [found] = await explorer.store.query<Summed>(sql, params.values, 1);
    return found ?? NOTHING;
  }

  async period(when: 'now' | 'before'): Promise<Told> {
    const { explorer, filter, spans } = this.#of;
    const window = windowOf(spans[when], spans.source, filter, new Params());
    const watched_s = secondsOf(await watchedSteps(explorer.store, window), window);
    return { ...spans[when], watched_s, completeness: (await completenessWithin(explorer.store, window)).completeness };
  }

  /** The values of a dimension that differ most, or the reason why the dimension is left out. @throws errors of another kind */
  async values(
    name: string,
    measure: Measure,
    judgement: Judgement,
    most: number,
  ): Promise<Values | { why: string; cause: StoreError | undefined }> {
    const { explorer, metric, spans } = this.#of;
    const params = new Params();
    const is = dimensionOf(name, explorer, params);
    if (is === undefined) return { why: 'there is none of this name', cause: undefined };
    const source: Answers = is.rollup === undefined ? 'rows' : spans.source;
    try {
      const grouping = { ...(await this.#grouping(source, params)), dimensions: [is] };
      const sql = valuesStatement({ metric: metric.is, measure, judgement }, grouping, params, most);
      const rows_read = await this.#check(sql, params, 'of a shorter time it is asked, too');
      const found = await explorer.store.query<FoundValue>(sql, params.values, most);
      return { told: { name, values: found[0]?.groups ?? 0, source, rows_read }, is, found };
    } catch (cause) {
      if (cause instanceof ExploreError) return { why: cause.message, cause: undefined };
      if (cause instanceof StoreError) return { why: `the store could not answer it (${cause.code})`, cause };
      throw cause;
    }
  }

  /** All statements together may read as many rows as a single question. */
  async #check(sql: string, params: Params, shorter: string): Promise<number> {
    const { store, rows_most } = this.#of.explorer;
    const rows = await checkRead({ store, rows_most: rows_most - this.rows_read }, sql, params.values, () => shorter);
    this.rows_read += rows;
    return rows;
  }

  /** Found once for each time, so that all figures of an answer come from the same pieces. */
  #coverOf(window: Window): Promise<Cover | undefined> {
    const key = `${window.source} ${window.from_ms} ${window.to_ms}`;
    const found = this.#covers.get(key) ?? cover(this.#of.explorer.store, window);
    this.#covers.set(key, found);
    return found;
  }

  async #grouping(source: Answers, params: Params): Promise<Omit<Grouping, 'metrics' | 'dimensions'>> {
    const { filter, spans } = this.#of;
    const [now, before] = [windowOf(spans.now, source, filter, params), windowOf(spans.before, source, filter, params)];
    return {
      step_s: undefined,
      now: { window: now, cover: await this.#coverOf(now) },
      before: { window: before, cover: await this.#coverOf(before), earlier_s: (now.from_ms - before.from_ms) / 1000 },
    };
  }
}
