// Rows with known contents, through the instruments and the SDK, into a real OTLP receiver and a Prometheus scrape.
import { afterEach, expect, test } from 'vitest';
import { emptyLedger } from '../../../agent/accounts/ledger.ts';
import { wordsIn } from '../../../agent/contract/setting-form.ts';
import { OPTIONAL_ATTRIBUTES } from '../../../agent/contract/settings.ts';
import { ConnectionAttributes, ephemeralFrom } from '../../../agent/metrics/connection-attributes.ts';
import { Instruments } from '../../../agent/metrics/instruments.ts';
import { PlainTally } from '../../../agent/metrics/plain-tally.ts';
import { observeSelf } from '../../../agent/metrics/self-metrics.ts';
import { startTelemetry, type Telemetry } from '../../../agent/metrics/telemetry.ts';
import { createLog } from '../../../agent/process/log.ts';
import { CLASS, END_REASON, EVENT, type Kind, OUTCOME, ROLE } from '../../../bpf/rows/rows.gen.ts';
import { lastExport, type OtlpReceiver, openOtlpReceiver } from '../../support/otlp-receiver.ts';
import { type RowValues, rowBytes } from '../../support/row-bytes.ts';
import { fakeSource } from '../fake-source.ts';

const IPV6_PEER = '20010db8000000000000000000000001';
/** A client on an ephemeral port of its own, talking to port 443. */
const client = { role: ROLE.indexOf('client'), local_addr: '10.0.0.1', peer_addr: '10.0.0.2', local_port: 50_000, peer_port: 443 };
const CLIENT = { 'network.transport': 'tcp', 'network.type': 'ipv4', 'network.tcp.handshake.role': 'client', 'server.port': 443 };

const open = { event: EVENT.indexOf('open') };
const close = (reason: (typeof END_REASON)[number]) => ({ event: EVENT.indexOf('close'), end_reason: END_REASON.indexOf(reason) });
const failed = (reason: (typeof END_REASON)[number]) => ({ event: EVENT.indexOf('failed'), end_reason: END_REASON.indexOf(reason) });
const retransmit = (name: (typeof CLASS)[number], outcome: (typeof OUTCOME)[number], segments: number) => ({
  ...client,
  class: CLASS.indexOf(name),
  outcome: OUTCOME.indexOf(outcome),
  segments,
});

let receiver: OtlpReceiver;
let telemetry: Telemetry;

type Options = { attributes?: string; ephemeral?: string };

/** Records the rows and exports once: what the receiver then has. */
async function exported(
  rows: readonly (readonly [Kind, RowValues])[],
  { attributes = 'server.port', ephemeral = '32768\t60999' }: Options = {},
): Promise<OtlpReceiver> {
  receiver = await openOtlpReceiver();
  telemetry = await startTelemetry({
    otlp: receiver.url,
    prometheus: { host: '127.0.0.1', port: 0 },
    interval_ms: 60_000,
    host_id: '00000000000000ff',
    host_name: 'testhost',
    version: '9.9.9',
    log: createLog('error'),
  });
  const wanted = new ConnectionAttributes(wordsIn(OPTIONAL_ATTRIBUTES, attributes), ephemeralFrom(ephemeral), 100);
  const instruments = new Instruments(telemetry, wanted, new PlainTally(wanted.options));
  for (const [kind, values] of rows) instruments.record(kind, rowBytes(kind, values));
  return receiver;
}

afterEach(async () => {
  await telemetry.stop();
  await receiver.close();
});

/** The points of a metric by their attributes beyond the connection's, as text. */
async function check(name: string, unit: string, expected: Record<string, number>, found: OtlpReceiver): Promise<void> {
  await lastExport(telemetry, receiver);
  const metric = found.metric(name);
  expect(metric?.unit).toBe(unit);
  const points = (metric?.points ?? []).map(({ attributes, value }) => {
    const { 'network.transport': _, ...rest } = attributes;
    return [JSON.stringify(rest), value];
  });
  expect(Object.fromEntries(points)).toEqual(expected);
}

