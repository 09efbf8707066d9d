// Which expressions are about connections, and which about hosts; and what is said of the others.
import { expect, test } from 'vitest';
import { CONNECTION_FIELDS, parseConnections } from '../../../../agent/contract/language/connections.ts';
import { FilterError } from '../../../../agent/contract/language/filter-error.ts';
import { type HostFacts, isHost, parseHosts } from '../../../../agent/contract/language/hosts.ts';

function refusal(parse: (expression: string) => unknown, expression: string) {
  try {
    parse(expression);
  } catch (error) {
    if (error instanceof FilterError)
      return { marked: expression.slice(error.span.start, error.span.end), code: error.code, problem: error.problem };
    throw error;
  }
  return undefined;
}

test('the fields of connections are those that no row of one contradicts', () => {
  expect(CONNECTION_FIELDS).toEqual([
    'addr',
    'local',
    'peer',
    'family',
    'port',
    'local_port',
    'peer_port',
    'process',
    'pid',
    'uid',
    'cgroup',
    'netns',
    'role',
  ]);
});

test.each([
  ['peer in 10.2.0.0/24 and port = 443', undefined],
  ['process = "nginx*" and not uid = 0 or role = server', undefined],
  ['port = 443 and kind = drop', { marked: 'kind', code: 'filter_place', problem: /all kinds/ }],
  ['not (port = 443 or class = rto)', { marked: 'class', code: 'filter_place', problem: /look for class in the rows/ }],
  ['reason = no_socket', { marked: 'reason', code: 'filter_place', problem: /look for reason/ }],
  ['state = established', { marked: 'state', code: 'filter_place', problem: /changes while a connection lives/ }],
  ['srtt > 100ms', { marked: 'srtt', code: 'filter_place', problem: /changes while a connection lives/ }],
  ['host = web-1', { marked: 'host', code: 'filter_place', problem: /sees one host/ }],
  ['port =', { marked: '', code: 'filter_syntax', problem: /value/ }],
] as const)('connections: %s', (expression, wanted) => {
  const found = refusal(parseConnections, expression);
  expect(found).toEqual(wanted && { ...wanted, problem: expect.stringMatching(wanted.problem) });
});

const WEB: HostFacts = { host_id: '00000000000000a1', name: 'web-1', labels: { env: 'prod', zone: 'a' } };
const PLAIN: HostFacts = { host_id: '00000000000000a2', name: 'db-1', labels: {} };
test.each([
  ['', [true, true]],
  ['host = web-1', [true, false]],
  ['host = 00000000000000a2', [false, true]],
  ['host != web-1', [false, true]],
  ['label.env = prod', [true, false]],
  ['label.env != prod', [false, false]],
  ['not label.env = prod', [false, true]],
  ['label.env in (test, prod) and label.zone not in (b, c) or host in (db-1, db-2)', [true, true]],
])('hosts: "%s" are %j', (expression, wanted) => {
  const tree = parseHosts(expression);
  expect([isHost(tree, WEB), isHost(tree, PLAIN)]).toEqual(wanted);
});

test('hosts: what says nothing of hosts is refused at its place', () => {
  expect(refusal(parseHosts, 'host = web-1 and port = 443')).toMatchObject({ marked: 'port = 443', code: 'filter_place' });
});
