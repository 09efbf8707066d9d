// Resets, drops, congestion, listeners and namespaces as metrics: rows with known contents into a real OTLP receiver.
import { afterEach, expect, test } from 'vitest';
import { wordsIn } from '../../../agent/contract/setting-form.ts';
import { OPTIONAL_ATTRIBUTES } from '../../../agent/contract/settings.ts';
import { ConnectionAttributes } from '../../../agent/metrics/connection-attributes.ts';
import { Instruments } from '../../../agent/metrics/instruments.ts';
import { PlainTally } from '../../../agent/metrics/plain-tally.ts';
import { startTelemetry, type Telemetry } from '../../../agent/metrics/telemetry.ts';
import { createLog } from '../../../agent/process/log.ts';
import { CA_STATE, DIRECTION, EVENT, type Kind, MEANING, ROLE, STATE } from '../../../bpf/rows/rows.gen.ts';
import { lastExport, type OtlpReceiver, openOtlpReceiver } from '../../support/otlp-receiver.ts';
import { type RowValues, rowBytes } from '../../support/row-bytes.ts';

const EPHEMERAL_FROM = 32_768;
const ANY = '00000000000000000000000000000000';
const client = {
  role: ROLE.indexOf('client'),
  local_addr: '10.0.0.1',
  peer_addr: '10.0.0.2',
  local_port: 50_000,
  peer_port: 443,
  comm: 'curl',
};
const CLIENT = { 'network.type': 'ipv4', 'network.tcp.handshake.role': 'client', 'server.port': 443, 'tcplens.comm': 'curl' };
const TRANSMIT = { 'network.io.direction': 'transmit' };
const RECEIVE = { 'network.io.direction': 'receive' };

let receiver: OtlpReceiver | undefined;
let telemetry: Telemetry | undefined;
afterEach(async () => {
  await telemetry?.stop();
  await receiver?.close();
});

type Point = [attributes: Record<string, string | number | boolean>, value: number];

/** Records the rows, exports, and compares each metric's unit and points; the order of points does not matter. */
async function check(
  rows: readonly (readonly [Kind, RowValues])[],
  expected: Record<string, { unit: string; points: readonly Point[] }>,
): Promise<void> {
  receiver = await openOtlpReceiver();
  telemetry = await startTelemetry({
    otlp: receiver.url,
    prometheus: 'none',
    interval_ms: 60_000,
    host_id: '00000000000000ff',
    host_name: 'testhost',
    version: '9.9.9',
    log: createLog('error'),
  });
  const attributes = new ConnectionAttributes(wordsIn(OPTIONAL_ATTRIBUTES, 'server.port,tcplens.comm'), EPHEMERAL_FROM, 100);
  const instruments = new Instruments(telemetry, attributes, new PlainTally(attributes.options));
  for (const [kind, values] of rows) instruments.record(kind, rowBytes(kind, values));
  await lastExport(telemetry, receiver);
  const plain = (points: readonly Point[]) => points.map(([of, value]) => JSON.stringify([sorted(of), value])).sort();
  for (const [name, { unit, points }] of Object.entries(expected)) {
    const metric = receiver.metric(name);
    const found = (metric?.points ?? []).map(({ attributes: { 'network.transport': _, ...of }, value }): Point => [of, value]);
    expect({ name, unit: metric?.unit, points: plain(found) }).toEqual({ name, unit, points: plain(points) });
  }
}

const sorted = (of: Point[0]) => Object.fromEntries(Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1)));

const direction = (name: (typeof DIRECTION)[number]) => ({ direction: DIRECTION.indexOf(name) });

test('resets by direction and the kernel’s reason; the answer to a SYN is a refusal; what ended a connection is not counted twice', () =>
  check(
    [
      ['reset', { ...client, ...direction('sent'), has_socket: 1, reason: 'tcp_abort_on_close' }],
      ['reset', { ...client, ...direction('sent'), has_socket: 1, reason: 'tcp_abort_on_close' }],
      ['reset', { ...client, ...direction('received'), has_socket: 1, state: STATE.indexOf('established') }],
      ['reset', { ...client, ...direction('received'), has_socket: 1, state: STATE.indexOf('syn_sent') }],
      ['reset', { ...client, role: 0, comm: '', ...direction('sent'), reason: 'NO_SOCKET' }],
      ['connection', { ...client, event: EVENT.indexOf('close'), end_reason: 4 }],
    ],
    {
      'system.network.tcp.resets': {
        unit: '{segment}',
        points: [
          [{ ...CLIENT, ...TRANSMIT, 'tcplens.reset.reason': 'tcp_abort_on_close' }, 2],
          [{ ...CLIENT, ...RECEIVE }, 1],
          [{ ...CLIENT, ...RECEIVE, 'network.tcp.reset.cause': 'refused' }, 1],
          [{ 'network.type': 'ipv4', ...TRANSMIT, 'tcplens.reset.reason': 'no_socket' }, 1],
        ],
      },
    },
  ));

