// A replay gives what was recorded, moved to now, in its own time or at once.
import { afterEach, expect, test, vi } from 'vitest';
import { noneCounted } from '../../../agent/accounts/ledger.ts';
import { encodeJson, SORT } from '../../../agent/recording/format.ts';
import { openReplay, type ReplayOptions } from '../../../agent/recording/replay-source.ts';
import { CONNECTION_AT, HEAD_AT, KINDS, type Kind } from '../../../bpf/rows/rows.gen.ts';
import { COUNTED, end, FRAMES, fileOf, header, MS, row, rows, SEVERAL, SOUND, STARTED_NS } from './made.ts';

afterEach(() => vi.useRealTimers());

const open = (bytes: Uint8Array, options: Partial<ReplayOptions> = {}) =>
  openReplay(fileOf(bytes), { host_id: 0xbeefn, speed: 0, loop: false, ...options });

function drained(source: ReturnType<typeof open>, kind: Kind, into = new Uint8Array(1 << 20)): Buffer {
  return Buffer.from(into.subarray(0, source.drain(kind, into)));
}

/** One member of every row, in 64 bits. */
const each = (kind: Kind, bytes: Buffer, at: number) =>
  Array.from({ length: bytes.length / KINDS[kind].size }, (_, index) => bytes.readBigUInt64LE(index * KINDS[kind].size + at));

test('as fast as possible: every row, with this host and the last time at now', () => {
  const before = BigInt(Date.now());
  const source = open(SOUND);
  expect(source.ended()).toBe(false);
  const retransmits = drained(source, 'retransmit');
  const samples = drained(source, 'sample');
  expect(source.ended()).toBe(true);
  expect(source.notices).toEqual([]);
  expect(each('retransmit', retransmits, HEAD_AT.connection_id)).toEqual([11n, 12n, 14n]);
  expect(each('retransmit', retransmits, HEAD_AT.host_id)).toEqual([0xbeefn, 0xbeefn, 0xbeefn]);
  const times = each('retransmit', retransmits, HEAD_AT.time_ns).map((time) => time / MS);
  expect(times.map((time) => Number(time - (times[0] ?? 0n)))).toEqual([0, 0, 120]);
  const last = times[2] ?? 0n;
  expect(last).toBeGreaterThanOrEqual(before);
  expect(last).toBeLessThanOrEqual(BigInt(Date.now()));
  // All that was not rewritten is as it was recorded.
  const recorded = row('sample', 60, { connection_id: 13, cgroup_id: 5, netns: 6 });
  expect(samples.subarray(HEAD_AT.connection_id)).toEqual(recorded.subarray(HEAD_AT.connection_id));
  source.close();
});

test('what the kernel lost and withheld while it was recorded is in the counters once it has ended', () => {
  const source = open(SOUND);
  expect(source.counters().retransmit).toEqual(noneCounted());
  drained(source, 'retransmit');
  expect(source.counters()).toMatchObject({
    retransmit: { ...noneCounted(), written: 3, ring_lost: 2, withheld: 1 },
    sample: { written: 1, ring_lost: 0 },
    connection: { written: 0, ring_lost: 0 },
  });
  source.close();
});

test('at its own speed a row comes at its time, and not before', () => {
  // By a clock that the test moves: a busy machine may be late for the first look.
  vi.useFakeTimers({ toFake: ['Date'] });
  const began = Date.now();
  const source = open(SOUND, { speed: 1 });
  expect(drained(source, 'retransmit').length).toBe(2 * KINDS.retransmit.size);
  expect(source.ended()).toBe(false);
  vi.setSystemTime(began + 119);
  expect(drained(source, 'retransmit').length).toBe(0);
  vi.setSystemTime(began + 120);
  const last = drained(source, 'retransmit');
  expect(each('retransmit', last, HEAD_AT.time_ns)).toEqual([BigInt(began + 120) * MS]);
  source.close();
});

test('a loop begins again, with connections of its own and the losses once more', () => {
  const source = open(SOUND, { loop: true });
  const found = drained(source, 'retransmit', new Uint8Array(KINDS.retransmit.size * 6));
  const round = 1n << 48n;
  expect(each('retransmit', found, HEAD_AT.connection_id)).toEqual([11n, 12n, 14n, 11n + round, 12n + round, 14n + round]);
  expect(source.counters().retransmit.ring_lost % 2).toBe(0);
  expect(source.counters().retransmit.ring_lost).toBeGreaterThanOrEqual(4);
  expect(source.ended()).toBe(false);
  source.close();
});

test('in a loop a listener stays the one of its connections, and nobody stays nobody', () => {
  const accepted = row('connection', 0, { connection_id: 21, listener_id: 20 });
  const other = row('connection', 0, { connection_id: 0, listener_id: 0 });
  const listener = row('listener', 0, { connection_id: 20 });
  const source = open(Buffer.concat([header(), rows('connection', 0, accepted, other), rows('listener', 0, listener)]), { loop: true });
  const connections = drained(source, 'connection', new Uint8Array(KINDS.connection.size * 4));
  const listeners = drained(source, 'listener', new Uint8Array(KINDS.listener.size * 2));
  const round = 1n << 48n;
  expect(each('connection', connections, HEAD_AT.connection_id)).toEqual([21n, 0n, 21n + round, 0n]);
  expect(each('connection', connections, CONNECTION_AT.listener_id)).toEqual([20n, 0n, 20n + round, 0n]);
  expect(each('listener', listeners, HEAD_AT.connection_id)).toEqual([20n, 20n + round]);
  source.close();
});

