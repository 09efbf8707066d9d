// The filter that a row leads to leaves its connections, and of the filter before what it says of others.
import { expect, test } from 'vitest';
import { problemOf } from '../../dashboards/filter-check.ts';
import { narrowed } from '../../dashboards/narrowed.ts';

const EDGE = { host: 'web 1', comm: 'nginx', peer_addr: '10.0.0.1', port: 443 };

test.each([
  ['', EDGE, false, 'process = nginx and peer = 10.0.0.1 and service_port = 443'],
  ['', EDGE, true, 'host = "web 1" and process = nginx and peer = 10.0.0.1 and service_port = 443'],
  ['', { ...EDGE, comm: '', port: 0 }, false, 'not process = * and peer = 10.0.0.1 and not service_port >= 1'],
  ['', { ...EDGE, peer_addr: '10.0.0.0/24' }, false, 'process = nginx and peer = 10.0.0.0/24 and service_port = 443'],
  ['', { host: 'a', comm: 'nginx', port: 443 }, false, 'process = nginx and service_port = 443'],
  [
    'process = ng* and class = rto or pid = 1',
    EDGE,
    false,
    '(process = ng* and class = rto or pid = 1) and process = nginx and peer = 10.0.0.1 and service_port = 443',
  ],
  [
    'label.env = prod and peer in 10.0.0.0/8',
    EDGE,
    false,
    'label.env = prod and process = nginx and peer = 10.0.0.1 and service_port = 443',
  ],
  ['not process = * and port = 1', { ...EDGE, comm: '' }, false, 'port = 1 and not process = * and peer = 10.0.0.1 and service_port = 443'],
] as const)('%j, %j, of many hosts: %j', (before, row, manyHosts, after) => {
  expect(narrowed(before, row, manyHosts)).toBe(after);
  expect(narrowed(after, row, manyHosts)).toBe(after);
  expect(problemOf(after)).toBeUndefined();
});