const attributes = (extra: Record<string, string | number> = {}) => {
  const { 'network.transport': _, ...rest } = { ...CLIENT, ...extra };
  return JSON.stringify(rest);
};

test('retransmitted segments by type: what the kernel counts in one metric, what it refused in another', async () => {
  const found = await exported([
    ['retransmit', retransmit('fast', 'sent', 45)],
    ['retransmit', retransmit('fast', 'sent', 2)],
    ['retransmit', retransmit('rto', 'failed', 1)],
    ['retransmit', retransmit('tlp', 'sent', 1)],
    ['retransmit', retransmit('slow_start', 'sent', 3)],
    ['retransmit', retransmit('unknown', 'sent', 7)],
    ['retransmit', retransmit('rto', 'refused', 9)],
  ]);
  const type = (name: string, of: string) => attributes({ 'network.tcp.retransmit.type': name, 'tcplens.class': of });
  await check(
    'system.network.tcp.retransmits',
    '{segment}',
    {
      [type('fast', 'fast')]: 47,
      [type('timeout', 'rto')]: 1,
      [type('tail_loss_probe', 'tlp')]: 1,
      [type('timeout', 'slow_start')]: 3,
      [type('_OTHER', 'unknown')]: 7,
    },
    found,
  );
  await check('tcplens.retransmits.refused', '{segment}', { [type('timeout', 'rto')]: 9 }, found);
  expect(found.metric('system.network.tcp.retransmits')).toMatchObject({ type: 'sum', monotonic: true });
});

test('connections opened, closed and failed, and why', async () => {
  const found = await exported([
    ['connection', { ...client, ...open }],
    ['connection', { ...client, ...open }],
    ['connection', { ...client, ...open, preexisting: 1 }],
    ['connection', { ...client, ...close('fin_local'), unattributed: 4 }],
    // No sweep came in between: it tells of the opening, too.
    ['connection', { ...client, ...close('rst_received'), tells_open: 1 }],
    ['connection', { ...client, ...close('rst_sent') }],
    ['connection', { ...client, ...failed('refused') }],
    ['connection', { ...client, ...failed('timeout') }],
  ]);
  const event = (name: string, reason?: string) =>
    attributes({ 'tcplens.connection.event': name, ...(reason === undefined ? {} : { 'tcplens.end_reason': reason }) });
  await check(
    'tcplens.connections',
    '{connection}',
    {
      [event('opened')]: 3,
      [event('closed', 'fin_local')]: 1,
      [event('closed', 'rst_received')]: 1,
      [event('closed', 'rst_sent')]: 1,
      [event('failed', 'refused')]: 1,
      [event('failed', 'timeout')]: 1,
    },
    found,
  );
  await check('tcplens.retransmits.unattributed', '{segment}', { [attributes()]: 4 }, found);
});

test('every byte and segment once: samples by their deltas, a close by what no sample has reported', async () => {
  const found = await exported([
    ['sample', { ...client, bytes_sent: 1000, bytes_received: 10, data_segs_out: 2 }],
    ['sample', { ...client, bytes_sent: 5_000_000_000n, bytes_received: 20, data_segs_out: 3 }],
    [
      'connection',
      {
        ...client,
        ...close('fin_peer'),
        bytes_sent: 9_000_000_000n,
        bytes_sent_rest: 7,
        bytes_received: 999,
        bytes_received_rest: 1,
        data_segs_out: 99,
        data_segs_out_rest: 1,
      },
    ],
  ]);
  const direction = (name: string) => attributes({ 'network.io.direction': name });
  await check('tcplens.io', 'By', { [direction('transmit')]: 5_000_001_007, [direction('receive')]: 31 }, found);
  await check('tcplens.segments', '{segment}', { [attributes()]: 6 }, found);
});

