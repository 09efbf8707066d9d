// The page restates a few values of the API, since importing them would bring the schema builder into the bundle. The
// compiler holds them equal by type; this holds what the page asks for to what the server has.
import { expect, test } from 'vitest';
import { createApiClient } from '../../dashboards/api-client.ts';
import { ALL_PHASES, CONNECTION_ORDERS, connectionsQuery } from '../../dashboards/connections-view.ts';
import { HARMS } from '../../dashboards/map-view.ts';
import { PATHS } from '../../dashboards/people-client.ts';
import { PILE_ORDERS, PILED_STATES, pilesQuery } from '../../dashboards/piles-view.ts';
import { SORTS } from '../../dashboards/view-state.ts';
import { CLASS_ORDER } from '../../dashboards/words.ts';
import { ADMIN_API } from '../../server/api/admin.ts';
import { CONNECTION_SORTS, PHASES } from '../../server/api/connections.ts';
import { MAP_HARMS } from '../../server/api/map.ts';
import { PEOPLE_API } from '../../server/api/people.ts';
import { PILE_SORTS, PILE_STATES } from '../../server/api/piles.ts';
import { VIEWS_API } from '../../server/api/views.ts';
import { EDGE_SORTS, STACKED_CLASSES } from '../../server/api.ts';
import { QUESTION_HEADER, QUESTION_ID } from '../../server/query/questions.ts';

const answer = (status: number, body: string) => async () => new Response(body, { status });
const { signal } = new AbortController();

test('orders are the API’s', () => {
  expect(CLASS_ORDER).toEqual(STACKED_CLASSES);
  expect(SORTS).toEqual(EDGE_SORTS);
  expect(CONNECTION_ORDERS).toEqual(CONNECTION_SORTS);
  expect(ALL_PHASES).toEqual(PHASES);
  expect(PILE_ORDERS).toEqual(PILE_SORTS);
  expect(HARMS).toEqual(MAP_HARMS);
  expect(PILED_STATES).toEqual(PILE_STATES);
});

test('paths of people and admins are the API’s', () => {
  expect({ ...ADMIN_API, ...PEOPLE_API, ...VIEWS_API }).toMatchObject(PATHS);
});

test('a question is named in the API’s header', async () => {
  const headers: string[] = [];
  const api = createApiClient(async (_, options) => {
    headers.push(new Headers(options?.headers).get(QUESTION_HEADER) ?? '');
    return Response.json({});
  });
  await api.health(signal);
  await api.health(signal);
  expect(headers).toEqual([expect.stringMatching(QUESTION_ID), expect.stringMatching(QUESTION_ID)]);
  expect(new Set(headers).size).toBe(2);
});

test('paths and parameters', async () => {
  const asked: string[] = [];
  const api = createApiClient(async (url) => {
    asked.push(String(url));
    return Response.json({});
  });
  await api.overview({ from: '1', filter: 'process = "a b"' }, signal);
  await api.edges({ filter: 'service_port = 1' }, 'failed', signal);
  await api.retransmits({}, signal);
  await api.listeners({ from: '80' }, signal);
  await api.resets({}, signal);
  await api.drops({ from: '1' }, signal);
  await api.connections({ from: '1', ...connectionsQuery({ by: 'bytes', reason: 'refused', phase: 'failed' }) }, signal);
  await api.piles(pilesQuery({ by: 'growth', state: 'close_wait' }), signal);
  await api.hosts({}, signal);
  await api.connection({ host_id: '1', connection_id: '2' }, signal);
  expect(asked).toEqual([
    '/api/v1/overview?from=1&filter=process+%3D+%22a+b%22',
    '/api/v1/edges?filter=service_port+%3D+1&sort=failed',
    '/api/v1/retransmits',
    '/api/v1/listeners?from=80',
    '/api/v1/resets',
    '/api/v1/drops?from=1',
    '/api/v1/connections?from=1&sort=bytes&phase=failed&end_reason=refused',
    '/api/v1/piles?sort=growth&state=close_wait',
    '/api/v1/hosts',
    '/api/v1/connections/1/2',
  ]);
});

test.each([
  [
    'a refusal keeps the server’s words',
    answer(503, '{"code":"too_many_queries","message":"try again"}'),
    'too_many_queries',
    'try again',
    503,
  ],
  ['an answer without words', answer(502, '<html>'), 'http', 'The collector answered 502', 502],
  ['a refusal without a code', answer(403, '{"message":"Forbidden"}'), 'http', 'The collector answered 403', 403],
  ['a code that is no text', answer(400, '{"code":7,"message":"no"}'), 'http', 'The collector answered 400', 400],
  ['a refusal that is no object', answer(500, 'null'), 'http', 'The collector answered 500', 500],
  ['a refusal that is cut off', answer(503, '{"code":"too_ma'), 'http', 'The collector answered 503', 503],
  ['a page in place of an answer', answer(200, '<html>Please log in</html>'), 'http', 'something else answered in its place', 200],
  ['nothing in place of an answer', answer(200, ''), 'http', 'something else answered in its place', 200],
  ['no answer', () => Promise.reject(new TypeError('Failed to fetch')), 'unreachable', 'The collector does not answer', 0],
])('%s', async (_name, respond, code, message, status) => {
  const asked = createApiClient(respond).hosts({}, signal);
  await expect(asked).rejects.toMatchObject({ code, status, message: expect.stringContaining(message) });
});