test('drops by direction and reason, apart from what nobody misses, changes of the congestion state, spurious segments at the end', () =>
  check(
    [
      ['drop', { ...client, ...direction('received'), reason: 'netfilter_drop' }],
      ['drop', { ...client, ...direction('received'), reason: 'netfilter_drop', length: 1000 }],
      ['drop', { ...client, ...direction('unknown'), reason: '' }],
      ['drop', { ...client, ...direction('received'), reason: 'tcp_old_sequence', meaning: MEANING.indexOf('answered') }],
      ['drop', { ...client, ...direction('received'), reason: 'tcp_old_sequence', meaning: MEANING.indexOf('duplicate') }],
      ['congestion', { ...client, new_ca_state: CA_STATE.indexOf('recovery') }],
      ['congestion', { ...client, new_ca_state: CA_STATE.indexOf('open') }],
      ['connection', { ...client, event: EVENT.indexOf('close'), retrans_spurious: 3 }],
    ],
    {
      'tcplens.drops': {
        unit: '{packet}',
        points: [
          [{ ...CLIENT, ...RECEIVE, 'tcplens.drop.reason': 'netfilter_drop' }, 2],
          [CLIENT, 1],
        ],
      },
      'tcplens.packets.freed': {
        unit: '{packet}',
        points: [
          [{ ...CLIENT, ...RECEIVE, 'tcplens.drop.reason': 'tcp_old_sequence', 'tcplens.drop.meaning': 'answered' }, 1],
          [{ ...CLIENT, ...RECEIVE, 'tcplens.drop.reason': 'tcp_old_sequence', 'tcplens.drop.meaning': 'duplicate' }, 1],
        ],
      },
      'tcplens.congestion.changes': {
        unit: '{change}',
        points: [
          [{ ...CLIENT, 'tcplens.ca_state': 'recovery' }, 1],
          [{ ...CLIENT, 'tcplens.ca_state': 'open' }, 1],
        ],
      },
      'tcplens.retransmits.spurious': { unit: '{segment}', points: [[CLIENT, 3]] },
    },
  ));

test('reasons beyond their bound share one series', async () => {
  const rows = Array.from({ length: 300 }, (_, at) => ['drop', { ...client, reason: `reason_${at}` }] as const);
  await check(rows, {});
  const points = receiver?.metric('tcplens.drops')?.points ?? [];
  expect(points.length).toBe(201);
  expect(points.find(({ attributes }) => attributes['tcplens.drop.reason'] === '_other')?.value).toBe(100);
});

const listener = {
  role: ROLE.indexOf('server'),
  state: STATE.indexOf('listen'),
  local_addr: '10.0.0.1',
  local_port: 40_443,
  peer_addr: ANY,
  comm: 'nginx',
  interval_us: 10_000_000,
};

test('listeners by port, ephemeral or not: sockets of one port add up, each by its last row, without those that were closed', () =>
  check(
    [
      ['listener', { ...listener, connection_id: 1, accept_queue: 9, accept_queue_limit: 128, accepted: 5, drops: 2 }],
      ['listener', { ...listener, connection_id: 1, accept_queue: 3, accept_queue_limit: 128, accepted: 6 }],
      ['listener', { ...listener, connection_id: 2, accept_queue: 4, accept_queue_limit: 64 }],
      ['listener', { ...listener, connection_id: 4, state: 10, accept_queue: 5, accept_queue_limit: 16 }],
      ['listener', { ...listener, connection_id: 4, state: 7, accept_queue: 5, accept_queue_limit: 16 }],
      ['listener', { ...listener, connection_id: 3, comm: 'sshd', local_port: 22, local_addr: ANY, accept_queue_limit: 10 }],
    ],
    Object.fromEntries(
      (
        [
          ['tcplens.listener.accept_queue', [7, 0]],
          ['tcplens.listener.accept_queue.limit', [192, 10]],
          ['tcplens.listener.accepted', [11]],
          ['tcplens.listener.drops', [2]],
        ] as const
      ).map(([name, [nginx, sshd]]) => [
        name,
        {
          unit: name === 'tcplens.listener.drops' ? '{packet}' : '{connection}',
          points: [
            [{ 'network.type': 'ipv4', 'network.tcp.handshake.role': 'server', 'server.port': 40_443, 'tcplens.comm': 'nginx' }, nginx],
            ...(sshd === undefined
              ? []
              : [
                  [
                    { 'network.type': 'ipv6', 'network.tcp.handshake.role': 'server', 'server.port': 22, 'tcplens.comm': 'sshd' },
                    sshd,
                  ] as Point,
                ]),
          ],
        },
      ]),
    ),
  ));

test('namespaces of a host add up: counters by their deltas, sockets by the last row of each', () =>
  check(
    [
      ['namespace', { netns: 1, listen_overflows: 4, retrans_segs: 20, unattributed: 3, to_zero_window: 1, curr_estab: 7, time_wait: 9 }],
      ['namespace', { netns: 1, listen_overflows: 1, retrans_segs: 10, curr_estab: 5, time_wait: 8, orphans: 1 }],
      ['namespace', { netns: 2, retrans_segs: 1, curr_estab: 100, orphans: 1 }],
    ],
    {
      'tcplens.listener.overflows': { unit: '{connection}', points: [[{}, 5]] },
      'tcplens.host.zero_windows': { unit: '{event}', points: [[{}, 1]] },
      'tcplens.host.retransmits': {
        unit: '{segment}',
        points: [
          [{ 'tcplens.attributed': true }, 28],
          [{ 'tcplens.attributed': false }, 3],
        ],
      },
      'tcplens.host.sockets.established': { unit: '{socket}', points: [[{}, 105]] },
      'tcplens.host.sockets.time_wait': { unit: '{socket}', points: [[{}, 8]] },
      'tcplens.host.sockets.orphan': { unit: '{socket}', points: [[{}, 1]] },
    },
  ));
