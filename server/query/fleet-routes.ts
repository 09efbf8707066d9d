// The routes of the list of hosts, and of one host.
import { Type } from 'typebox';
import { FLEET_SORTS, FLEET_STATES, Fleet, FleetOne } from '../api/fleet.ts';
import { oneOf } from '../api/schema.ts';
import { API, HostRange, Problem } from '../api.ts';
import { type FleetParts, fleet, fleetOne } from '../fleet/fleet.ts';
import type { App } from '../http.ts';
import { checkId, checkTimes } from './checks.ts';
import type { Questions } from './questions.ts';

const closed = { additionalProperties: false } as const;
const refusals = { '4xx': Problem, '5xx': Problem } as const;
const Word = (description: string) => Type.Optional(Type.String({ maxLength: 255, description }));

const FleetQuery = Type.Object(
  {
    text: Word('words that the name, id, labels, kernel or version have, all of them'),
    state: Type.Optional(oneOf(FLEET_STATES)),
    label: Type.Optional(Type.String({ pattern: '^[^=]+=', maxLength: 255, description: 'name=value' })),
    version: Word('of the agent, exact'),
    kernel: Word('exact'),
    group: Word('a label by whose values the hosts are put together'),
    sort: Type.Optional(oneOf(FLEET_SORTS)),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 200 })),
    offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 100_000, default: 0 })),
  },
  closed,
);
const One = Type.Object({ host_id: HostRange.properties.host_id }, closed);
const Times = Type.Object({ from: HostRange.properties.from, to: HostRange.properties.to }, closed);

export function registerFleet(app: App, questions: Questions, parts: FleetParts): void {
  app.get(API.fleet, {
    schema: {
      summary: 'The hosts, in which state each is, and what became of its rows in the last five minutes',
      description: 'Without a state: all but the retired ones.',
      querystring: FleetQuery,
      response: { 200: Fleet, ...refusals },
    },
    handler: ({ query: { sort = 'state', limit = 200, offset = 0, ...asked } }, reply) =>
      questions.answer(reply, (store) => fleet({ ...parts, store }, { ...asked, sort, limit, offset }, Date.now())),
  });
  app.get(API.fleet_host, {
    schema: { summary: 'One host and its history', params: One, querystring: Times, response: { 200: FleetOne, ...refusals } },
    handler: ({ params: { host_id = '' }, query }, reply) =>
      questions.answer(reply, async (store) => {
        checkId(host_id);
        checkTimes(query.from, query.to);
        return fleetOne({ ...parts, store }, host_id, query, Date.now());
      }),
  });
}
