// Answers a question about any metrics, by any dimensions: the figures, and how far they can be relied on.
import type { Explored, ExploreQuery } from '../../api/explore.ts';
import type { Queryable } from '../engine.ts';
import { placeOf } from '../language/condition.ts';
import { type Namer, storedFilter } from '../language/names.ts';
import { completenessWithin } from '../queries/accounts.ts';
import { cover } from '../queries/cover.ts';
import { watchedSteps } from '../queries/watched.ts';
import { answerOf, columnsOf, type Found } from './answer.ts';
import { isOfHosts, PEER_HOST } from './dimensions.ts';
import { ExploreError, isCoarse, narrowing, type Plan, planOf } from './plan.ts';
import { type Question, statementOf, stepsOf } from './statement.ts';
import { ADDRESSES_MOST, type WatchedHosts, watchedSql } from './watched-hosts.ts';

export type Explorer = Namer & {
  store: Queryable;
  /** limit of rows that a question may read */
  rows_most: number;
};

/** Limit of rows in the result of EXPLAIN ESTIMATE. */
const ESTIMATES_MOST = 1000;

/** @throws FilterError, ExploreError */
export async function explore(explorer: Explorer, { filter: expression = '', ...asked }: ExploreQuery, now_ms: number): Promise<Explored> {
  const began_ms = performance.now();
  const { store } = explorer;
  const plan = await planned(explorer, asked, expression, now_ms);
  const question = await questionOf(store, plan);
  const sql = statementOf(question);
  const params = plan.now.params.values;
  const rows_read = await checkRead(explorer, sql, params, () => narrowing(plan, expression));
  const most = (question.top + 1) * stepsOf(question) * (question.before ? 2 : 1);
  const [found, { completeness }, watched] = await Promise.all([
    store.query<Found>(sql, params, most),
    completenessWithin(store, plan.now),
    plan.step_s === undefined ? new Set<number>() : watchedSteps(store, { ...plan.now, step_s: plan.step_s }),
  ]);
  return {
    from_ms: plan.now.from_ms,
    to_ms: plan.now.to_ms,
    step_s: plan.step_s ?? null,
    earlier_s: plan.before?.earlier_s ?? null,
    source: plan.now.source,
    columns: columnsOf(plan),
    rows: answerOf(plan, found),
    groups: found[0]?.groups ?? 0,
    watched_s: [...watched].sort((a, b) => a - b),
    completeness,
    rows_read,
    elapsed_ms: Math.round(performance.now() - began_ms),
    notes: notesOf(plan),
    ...(asked.sql && { sql }),
  };
}

async function planned(explorer: Explorer, asked: Omit<ExploreQuery, 'filter'>, expression: string, now_ms: number): Promise<Plan> {
  const filter = await storedFilter(explorer, expression);
  const plan = planOf(asked, filter, explorer, now_ms);
  if (!plan.dimensions.some(({ name }) => name === PEER_HOST)) return plan;
  const sql = watchedSql(plan.now);
  await checkRead(explorer, sql, {}, () => `ask for a shorter time, or leave ${PEER_HOST} out`);
  const watched = await explorer.store.query<WatchedHosts[number]>(sql, {}, ADDRESSES_MOST);
  return planOf(asked, filter, { ...explorer, watched }, now_ms);
}

async function questionOf(store: Queryable, { now, before, metrics, dimensions, ...plan }: Plan): Promise<Question> {
  const [covered, earlier] = await Promise.all([cover(store, now), before && cover(store, before.window)]);
  return {
    ...plan,
    metrics: metrics.map(({ is }) => is),
    dimensions: dimensions.map(({ is }) => is),
    now: { window: now, cover: covered },
    before: before && { window: before.window, cover: earlier, earlier_s: before.earlier_s },
  };
}

/**
 * How many rows a statement would read, by the index, without reading them.
 * @throws ExploreError `too_much`, with advice how to ask for less
 */
export async function checkRead(
  { store, rows_most }: Pick<Explorer, 'store' | 'rows_most'>,
  sql: string,
  params: Record<string, unknown>,
  narrower: () => string,
): Promise<number> {
  const parts = await store.query<{ rows: number }>(`EXPLAIN ESTIMATE ${sql}`, params, ESTIMATES_MOST);
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  if (rows <= rows_most) return rows;
  const [asked, most] = [rows, rows_most].map((number) => number.toLocaleString('en'));
  throw new ExploreError('too_much', `this would read ${asked} rows, and the most is ${most}: ${narrower()}`);
}

function notesOf({ now, dimensions }: Plan): string[] {
  if (!isCoarse(now.source)) return [];
  const notes: string[] = [];
  if (placeOf(now.filter).place === 'minutes')
    notes.push(
      'Hours and days know a process, port, peer or container only where it was among the largest of its host: there may be more.',
    );
  if (!dimensions.every(({ is }) => isOfHosts(is)))
    notes.push('Of hours and days, groups that were not among the largest of their host are in the rest.');
  return notes;
}
