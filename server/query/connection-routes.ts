// The routes of the list of connections, and of one connection.
import { type TSchema, Type } from 'typebox';
import { CONNECTION_SORTS, Connections, ListedConnection, PHASES } from '../api/connections.ts';
import { oneOf } from '../api/schema.ts';
import { API, Connection, Problem, Range } from '../api.ts';
import { COMMANDS_WITHHELD, seesCommands } from '../door/principal.ts';
import { Refusal } from '../errors.ts';
import type { App } from '../http.ts';
import type { Namer } from '../storage/language/names.ts';
import { connection } from '../storage/queries/connection.ts';
import { connectionList, PLACE } from '../storage/queries/connection-list.ts';
import type { Store } from '../storage/store.ts';
import { askedOf } from './asked.ts';
import { checkId } from './checks.ts';
import type { Questions } from './questions.ts';

const closed = { additionalProperties: false } as const;
const refusals = { '4xx': Problem, '5xx': Problem } as const;
const { end_reason, state, host_id, connection_id } = ListedConnection.properties;
const optional = <Schema extends TSchema>(schema: Schema) => Type.Optional(schema);

const LIST_DEFAULT = { sort: 'last_ms', limit: 500 } as const;

const ListQuery = Type.Object(
  {
    ...Range.properties,
    phase: optional(oneOf(PHASES)),
    end_reason: optional(end_reason),
    state: optional(state),
    sort: optional(
      Type.Unsafe<(typeof CONNECTION_SORTS)[number]>({ type: 'string', enum: [...CONNECTION_SORTS], default: LIST_DEFAULT.sort }),
    ),
    after: optional(
      Type.String({ pattern: PLACE.source, maxLength: 80, description: 'what the page before gave as `next`, with its from and to' }),
    ),
    limit: optional(Type.Integer({ minimum: 1, maximum: 1000, default: LIST_DEFAULT.limit })),
  },
  closed,
);
const One = Type.Object({ host_id, connection_id }, closed);

export function registerConnections(app: App, questions: Questions, namer: Namer & { store: Store }): void {
  app.get(API.connections, {
    schema: {
      summary: 'Connections of a range, the largest by any column first',
      description: 'Those with a row in the range: one that has neither moved nor ended in it is not among them.',
      querystring: ListQuery,
      response: { 200: Connections, ...refusals },
    },
    handler: (
      { query: { phase, end_reason: reason, state: now, sort = LIST_DEFAULT.sort, after, limit = LIST_DEFAULT.limit, ...range } },
      reply,
    ) =>
      questions.answer(reply, async (store) => {
        for (const id of PLACE.exec(after ?? '')?.slice(2) ?? []) checkId(id);
        const asked = { phase, end_reason: reason, state: now, sort, after, limit };
        return connectionList(store, await askedOf(namer, range), asked, Date.now());
      }),
  });
  app.get(API.connection, {
    schema: { summary: 'All that is known about one connection', params: One, response: { 200: Connection, ...refusals } },
    handler: ({ params, who }, reply) =>
      questions.answer(reply, async (store) => {
        for (const id of [params.host_id, params.connection_id]) checkId(id);
        const found = await connection(store, params.host_id, params.connection_id);
        if (!found) throw new Refusal('not_found', `no row of connection ${params.connection_id} of host ${params.host_id} is stored`);
        return seesCommands(who) ? found : { ...found, command: '', command_withheld: COMMANDS_WITHHELD };
      }),
  });
}
