// Verdicts added up, and as sentences.
import { expect, test } from 'vitest';
import { claimsOf } from '../../../agent/verdict/claims.ts';
import type { Evidence } from '../../../agent/verdict/evidence.ts';
import { findInSteps } from '../../../agent/verdict/found.ts';
import { atOnce } from '../../../agent/verdict/joined.ts';
import { CLIENT, NO_SOCKET, SERVER, SYN, Told } from './talk.ts';

/** Connects to a port where nobody listens, of clients that are watched too. */
function refusals(count: number): Told {
  const told = new Told();
  for (let port = 1; port <= count; port++) {
    const [client, server] = [
      { ...CLIENT, connection_id: BigInt(port), local_port: port },
      { ...SERVER, peer_port: port },
    ];
    told
      .add('reset', port, { ...server, ...NO_SOCKET, direction: 'sent', reason: 'no_socket', tcp_flags: SYN })
      .add('reset', port, { ...client, direction: 'received', state: 'syn_sent', has_socket: true })
      .add('connection', port, { ...client, role: 'client', event: 'failed', end_reason: 'refused', duration_us: 1000 });
  }
  return told;
}

const found = (evidence: Evidence) => atOnce(findInSteps(evidence));
const timeout = (told: Told) =>
  told.add('connection', 5000, { ...CLIENT, role: 'client', event: 'failed', end_reason: 'timeout', duration_us: 1000 });

test('by cause and network, the most first, with rows that say so', () => {
  const claims = claimsOf(found(timeout(refusals(7)).evidence));
  expect(claims.map(({ sentence }) => sentence)).toEqual([
    '7 of 8 failed connects to 10.2.0.0/24: nobody listened on port 80 there, and the host itself answered with a reset.',
    '1 of 8 failed connect to 10.2.0.0/24: why is not known, for want of packet rows of both hosts.',
  ]);
  expect(claims).toMatchObject([
    { about: 'connect', cause: 'no_listener', network: '10.2.0.0/24', connections: 7, of_connections: 8, us: 0, missing: '' },
    { about: 'connect', cause: 'not_known', connections: 1, missing: 'packet rows of both hosts' },
  ]);
  expect(claims[0]?.rests_on).toHaveLength(12);
  expect(new Set(claims[0]?.rests_on.map(({ kind }) => kind))).toEqual(new Set(['connection', 'reset']));
});

test('networks as the caller names them', () => {
  expect(claimsOf(found(refusals(2).evidence), () => 'shop').map(({ network }) => network)).toEqual(['shop']);
});

test('a reset names the process whose doing it is, and no process where it is none’s', () => {
  const sent = (reason: string) =>
    new Told().add('reset', 1, { ...SERVER, direction: 'sent', has_socket: true, state: 'established', reason, comm: 'nginx' });
  const said = (reason: string) => claimsOf(found(sent(reason).evidence)).map(({ sentence }) => sentence);
  expect(said('tcp_abort_on_close')).toEqual([
    '1 of 1 reset of connections with 10.1.0.0/24 was sent by this end (nginx): its process closed the connection, or ended, with received data unread.',
  ]);
  expect(said('tcp_keepalive_timeout')).toEqual([
    '1 of 1 reset of connections with 10.1.0.0/24 was sent by this end: its kernel gave up, since nothing was answered any more.',
  ]);
});

test('shares of the time, and no claim of what is next to nothing', () => {
  const told = new Told().add('connection', 1, {
    ...CLIENT,
    role: 'client',
    event: 'close',
    duration_us: 2_000_000,
    connect_us: 5000,
    busy_us: 1_000_000,
    sndbuf_limited_us: 600_000,
    bytes_sent: 9,
  });
  expect(claimsOf(found(told.evidence)).map(({ sentence, us, of_us }) => [us, of_us, sentence])).toEqual([
    [995_000, 2_000_000, '50 % of the 2.0 s of a connection with 10.2.0.0/24: the application of this end had nothing to send.'],
    [600_000, 2_000_000, '30 % of the 2.0 s of a connection with 10.2.0.0/24: the send buffer of this end was full.'],
    [400_000, 2_000_000, '20 % of the 2.0 s of a connection with 10.2.0.0/24: data was on its way: the path’s round trip, or its rate.'],
  ]);
});
