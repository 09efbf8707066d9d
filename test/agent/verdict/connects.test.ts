// Why a connect failed, by rows made by hand: all of a way that it can fail, and what is left to say where rows are missing.
import { expect, test } from 'vitest';
import { judgeCauses } from '../../../agent/verdict/causes.ts';
import type { Evidence } from '../../../agent/verdict/evidence.ts';
import type { Rows } from '../../../bpf/rows/rows.gen.ts';
import { CLIENT, NO_SOCKET, ROUTER, RST, SERVER, SYN, SYN_ACK, Told } from './talk.ts';

const ISN = 1000;
type Ending = Partial<Rows['connection']>;

/** A connect of which the client's own rows are the SYN and, a second later, its end. */
const failed = (ending: Ending) =>
  new Told()
    .add('packet', 0, { ...CLIENT, direction: 'sent', place: 'device_out', tcp_flags: SYN, seq: ISN, ttl: 64 })
    .add('connection', 1000, { ...CLIENT, role: 'client', event: 'failed', duration_us: 1_000_500, ...ending });
const timeout = () => failed({ end_reason: 'timeout', sk_err: 110 });
const refused = () => failed({ end_reason: 'refused', sk_err: 111 });
const reset = (told: Told) => told.add('reset', 999, { ...CLIENT, direction: 'received', state: 'syn_sent', has_socket: true });
const synCame = (told: Told) =>
  told.add('packet', 1, { ...SERVER, ...NO_SOCKET, direction: 'received', place: 'device_in', tcp_flags: SYN, seq: ISN });
const listener = (told: Told, values: Partial<Rows['listener']> = {}) =>
  told.add('listener', 500, {
    ...SERVER,
    connection_id: 7n,
    peer_addr: '0.0.0.0',
    peer_port: 0,
    state: 'listen',
    accept_queue_limit: 1,
    interval_us: 500_000,
    ...values,
  });
const drop = (told: Told, at: Partial<Rows['drop']>) =>
  told.add('drop', 2, { tcp_flags: SYN, seq: ISN, meaning: 'lost', reason: 'netfilter_drop', ...NO_SOCKET, ...at });
const answer = (told: Told) =>
  told.add('packet', 2, {
    ...SERVER,
    ...NO_SOCKET,
    direction: 'sent',
    place: 'device_out',
    state: 'new_syn_recv',
    tcp_flags: SYN_ACK,
    seq: 9000,
    ack: ISN + 1,
  });
const refusal = (told: Told) =>
  told.add('reset', 998, { ...SERVER, ...NO_SOCKET, direction: 'sent', reason: 'no_socket', tcp_flags: SYN, seq: ISN });
const rstLeft = (told: Told, at: { host_id: bigint; netns: bigint }) =>
  told.add('packet', 998, { ...SERVER, ...NO_SOCKET, ...at, direction: 'sent', place: 'device_out', tcp_flags: RST, ack: ISN + 1 });

const both = ({ evidence }: Told) => evidence;
const clientAlone = (told: Told) => told.without(SERVER.host_id);

