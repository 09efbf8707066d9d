// The route of sockets that pile up.
import { Type } from 'typebox';
import { PILE_SORTS, PILE_STATES, Piles } from '../api/piles.ts';
import { oneOf } from '../api/schema.ts';
import { API, Problem, Range } from '../api.ts';
import type { App } from '../http.ts';
import type { Namer } from '../storage/language/names.ts';
import { piles } from '../storage/queries/piles.ts';
import type { Store } from '../storage/store.ts';
import { askedOf } from './asked.ts';
import type { Questions } from './questions.ts';

const DEFAULT = { sort: 'connections', limit: 100 } as const;

const PilesQuery = Type.Object(
  {
    ...Range.properties,
    state: Type.Optional(oneOf(PILE_STATES)),
    sort: Type.Optional(Type.Unsafe<(typeof PILE_SORTS)[number]>({ type: 'string', enum: [...PILE_SORTS], default: DEFAULT.sort })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: DEFAULT.limit, description: 'of each list' })),
  },
  { additionalProperties: false },
);

export function registerPiles(app: App, questions: Questions, namer: Namer & { store: Store }): void {
  app.get(API.piles, {
    schema: {
      summary: 'Sockets that pile up: by state and owner, TIME_WAIT by who closes first, local ports by destination',
      description: 'state, sort and limit are of `piles`; limit also of the other lists.',
      querystring: PilesQuery,
      response: { 200: Piles, '4xx': Problem, '5xx': Problem },
    },
    handler: ({ query: { state, sort = DEFAULT.sort, limit = DEFAULT.limit, ...range } }, reply) =>
      questions.answer(reply, async (store) => piles(store, await askedOf(namer, range), { state, sort, limit }, Date.now())),
  });
}