test('a small buffer gets whole rows only, and the rest later', () => {
  const source = open(SOUND);
  const small = new Uint8Array(KINDS.retransmit.size + 100);
  const lengths = [1, 2, 3, 4].map(() => source.drain('retransmit', small));
  expect(lengths).toEqual([KINDS.retransmit.size, KINDS.retransmit.size, KINDS.retransmit.size, 0]);
  source.close();
});

test('a recording without a row ends at once', () => {
  const source = open(header());
  expect(source.ended()).toBe(true);
  source.close();
});

test('without a host id it has one of its own, the same every time, and the name of its file', () => {
  const [one, again, other] = [SOUND, SOUND, Buffer.concat([header({ started_ns: '7' }), ...FRAMES, end(COUNTED)])].map((bytes) => {
    const source = open(bytes, { host_id: undefined });
    source.close();
    return source;
  });
  expect(one?.host_id).toBe(again?.host_id);
  expect(one?.host_id).not.toBe(other?.host_id);
  expect(one?.host).toEqual({ name: 'recording made', kernel: '6.0' });
});

test('hooks and fields that the recorder did without are missing here too', () => {
  const lacking = { refused: [{ name: 'reset', reason: 'EPERM' }], absent: [{ name: 'drop reason', reason: 'before 5.17' }] };
  const source = open(Buffer.concat([header(lacking), ...FRAMES, end(COUNTED)]));
  expect(source.hooks()).toEqual([
    { name: 'replay', attached: true, reason: expect.stringMatching(/made\.tcplens$/) },
    { name: 'reset', attached: false, reason: 'EPERM' },
  ]);
  expect(source.fields()).toEqual([{ name: 'drop reason', attached: false, reason: 'before 5.17' }]);
  source.close();
});

const NAMES = {
  processes: [{ pid: 42, started_at_ms: Number(STARTED_NS / MS) - 5000, name: 'nginx', command: 'nginx -g x', cgroup_id: '5' }],
  cgroups: [{ cgroup_id: '5', path: '/system.slice/nginx.service', container_id: '', unit: 'nginx.service' }],
  netns: [{ netns: '6', inode: 4026531840, name: 'blue' }],
};

test('names are told until they are acknowledged, the newest of each; processes started as long ago as then', () => {
  const before = Date.now();
  const older = encodeJson(SORT.names, 10, { ...NAMES, netns: [{ netns: '6', inode: 1, name: 'old' }] });
  const source = open(Buffer.concat([header(), older, ...FRAMES, encodeJson(SORT.names, 130, NAMES), end(COUNTED)]), { speed: 1 });
  const names = source.names;
  expect(source.netns()).toEqual(NAMES.netns);
  for (let report = 0; report < 2; report++) {
    const told = names.changes();
    expect(told).toMatchObject({ cgroups: NAMES.cgroups, netns: NAMES.netns, processes: [{ pid: 42, command: 'nginx -g x' }] });
    const started = told.processes[0]?.started_at_ms ?? 0;
    expect(started).toBeGreaterThanOrEqual(before - 5000);
    expect(started).toBeLessThanOrEqual(Date.now() - 5000);
  }
  names.acknowledge();
  expect(names.changes()).toEqual({ processes: [], cgroups: [], netns: [] });
  source.close();
});

test.each([
  { of: 'all hosts', host_id: undefined, name: 'recording made', hosts: [10n, 11n, 11n], ids: [1n, 2n, 3n], commands: [] },
  { of: 'one host', host_id: 11n, name: 'beta', hosts: [11n, 11n], ids: [2n, 3n], commands: ['b'] },
])('of several hosts, $of: rows keep their host ids', ({ host_id, name, hosts, ids, commands }) => {
  const source = open(SEVERAL, { host_id });
  const found = drained(source, 'sample');
  expect(each('sample', found, HEAD_AT.host_id)).toEqual(hosts);
  expect(each('sample', found, HEAD_AT.connection_id)).toEqual(ids);
  expect(source.host.name).toBe(name);
  expect(source.names.changes().processes.map(({ command }) => command)).toEqual(commands);
  expect(source.ended()).toBe(true);
  source.close();
});

test('hosts of one recording begin together', () => {
  const began_ms = Date.now() - 1234;
  const times = [10n, 11n].map((host_id) => {
    const source = open(SEVERAL, { host_id, began_ms });
    const [time = 0n] = each('sample', drained(source, 'sample'), HEAD_AT.time_ns);
    source.close();
    return time;
  });
  expect(times[0]).toBe(times[1]);
});

test('a host that it does not have is refused, with those that it has', () => {
  expect(() => open(SEVERAL, { host_id: 12n })).toThrow(
    /no rows of host 000000000000000c: it has 000000000000000a \(alpha\), 000000000000000b \(beta\)/,
  );
});
