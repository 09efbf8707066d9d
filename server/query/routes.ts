// The routes for people and their tools: each has its schemas and one query.
import { Type } from 'typebox';
import { Accounting } from '../api/accounting.ts';
import { Drops, Listeners, Resets } from '../api/causes.ts';
import { API, EDGE_SORTS, Edges, HOST_SORTS, HostRange, Hosts, Overview, Problem, Range, Retransmits } from '../api.ts';
import type { App } from '../http.ts';
import type { Namer } from '../storage/language/names.ts';
import { accounting } from '../storage/queries/accounts.ts';
import { drops, resets } from '../storage/queries/causes.ts';
import { edges } from '../storage/queries/edges.ts';
import { hosts, PLACE } from '../storage/queries/hosts.ts';
import { listeners } from '../storage/queries/listeners.ts';
import { overview } from '../storage/queries/overview.ts';
import { retransmits } from '../storage/queries/retransmits.ts';
import type { Store } from '../storage/store.ts';
import { askedOf } from './asked.ts';
import { checkId, checkTimes } from './checks.ts';
import { registerConnections } from './connection-routes.ts';
import { registerMap } from './map-routes.ts';
import { registerPiles } from './pile-routes.ts';
import type { Questions } from './questions.ts';
import { registerRowKinds } from './row-kinds.ts';

export const EDGES_DEFAULT = { sort: 'retrans', limit: 50 } as const;

/** Default limit of groups of listeners, resets or drops in an answer. */
const CAUSES_DEFAULT = 50;

const closed = { additionalProperties: false } as const;

const limit = (most: number, usual: number) => Type.Optional(Type.Integer({ minimum: 1, maximum: most, default: usual }));

const EdgesQuery = Type.Object(
  {
    ...Range.properties,
    sort: Type.Optional(Type.Unsafe<(typeof EDGE_SORTS)[number]>({ type: 'string', enum: [...EDGE_SORTS], default: EDGES_DEFAULT.sort })),
    limit: limit(500, EDGES_DEFAULT.limit),
  },
  closed,
);
const RetransmitsQuery = Type.Object({ ...Range.properties, limit: limit(1000, 200) }, closed);
/** `history` also reads rows of other kinds, which takes longer: pages that ask every few seconds leave it out. */
const ListenersQuery = Type.Object(
  {
    ...Range.properties,
    limit: limit(500, CAUSES_DEFAULT),
    history: Type.Optional(Type.Boolean({ default: false, description: 'also when nobody listened, and SYNs that clients sent again' })),
  },
  closed,
);
const CausesQuery = Type.Object({ ...Range.properties, limit: limit(500, CAUSES_DEFAULT) }, closed);
/** By default at most so many hosts are listed; each comes with its whole account. */
const HOSTS_DEFAULT = { sort: 'name', limit: 500 } as const;

const Times = { from: Range.properties.from, to: Range.properties.to };
const HostsQuery = Type.Object(
  {
    ...Times,
    name: Type.Optional(Type.String({ maxLength: 255, description: 'only hosts of this name, exact' })),
    sort: Type.Optional(
      Type.Unsafe<(typeof HOST_SORTS)[number]>({
        type: 'string',
        enum: [...HOST_SORTS],
        default: HOSTS_DEFAULT.sort,
        description: 'by name, in pages; or the longest silent first, which has no further page',
      }),
    ),
    after: Type.Optional(Type.String({ pattern: PLACE.source, maxLength: 300, description: 'what the page before gave as `next`' })),
    limit: limit(1000, HOSTS_DEFAULT.limit),
  },
  closed,
);
const AccountingQuery = Type.Object({ ...Times, host_id: HostRange.properties.host_id, limit: limit(1000, 100) }, closed);

const refusals = { '4xx': Problem, '5xx': Problem } as const;

