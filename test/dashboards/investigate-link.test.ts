// Where “investigate” leads: expressions that an investigation takes, and that mean something at the other end of a connection.
import { describe, expect, test } from 'vitest';
import { parseConnections } from '../../agent/contract/language/connections.ts';
import { parseHosts } from '../../agent/contract/language/hosts.ts';
import {
  investigateConnection,
  investigateEdge,
  investigateFilter,
  investigateLike,
  investigateListener,
} from '../../dashboards/investigate-link.ts';
import type { ViewState } from '../../dashboards/view-state.ts';

const ROW = { local_addr: '10.0.0.1', local_port: 40_000, peer_addr: '10.0.0.9', peer_port: 443 };
const cases: readonly [what: string, to: Partial<ViewState>, filter: string, hosts?: string][] = [
  ['an edge to a server', investigateEdge({ role: 'client', peer_addr: '10.0.0.9', port: 443 }), 'peer = 10.0.0.9 and peer_port = 443'],
  ['an edge of a server', investigateEdge({ role: 'server', peer_addr: 'fd77::1', port: 80 }), 'peer = fd77::1 and local_port = 80'],
  [
    'an edge over hours',
    investigateEdge({ role: 'client', peer_addr: '10.0.0.0/24', port: 443 }),
    'peer = 10.0.0.0/24 and peer_port = 443',
  ],
  ['an edge without a service', investigateEdge({ role: 'unknown', peer_addr: '10.0.0.9', port: 0 }), 'peer = 10.0.0.9'],
  [
    'packets of nobody knows which side',
    investigateEdge({ role: 'unknown', peer_addr: '10.0.0.9', port: 81 }),
    'peer = 10.0.0.9 and port = 81',
  ],
  ['a listener', investigateListener({ port: 22 }), 'local_port = 22'],
  ['what a client sent again', investigateLike({ ...ROW, role: 'client' }), 'peer = 10.0.0.9 and peer_port = 443'],
  ['what a server sent again', investigateLike({ ...ROW, role: 'server' }), 'peer = 10.0.0.9 and local_port = 40000'],
  ['what somebody sent again', investigateLike({ ...ROW, role: 'unknown' }), 'peer = 10.0.0.9'],
  [
    'a connection that lives',
    investigateConnection({ ...ROW, role: 'client', closed_ms: null }),
    'local = 10.0.0.1 and local_port = 40000 and peer = 10.0.0.9 and peer_port = 443',
  ],
  ['a connection that is over', investigateConnection({ ...ROW, role: 'client', closed_ms: 7 }), 'peer = 10.0.0.9 and peer_port = 443'],
  ['a page of everything', investigateFilter(''), 'port >= 1'],
  ['a page of some', investigateFilter('process = nginx and (port = 80 or port = 443)'), 'process = nginx and (port = 80 or port = 443)'],
  ['alternatives', investigateFilter('port = 80 or port = 443'), 'port = 80 or port = 443'],
  [
    'a page of some rows of a host',
    investigateFilter('host = web-1 and class = rto and peer in 10.0.0.0/8'),
    'peer in 10.0.0.0/8',
    'host = web-1',
  ],
  ['a page of labels', investigateFilter('label.env = prod and host != "web 2"'), 'port >= 1', 'label.env = prod and host != "web 2"'],
  ['a page of what nobody can follow', investigateFilter('state = close_wait'), 'port >= 1'],
  ['no expression', investigateFilter('port ='), 'port >= 1'],
];

describe('leads to the form', () => {
  test.each(cases)('%s', (_, to, filter, hosts = '') => {
    expect(to).toEqual({
      page: 'investigations',
      filter,
      investigations: { hosts, detail: 'packets', user_stacks: false, minutes: 1, rows: 5000, keep: 30, note: '' },
      connection: null,
      panel: null,
    });
    expect(() => [parseConnections(filter), parseHosts(hosts)]).not.toThrow();
  });
});
