// The routes for any question, and for the values that the editor of filters suggests.
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { FilterError } from '../../agent/contract/language/filter-error.ts';
import { Differs, DiffersQuery } from '../api/differs.ts';
import { Explored, ExploreNames, ExploreQuery, QuestionProgress, Values, ValuesQuery } from '../api/explore.ts';
import { API, Problem } from '../api.ts';
import { hasRole } from '../door/principal.ts';
import { Refusal } from '../errors.ts';
import type { App } from '../http.ts';
import { differs } from '../storage/explore/differs/differs.ts';
import { type Explorer, explore } from '../storage/explore/explore.ts';
import { exploreNames } from '../storage/explore/names.ts';
import { ExploreError } from '../storage/explore/plan.ts';
import { valuesOf } from '../storage/explore/values.ts';
import { checkTimes } from './checks.ts';
import { csvOf } from './csv.ts';
import { parquetOf } from './parquet.ts';
import { QUESTION_HEADER, QUESTION_ID, type Questions } from './questions.ts';

const refusals = { '4xx': Problem, '5xx': Problem } as const;

export function registerExplore(app: App, questions: Questions, explorer: Explorer & { differs_ms: number }): void {
  app.get(API.explore, {
    schema: {
      summary: 'Metrics by dimensions, of the rows that a filter leaves, in steps and beside an earlier time',
      description: 'With format=csv the answer is text/csv, with format=parquet a Parquet file: the columns and rows alone.',
      querystring: ExploreQuery,
      response: { 200: Explored, ...refusals },
    },
    handler: ({ query, who }, reply) =>
      questions.answer(reply, async (store) => {
        checkTimes(query.from, query.to);
        if (query.sql && !hasRole(who, 'operator'))
          throw new Refusal('role_needed', 'the statement is shown to operators: ask without sql=true');
        const explored = await refusing(() => explore({ ...explorer, store }, query, Date.now()));
        return query.format === 'csv' || query.format === 'parquet' ? asFile(reply, query.format, explored) : explored;
      }),
  });
  app.get(API.explore_differs, {
    schema: {
      summary: 'What differs in a time from one before it: values of dimensions, by how much of a metric’s change they explain',
      description:
        'One statement of each dimension, one after the other. Those that would take too long or read too much are left out, and named.',
      querystring: DiffersQuery,
      response: { 200: Differs, ...refusals },
    },
    handler: ({ query }, reply) =>
      questions.answer(reply, async (store) => {
        checkTimes(query.from, query.to);
        return refusing(() => differs({ ...explorer, store }, query, Date.now()));
      }),
  });
  app.get(API.question, {
    schema: {
      summary: 'How far a question is that was asked with an id of its own',
      description: `Whoever asks anything gives it a name in the header ${QUESTION_HEADER}: 16 to 64 of a–z, 0–9 and -, at random.`,
      params: Type.Object({ id: Type.String({ pattern: QUESTION_ID.source }) }, { additionalProperties: false }),
      response: { 200: QuestionProgress, ...refusals },
    },
    handler: ({ params }) => questions.progress(params.id),
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
      questions.answer(reply, async (store) => {
        checkTimes(query.from, query.to);
        return refusing(() => valuesOf({ ...explorer, store }, query, Date.now()));
      }),
  });
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

const FILES = {
  csv: { type: 'text/csv; charset=utf-8', bytesOf: csvOf },
  parquet: { type: 'application/vnd.apache.parquet', bytesOf: parquetOf },
} as const;

function asFile(reply: FastifyReply, format: keyof typeof FILES, explored: Explored): never {
  void reply.type(FILES[format].type).header('content-disposition', `attachment; filename="tcplens.${format}"`);
  return FILES[format].bytesOf(explored) as never;
}