test('time by what limited it adds up to the interval', async () => {
  const found = await exported([
    ['sample', { ...client, interval_us: 10_000_000, busy_us: 6_000_000, rwnd_limited_us: 2_000_000, sndbuf_limited_us: 1_000_000 }],
    ['connection', { ...client, ...close('fin_local'), interval_us_rest: 500_000, busy_us_rest: 800_000, rwnd_limited_us_rest: 100_000 }],
  ]);
  const limit = (name: string) => attributes({ 'tcplens.limit': name });
  await check(
    'tcplens.connection.time',
    's',
    { [limit('application')]: 4, [limit('network')]: 3.4, [limit('receiver')]: 2.1, [limit('sender')]: 1 },
    found,
  );
});

test('RTT, handshake and duration are exponential histograms in seconds', async () => {
  const found = await exported([
    ['sample', { ...client, srtt_us: 1000 }],
    ['sample', { ...client, srtt_us: 0 }],
    ['connection', { ...client, ...close('fin_local'), srtt_us: 4000, duration_us: 2_500_000 }],
    ['connection', { ...client, ...close('fin_local'), srtt_us: 0, duration_us: 1, preexisting: 1 }],
    ['connection', { ...client, ...open, connect_us: 300 }],
    ['connection', { ...client, ...failed('timeout'), srtt_us: 5000, duration_us: 3_000_000 }],
  ]);
  await lastExport(telemetry, receiver);
  const one = (name: string) => {
    const metric = found.metric(name);
    expect(metric).toMatchObject({ type: 'exponentialHistogram', unit: 's' });
    expect(metric?.points).toHaveLength(1);
    return metric?.points[0];
  };
  const rtt = one('system.network.tcp.rtt');
  expect(rtt).toMatchObject({ count: 2, attributes: CLIENT });
  expect(rtt?.value).toBeCloseTo(0.005, 12);
  // Two values a factor of four apart: their buckets, decoded by the definition of the format, must hold them.
  const { scale = 0, positive } = rtt ?? {};
  const bounds = (positive?.counts ?? []).flatMap((count, index) =>
    count === 0 ? [] : [2 ** (((positive?.offset ?? 0) + index) / 2 ** scale)],
  );
  const width = 2 ** (1 / 2 ** scale);
  expect(bounds).toHaveLength(2);
  for (const [index, value] of [0.001, 0.004].entries()) {
    expect(bounds[index]).toBeLessThan(value * 1.0000001);
    expect((bounds[index] ?? 0) * width).toBeGreaterThanOrEqual(value * 0.9999999);
  }
  expect(one('system.network.tcp.handshake.duration')).toMatchObject({ count: 1, value: 0.0003 });
  expect(one('system.network.tcp.connection.duration')).toMatchObject({ count: 1, value: 2.5 });
});

const attributeCases: { it: string; row: RowValues; options?: Options; expected: Record<string, string | number> }[] = [
  { it: 'a client has its peer’s port', row: client, expected: CLIENT },
  {
    it: 'a server has its own port',
    row: { ...client, role: ROLE.indexOf('server'), local_port: 8080, peer_port: 50_000 },
    expected: { ...CLIENT, 'network.tcp.handshake.role': 'server', 'server.port': 8080 },
  },
  { it: 'an unknown role has neither', row: { ...client, role: 0 }, expected: { 'network.transport': 'tcp', 'network.type': 'ipv4' } },
  {
    it: 'an ephemeral port is no attribute',
    row: { ...client, peer_port: 40_000 },
    expected: { 'network.transport': 'tcp', 'network.type': 'ipv4', 'network.tcp.handshake.role': 'client' },
  },
  { it: 'IPv6 by its address', row: { ...client, peer_addr: IPV6_PEER }, expected: { ...CLIENT, 'network.type': 'ipv6' } },
  {
    it: 'comm only when asked for, the port only when asked for',
    row: { ...client, comm: 'curl' },
    options: { attributes: 'tcplens.comm' },
    expected: { 'network.transport': 'tcp', 'network.type': 'ipv4', 'network.tcp.handshake.role': 'client', 'tcplens.comm': 'curl' },
  },
];