const CASES: [string, Told, (told: Told) => Evidence, string][] = [
  ['nobody listens', refusal(reset(refused())), both, 'no_listener'],
  ['nobody listens, as far as the client knows', refusal(reset(refused())), clientAlone, 'not_known'],
  ['nobody listens, as far as the server’s host knows', refusal(reset(refused())), (told) => told.without(CLIENT.host_id), 'no_listener'],
  [
    'the server’s firewall answers with a reset',
    rstLeft(drop(synCame(reset(refused())), { ...SERVER, direction: 'received' }), SERVER),
    both,
    'rejected',
  ],
  ['a host on the way answers with a reset', rstLeft(reset(refused()), ROUTER), both, 'rejected'],
  [
    'a device on the way answers, that nobody watches',
    listener(reset(refused())).add('packet', 5, { ...SERVER, peer_port: 9, direction: 'sent' }),
    both,
    'rejected',
  ],
  ['the same without packets', listener(reset(refused())), both, 'not_known'],
  ['no reset came: an ICMP error refused it', refused(), both, 'rejected'],
  [
    'whether one came is not known',
    new Told().add('connection', 1, { ...CLIENT, role: 'client', event: 'failed', end_reason: 'refused' }),
    both,
    'not_known',
  ],
  ['its own firewall', drop(timeout(), { ...CLIENT, direction: 'sent' }), both, 'dropped_here'],
  ['the server’s firewall', drop(synCame(timeout()), { ...SERVER, direction: 'received' }), both, 'dropped_at_receiver'],
  ['a watched host on the way', drop(timeout(), { ...CLIENT, ...ROUTER, direction: 'unknown' }), both, 'dropped_between'],
  ['lost on the way', listener(timeout()).add('packet', 5, { ...SERVER, peer_port: 9, direction: 'sent' }), both, 'lost_outward'],
  ['whether it came is not known', listener(timeout()), both, 'not_known'],
  ['the answer is lost', answer(synCame(timeout())), both, 'lost_backward'],
  ['the answer is lost, as far as the client knows', answer(synCame(timeout())), clientAlone, 'not_known'],
  ['the queue is full', listener(synCame(timeout()), { accept_queue: 2, overflows: 3 }), both, 'accept_queue_full'],
  ['the queue is full, by its rows alone', listener(timeout(), { accept_queue: 2, overflows: 3 }), both, 'accept_queue_full'],
  ['the queue is full at another port', listener(synCame(timeout()), { accept_queue: 2, overflows: 3, local_port: 81 }), both, 'not_known'],
  ['it had room', listener(synCame(timeout()), { accept_queue: 0, overflows: 0 }), both, 'not_known'],
  [
    'the kernel says that the queue was full',
    drop(synCame(timeout()), { ...SERVER, direction: 'received', reason: 'tcp_listen_overflow' }),
    both,
    'accept_queue_full',
  ],
  [
    'no port',
    new Told().add('connection', 1, { ...CLIENT, local_port: 0, role: 'client', event: 'failed', end_reason: 'no_port' }),
    both,
    'no_port',
  ],
  ['a router has no route', failed({ end_reason: 'unreachable', sk_err: 113 }), both, 'unreachable'],
  [
    'a router prohibits it',
    drop(failed({ end_reason: 'unreachable', sk_err: 113 }), { ...CLIENT, ...ROUTER, direction: 'unknown' }),
    both,
    'rejected',
  ],
  ['nothing is known of the other end', timeout(), both, 'not_known'],
];

test.each(CASES)('%s', (_, told, view, cause) => {
  const { connects } = judgeCauses(view(told));
  expect(connects.map((verdict) => verdict.cause)).toEqual([cause]);
  const [verdict] = connects;
  expect(verdict?.missing === '').toBe(cause !== 'not_known');
  expect(verdict?.rests_on.length).toBeGreaterThan(0);
});

test('where it was dropped is said, and who gave up first', () => {
  const told = drop(synCame(failed({ end_reason: 'abort' })), { ...SERVER, direction: 'received', location: 'nft_do_chain', ifindex: 2 });
  expect(judgeCauses(told.evidence).connects).toMatchObject([
    {
      given_up: true,
      peer_observed: true,
      place: { host_id: SERVER.host_id, reason: 'netfilter_drop', location: 'nft_do_chain', ifindex: 2 },
    },
  ]);
});

test('what was before it, between the same ends, is not of it', () => {
  const told = drop(timeout(), {}).add('drop', -5000, {
    ...CLIENT,
    direction: 'sent',
    tcp_flags: SYN,
    meaning: 'lost',
    reason: 'netfilter_drop',
  });
  expect(judgeCauses(told.evidence).connects.map(({ cause }) => cause)).toEqual(['not_known']);
});

test('a translation of addresses on the way', () => {
  const there = { ...SERVER, peer_addr: '10.9.9.9', peer_port: 61_000 };
  const told = reset(refused())
    .add('packet', 1, { ...there, ...NO_SOCKET, direction: 'received', place: 'device_in', tcp_flags: SYN, seq: ISN })
    .add('reset', 998, { ...there, ...NO_SOCKET, direction: 'sent', reason: 'no_socket', tcp_flags: SYN, seq: ISN });
  expect(judgeCauses(told.evidence).connects.map(({ cause }) => cause)).toEqual(['no_listener']);
});
