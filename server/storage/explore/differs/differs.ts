// Compares a time with an earlier one: first the totals, then one dimension after the other, until the time or the number of rows to read
// is used up. A dimension that is left out is listed with the reason.
import type { Difference, Differs, DiffersQuery } from '../../../api/differs.ts';
import { storedFilter } from '../../language/names.ts';
import { Params } from '../../language/params.ts';
import type { Explorer } from '../explore.ts';
import { isOfRows } from '../metrics.ts';
import { checkKinds, ExploreError, metricNamed } from '../plan.ts';
import { candidatesOf } from './candidates.ts';
import { differenceOf, periodOf, rankedOf, stateOf, totalsOf } from './findings.ts';
import { measureOf } from './measure.ts';
import { Reading } from './reading.ts';
import { spansOf } from './times.ts';
import { judgementOf } from './weights.ts';

const TOP = 20;
/** Values of one dimension in an answer, so that it does not crowd out the other dimensions. */
const OF_ONE_MOST = 5;

/** @param explorer `differs_ms`: limit of time for asking dimensions. @throws FilterError, ExploreError, StoreError */
export async function differs(explorer: Explorer & { differs_ms: number }, asked: DiffersQuery, now_ms: number): Promise<Differs> {
  const began_ms = performance.now();
  const isLate = () => performance.now() - began_ms > explorer.differs_ms;
  const metric = { name: asked.metric, is: metricNamed(asked.metric) };
  measureOf(metric.name, metric.is, 0);
  const filter = await storedFilter(explorer, asked.filter);
  checkKinds(metric, [], filter);
  const spans = spansOf(asked, filter, isOfRows(metric.is), now_ms);
  const reading = new Reading({ explorer, metric, filter, spans });
  const { sums, measure, slow_us } = await reading.total();
  const told = { now: await reading.period('now'), before: await reading.period('before') };
  const totals = totalsOf(sums, measure, told.now, told.before);
  const judgement = judgementOf(measure.is === 'sum', totals);
  const { asked: candidates, left_out } = candidatesOf(metric.is, measure, explorer, new Params());
  const all: Difference[] = [];
  const dimensions: Differs['dimensions'] = [];
  let failure: Error | undefined;
  for (const { name } of judgement === undefined ? [] : candidates) {
    if (judgement === undefined) break;
    const read = isLate()
      ? { why: 'there was no time left for it', cause: undefined }
      : await reading.values(name, measure, judgement, OF_ONE_MOST);
    if ('why' in read) {
      left_out.push({ name, why: read.why });
      failure = read.cause ?? failure ?? new ExploreError('too_much', `no dimension could be asked: ${read.why}`);
      continue;
    }
    dimensions.push(read.told);
    all.push(...read.found.map((found) => differenceOf({ name, is: read.is }, found, { measure, judgement, totals })));
  }
  // The store may fail on single dimensions. If it could answer none, that is an error and not an answer.
  if (failure !== undefined && dimensions.length === 0) throw failure;
  const differences = rankedOf(all, asked.top ?? TOP);
  const [now, before] = [
    periodOf(told.now, totals.now, measure, sums.value_now),
    periodOf(told.before, totals.before, measure, sums.value_before),
  ];
  return {
    metric: metric.name,
    words: metric.is.words,
    unit: metric.is.unit,
    is: measure.is,
    of: metric.is.of ?? metric.is.unit,
    slow_us,
    now,
    before,
    change: now.value === null || before.value === null ? null : now.value - before.value,
    state: stateOf(totals, measure, told.before.watched_s > 0, differences),
    differences,
    dimensions,
    left_out,
    source: spans.source,
    rows_read: reading.rows_read,
    elapsed_ms: Math.round(performance.now() - began_ms),
  };
}