test.each(attributeCases)('attributes: $it', async ({ row, options, expected }) => {
  const found = await exported([['connection', { ...row, ...open, pid: 4711 }]], options);
  await lastExport(telemetry, receiver);
  const [point] = found.metric('tcplens.connections')?.points ?? [];
  expect(point?.attributes).toEqual({ ...expected, 'tcplens.connection.event': 'opened' });
});

test('beyond its bound, combinations of optional attributes share the series without them', async () => {
  const found = await exported(
    Array.from({ length: 300 }, (_, port) => ['connection', { ...client, ...open, peer_port: port + 1 }] as const),
  );
  await lastExport(telemetry, receiver);
  const points = found.metric('tcplens.connections')?.points ?? [];
  expect(points.length).toBe(101);
  expect(points.reduce((sum, { value }) => sum + value, 0)).toBe(300);
});

test('the resource says which host and which agent', async () => {
  const found = await exported([['connection', { ...client, ...open }]]);
  await lastExport(telemetry, receiver);
  expect(found.resource()).toMatchObject({
    'service.name': 'tcplens-agent',
    'service.version': '9.9.9',
    'host.name': 'testhost',
    'host.id': '00000000000000ff',
  });
});

test('the agent’s own account, by kind and stage', async () => {
  const found = await exported([]);
  const ledger = emptyLedger();
  Object.assign(ledger.retransmit, { drained: 10, sent: 5, memory_dropped: 2, rejected: 1 });
  const source = fakeSource();
  Object.assign(source.counts.retransmit, { written: 10, ring_lost: 3, withheld: 7, filtered: 99, missed: 1 });
  const answered = () => [{ request: 'rows', verdict: 'retry', status: 403, count: 6 } as const];
  observeSelf(telemetry.meter, { source, ledger, waiting_bytes: () => ({ memory: 77, disk: 88 }), answered });
  await lastExport(telemetry, receiver);
  const stages = found.metric('tcplens.agent.rows')?.points.filter(({ attributes: { 'tcplens.kind': kind } }) => kind === 'retransmit');
  expect(Object.fromEntries((stages ?? []).map(({ attributes: { 'tcplens.stage': stage = '' }, value }) => [stage, value]))).toEqual({
    seen: 21,
    sent: 5,
    ring_lost: 3,
    withheld: 7,
    missed: 1,
    memory_dropped: 2,
    spool_dropped: 0,
    spool_expired: 0,
    spool_damaged: 0,
    died: 0,
    rejected: 1,
  });
  const queued = found.metric('tcplens.agent.queue.rows')?.points.find(({ attributes: { 'tcplens.kind': kind } }) => kind === 'retransmit');
  expect(queued?.value).toBe(2);
  expect(found.metric('tcplens.agent.queue.size')).toMatchObject({ unit: 'By', points: [{ value: 77 }] });
  expect(found.metric('tcplens.agent.spool.size')).toMatchObject({ unit: 'By', points: [{ value: 88 }] });
  expect(found.metric('tcplens.agent.answers')?.points).toMatchObject([
    { value: 6, attributes: { 'tcplens.request': 'rows', 'tcplens.answer': 'retry' } },
  ]);
});

test('Prometheus gets the same numbers as text, histograms with boundaries', async () => {
  await exported([
    ['retransmit', retransmit('fast', 'sent', 45)],
    ['sample', { ...client, srtt_us: 1500 }],
  ]);
  const text = await (await fetch(telemetry.url ?? '')).text();
  expect(text).toMatch(/^system_network_tcp_retransmits_total\{.*network_tcp_retransmit_type="fast".*\} 45$/m);
  expect(text).toMatch(/^system_network_tcp_rtt_bucket\{.*le="0.001"\} 0$/m);
  expect(text).toMatch(/^system_network_tcp_rtt_bucket\{.*le="0.0025"\} 1$/m);
  expect((await fetch((telemetry.url ?? '').replace('/metrics', '/'))).status).toBe(404);
});
