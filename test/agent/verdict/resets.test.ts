// Who reset a connection, and why, by rows made by hand.
import { expect, test } from 'vitest';
import { judgeCauses } from '../../../agent/verdict/causes.ts';
import { causeOfSent } from '../../../agent/verdict/reset-cause.ts';
import type { Rows } from '../../../bpf/rows/rows.gen.ts';
import { rowOf } from './rows.ts';
import { CLIENT, DATA, ISNS, NO_SOCKET, ROUTER, RST, SERVER, Told } from './talk.ts';

const SENT: [string, Partial<Rows['reset']>, Partial<Rows['connection']> | undefined, string][] = [
  ['with data unread', { has_socket: true, reason: 'tcp_abort_on_close', unread: 5 }, undefined, 'closed_unread'],
  ['SO_LINGER, whatever the kernel names it', { has_socket: true, reason: 'tcp_state', linger_zero: true }, undefined, 'linger'],
  ['a state in which nothing else is left', { has_socket: true, reason: 'tcp_state' }, undefined, 'aborted'],
  ['data after close', { has_socket: true, reason: 'tcp_abort_on_data' }, undefined, 'data_after_close'],
  [
    'data for a socket in TIME_WAIT, after its process had closed',
    { state: 'time_wait', reason: 'tcp_timewait_socket' },
    { end_reason: 'fin_local' },
    'data_after_close',
  ],
  [
    'a late segment for one that the peer had closed',
    { state: 'time_wait', reason: 'tcp_timewait_socket' },
    { end_reason: 'fin_peer' },
    'stray',
  ],
  [
    'data for a socket that is gone, after its process had closed',
    { reason: 'no_socket', tcp_flags: DATA },
    { end_reason: 'fin_local' },
    'data_after_close',
  ],
  ['no socket', { reason: 'no_socket', tcp_flags: DATA }, undefined, 'connection_gone'],
  ['keepalive', { has_socket: true, reason: 'tcp_keepalive_timeout' }, undefined, 'gave_up'],
  ['no memory', { has_socket: true, reason: 'tcp_abort_on_memory' }, undefined, 'memory'],
  ['a kernel that does not say, with data unread', { has_socket: true, state: 'established', unread: 5 }, undefined, 'closed_unread'],
  ['a kernel that does not say', { has_socket: true, state: 'established' }, undefined, 'not_known'],
  ['a kernel that does not say, and no socket', {}, undefined, 'connection_gone'],
];

test.each(SENT)('%s', (_, values, ended, cause) => {
  expect(causeOfSent(rowOf('reset', { direction: 'sent', ...values }), ended && rowOf('connection', ended))).toBe(cause);
});

const open = () =>
  new Told()
    .add('connection', 0, { ...CLIENT, ...ISNS.client, role: 'client', event: 'open', state: 'established' })
    .add('connection', 0, { ...SERVER, ...ISNS.server, role: 'server', event: 'open', state: 'established' });
const came = (told: Told) => told.add('reset', 100, { ...CLIENT, direction: 'received', has_socket: true, state: 'established' });
const sent = (told: Told) =>
  told.add('reset', 101, {
    ...SERVER,
    direction: 'sent',
    has_socket: true,
    state: 'established',
    reason: 'tcp_abort_on_close',
    comm: 'nginx',
    unread: 9,
  });
const packet = (told: Told, at_ms: number, values: Partial<Rows['packet']>) =>
  told.add('packet', at_ms, { ...NO_SOCKET, ttl: 64, ...values });
const fromServer = { ...SERVER, direction: 'sent', place: 'device_out' } as const;
const toClient = { ...CLIENT, direction: 'received', place: 'device_in' } as const;

const talked = (told: Told) =>
  packet(packet(told, 50, { ...fromServer, tcp_flags: DATA, length: 9 }), 50, { ...toClient, tcp_flags: DATA, length: 9, ttl: 63 });
const CAME: [string, Told, Record<string, unknown>][] = [
  ['the peer’s process', sent(came(open())), { cause: 'closed_unread', sender: 'peer', comm: 'nginx', host: { host_id: SERVER.host_id } }],
  [
    'the peer’s firewall',
    packet(came(talked(open())), 99, { ...fromServer, tcp_flags: RST }),
    { cause: 'firewall', sender: 'peer', comm: '', host: { netns: SERVER.netns } },
  ],
  [
    'a watched host on the way',
    packet(came(talked(open())), 99, { ...fromServer, ...ROUTER, tcp_flags: RST }),
    { cause: 'device_between', sender: 'between', host: ROUTER },
  ],
  [
    'a device on the way: the peer’s host sent nothing',
    came(talked(open())),
    { cause: 'device_between', sender: 'between', host: undefined },
  ],
  ['without packets nobody knows', came(open()), { cause: 'not_known', sender: 'not_known', peer_observed: true }],
];

test.each(CAME)('%s', (_, told, expected) => {
  expect(judgeCauses(told.evidence).resets).toMatchObject([expected]);
});

test.each([
  ['it came over fewer hops', 64, 'device_between'],
  ['it came over as many hops', 63, 'not_known'],
  ['it began with another number of hops', 128, 'not_known'],
])('the peer is not watched: %s', (_, ttl, cause) => {
  const told = packet(came(talked(open())), 99.9, { ...toClient, tcp_flags: RST, ttl });
  expect(judgeCauses(told.without(SERVER.host_id)).resets).toMatchObject([
    { cause, peer_observed: false, missing: cause === 'not_known' ? 'the peer’s rows' : '' },
  ]);
});

test('resets that follow the first are none of their own, and those of SYNs are connects', () => {
  const again = { ...SERVER, ...NO_SOCKET, direction: 'sent', reason: 'no_socket', tcp_flags: DATA } as const;
  const told = sent(came(open()))
    .add('reset', 150, again)
    .add('reset', 160, { ...again, peer_port: 4001, tcp_flags: 2 });
  expect(judgeCauses(told.evidence).resets).toHaveLength(1);
  expect(judgeCauses(told.without(CLIENT.host_id)).resets).toMatchObject([
    { cause: 'closed_unread', sender: 'local', peer_observed: false },
  ]);
});