export function registerQueries(app: App, questions: Questions, namer: Namer & { store: Store }): void {
  app.get(API.overview, {
    schema: { summary: 'Tiles and charts of a range', querystring: Range, response: { 200: Overview, ...refusals } },
    handler: ({ query }, reply) => questions.answer(reply, async (store) => overview(store, await askedOf(namer, query), Date.now())),
  });
  app.get(API.edges, {
    schema: { summary: 'Who talks to whom: process to peer and port', querystring: EdgesQuery, response: { 200: Edges, ...refusals } },
    handler: ({ query: { sort = EDGES_DEFAULT.sort, limit: most = EDGES_DEFAULT.limit, ...range } }, reply) =>
      questions.answer(reply, async (store) => edges(store, await askedOf(namer, range), { sort, limit: most }, Date.now())),
  });
  app.get(API.retransmits, {
    schema: {
      summary: 'The newest retransmissions of a range',
      querystring: RetransmitsQuery,
      response: { 200: Retransmits, ...refusals },
    },
    handler: ({ query: { limit: most = 200, ...range } }, reply) =>
      questions.answer(reply, async (store) => retransmits(store, await askedOf(namer, range), most, Date.now())),
  });
  registerRowKinds(app);
  registerCauses(app, namer, questions);
  registerConnections(app, questions, namer);
  registerPiles(app, questions, namer);
  registerMap(app, questions, namer);
  app.get(API.hosts, {
    schema: { summary: 'Hosts, their hooks and the account of their rows', querystring: HostsQuery, response: { 200: Hosts, ...refusals } },
    handler: ({ query: { name, after, sort = HOSTS_DEFAULT.sort, limit: most = HOSTS_DEFAULT.limit, ...range } }, reply) =>
      questions.answer(reply, (store) => hosts(store, checked(range), { limit: most, sort, after: checkedPlace(after), name }, Date.now())),
  });
  app.get(API.accounting, {
    schema: {
      summary: 'What became of the rows of a range, in steps and by host',
      querystring: AccountingQuery,
      response: { 200: Accounting, ...refusals },
    },
    handler: ({ query: { limit: most = 100, ...range } }, reply) =>
      questions.answer(reply, (store) => accounting(store, checked(range), most, Date.now())),
  });
}

/** Routes about connections that fail on the hosts themselves. */
function registerCauses(app: App, namer: Namer & { store: Store }, questions: Questions): void {
  app.get(API.listeners, {
    schema: {
      summary: 'Listening sockets and their accept queues',
      querystring: ListenersQuery,
      response: { 200: Listeners, ...refusals },
    },
    handler: ({ query: { limit: most = CAUSES_DEFAULT, history = false, ...range } }, reply) =>
      questions.answer(reply, async (store) => listeners(store, await askedOf(namer, range), { limit: most, history }, Date.now())),
  });
  app.get(API.resets, {
    schema: { summary: 'Resets by reason, process and peer', querystring: CausesQuery, response: { 200: Resets, ...refusals } },
    handler: ({ query: { limit: most = CAUSES_DEFAULT, ...range } }, reply) =>
      questions.answer(reply, async (store) => resets(store, await askedOf(namer, range), most, Date.now())),
  });
  app.get(API.drops, {
    schema: {
      summary: 'Packets that the hosts dropped, by reason and place',
      querystring: CausesQuery,
      response: { 200: Drops, ...refusals },
    },
    handler: ({ query: { limit: most = CAUSES_DEFAULT, ...range } }, reply) =>
      questions.answer(reply, async (store) => drops(store, await askedOf(namer, range), most, Date.now())),
  });
}

/** Checks of a range beyond its schema. */
function checked(range: HostRange): HostRange {
  checkTimes(range.from, range.to);
  checkId(range.host_id);
  return range;
}

/** Checks the form of `after`, the place in the list of hosts after which a page begins. */
function checkedPlace(after: string | undefined): string | undefined {
  checkId(after && PLACE.exec(after)?.[1]);
  return after;
}
