// The routes for any question, and for the values that an editor completes.
import type { FastifyReply } from 'fastify';
import { FilterError } from '../../agent/contract/language/filter-error.ts';
import { Explored, ExploreNames, ExploreQuery, Values, ValuesQuery } from '../api/explore.ts';
import { API, Problem } from '../api.ts';
import { hasRole } from '../door/principal.ts';
import { Refusal } from '../errors.ts';
import type { App } from '../http.ts';
import { type Explorer, explore } from '../storage/explore/explore.ts';
import { exploreNames } from '../storage/explore/names.ts';
import { ExploreError } from '../storage/explore/plan.ts';
import { valuesOf } from '../storage/explore/values.ts';
import { checkTimes } from './checks.ts';
import { csvOf } from './csv.ts';
import type { QueryLimit } from './limit.ts';

const refusals = { '4xx': Problem, '5xx': Problem } as const;

export function registerExplore(app: App, queries: QueryLimit, explorer: Explorer): void {
  app.get(API.explore, {
    schema: {
      summary: 'Metrics by dimensions, of the rows that a filter leaves, in steps and beside an earlier time',
      description: 'With format=csv the answer is text/csv: the columns and rows alone.',
      querystring: ExploreQuery,
      response: { 200: Explored, ...refusals },
    },
    handler: ({ query, who }, reply) =>
      queries.run(async () => {
        checkTimes(query.from, query.to);
        if (query.sql && !hasRole(who, 'operator'))
          throw new Refusal('role_needed', 'the statement is shown to operators: ask without sql=true');
        const explored = await refusing(() => explore(explorer, query, Date.now()));
        return query.format === 'csv' ? asCsv(reply, explored) : explored;
      }, gone(reply)),
  });
  app.get(API.explore_names, {
    schema: { summary: 'The metrics and dimensions that can be asked for', response: { 200: ExploreNames, ...refusals } },
    handler: async () => exploreNames(explorer),
  });
  app.get(API.values, {
    schema: {
      summary: 'Values of a field that begin alike, the most frequent first',
      querystring: ValuesQuery,
      response: { 200: Values, ...refusals },
    },
    handler: ({ query }, reply) =>
      queries.run(async () => {
        checkTimes(query.from, query.to);
        return refusing(() => valuesOf(explorer, query, Date.now()));
      }, gone(reply)),
  });
}

/** Aborts when whoever asks has gone: a question that still waits for its turn is not put any more. */
function gone({ raw }: FastifyReply): AbortSignal {
  const left = new AbortController();
  raw.once('close', () => left.abort());
  return left.signal;
}

async function refusing<Answer>(run: () => Promise<Answer>): Promise<Answer> {
  try {
    return await run();
  } catch (cause) {
    if (cause instanceof FilterError) throw new Refusal('filter_invalid', cause.message, { cause, span: cause.span });
    if (cause instanceof ExploreError) throw new Refusal(cause.code, cause.message, { cause });
    throw cause;
  }
}

function asCsv(reply: FastifyReply, explored: Explored): never {
  void reply.type('text/csv; charset=utf-8').header('content-disposition', 'attachment; filename="tcplens.csv"');
  return csvOf(explored) as never;
}
