// The route of the map.
import { Type } from 'typebox';
import { MAP_HARMS, WorkloadMap } from '../api/map.ts';
import { API, Problem, Range } from '../api.ts';
import type { App } from '../http.ts';
import type { Namer } from '../storage/language/names.ts';
import { workloadMap } from '../storage/queries/workload-map.ts';
import type { Store } from '../storage/store.ts';
import { askedOf } from './asked.ts';
import type { Questions } from './questions.ts';

const DEFAULT = { harm: 'lost_ratio', limit: 500 } as const;

const MapQuery = Type.Object(
  {
    ...Range.properties,
    harm: Type.Optional(
      Type.Unsafe<(typeof MAP_HARMS)[number]>({
        type: 'string',
        enum: [...MAP_HARMS],
        default: DEFAULT.harm,
        description: 'the worst first',
      }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 2000, default: DEFAULT.limit })),
  },
  { additionalProperties: false },
);

export function registerMap(app: App, questions: Questions, namer: Namer & { store: Store }): void {
  app.get(API.map, {
    schema: {
      summary: 'Workloads, and what they say to each other: what both ends saw is one edge',
      description: 'Of connections of which an end fits the filter: the other end is named though it does not.',
      querystring: MapQuery,
      response: { 200: WorkloadMap, '4xx': Problem, '5xx': Problem },
    },
    handler: ({ query: { harm = DEFAULT.harm, limit = DEFAULT.limit, ...range } }, reply) =>
      questions.answer(reply, async (store) => workloadMap({ ...namer, store }, await askedOf(namer, range), { harm, limit }, Date.now())),
  });
}
