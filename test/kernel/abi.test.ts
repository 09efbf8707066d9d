// The loader's calls at their limits: what they return, and what they refuse.
import { once } from 'node:events';
import { connect, createServer, Socket } from 'node:net';
import process from 'node:process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { compileFilter } from '../../agent/filter/compile.ts';
import { ANY_NAMES } from '../../agent/filter/names.ts';
import { parseFilter } from '../../agent/filter/parse.ts';
import { openKernel, PREBUILT } from '../../agent/kernel/ring-source.ts';
import { type Loader, openLoader } from '../../agent/loader.ts';
import { FILTER_AT, FILTER_STEP_AT, FILTER_STEP_BYTES, KINDS } from '../../bpf/rows/rows.gen.ts';
import { drainAll } from '../support/drain-all.ts';

const HOST_ID = 0xfedc_ba98_7654_3210n;
const OPTIONS = { prebuilt: PREBUILT, host_id: HOST_ID, ring_bytes: 1024 * 1024, refuse: [] };
const { size, read } = KINDS.connection;
const isRoot = process.getuid?.() === 0;

let loader: Loader;
beforeEach(() => {
  if (isRoot) loader = openLoader(OPTIONS);
});
afterEach(() => {
  if (isRoot) loader.close();
});

function check(title: string, body: () => Promise<void> | void): void {
  test(title, async (context) => {
    if (!isRoot) return context.skip('needs root: BPF');
    await body();
  });
}

/** A connection on loopback, opened and closed; returns its server's port. */
async function talk(): Promise<number> {
  const server = createServer((socket) => socket.end().resume()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const port = typeof bound === 'object' && bound ? bound.port : 0;
  const socket = connect(port, '127.0.0.1').resume();
  await once(socket, 'close');
  server.close();
  await once(server, 'close');
  return port;
}

/** All connection rows of a port, taken a buffer at a time. */
function rowsOf(port: number, buffer = new Uint8Array(64 * 1024)) {
  const rows = [];
  for (let bytes = loader.drain('connection', buffer); bytes > 0; bytes = loader.drain('connection', buffer)) {
    const view = new DataView(buffer.buffer);
    for (let at = 0; at < bytes; at += size) rows.push(read(view, at));
  }
  return rows.filter((row) => row.local_port === port || row.peer_port === port);
}

check('one process opens it once at a time', () => {
  expect(() => openLoader(OPTIONS)).toThrow(expect.objectContaining({ code: 'loader_open', message: expect.stringContaining('EBUSY') }));
});

check('rows have this host and the time of the wall clock', async () => {
  const before_ns = BigInt(Date.now() - 1) * 1_000_000n;
  const port = await talk();
  const after_ns = BigInt(Date.now() + 1) * 1_000_000n;
  const rows = rowsOf(port);
  expect(rows.length).toBeGreaterThanOrEqual(2);
  for (const { host_id, time_ns } of rows) {
    expect(host_id).toBe(HOST_ID);
    expect(time_ns).toBeGreaterThanOrEqual(before_ns);
    expect(time_ns).toBeLessThanOrEqual(after_ns);
  }
});

check('a buffer of one row takes one row at a time, a smaller one none', async () => {
  const port = await talk();
  expect(() => loader.drain('connection', new Uint8Array(size - 1))).toThrow(expect.objectContaining({ code: 'drain' }));
  expect(rowsOf(port, new Uint8Array(size)).length).toBeGreaterThanOrEqual(2);
});

check('whoever asks is woken by a row', async () => {
  const descriptor = loader.waker();
  if (descriptor === undefined) throw new Error('there is no waker');
  const socket = new Socket({ fd: descriptor, readable: true, writable: true });
  try {
    const woken = once(socket, 'data');
    socket.write(Buffer.from([0]));
    const port = await talk();
    await woken;
    expect(rowsOf(port).length).toBeGreaterThanOrEqual(2);
  } finally {
    socket.destroy();
  }
});

const CONNECTIONS = 20;

check('neither connections that live nor those whose end was seen are missed', async () => {
  loader.close();
  const source = openKernel(OPTIONS);
  const sweep = () => {
    source.sweep();
    drainAll(source, () => {});
  };
  sweep();
  const before = source.counters().connection.missed;
  for (let connection = 0; connection < CONNECTIONS; connection++) await talk();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const port = typeof bound === 'object' && bound ? bound.port : 0;
  const living = Array.from({ length: CONNECTIONS }, () => connect(port, '127.0.0.1'));
  await Promise.all(living.map((socket) => once(socket, 'connect')));
  sweep();
  const { missed } = source.counters().connection;
  source.close();
  loader = openLoader(OPTIONS);
  for (const socket of living) socket.destroy();
  server.close();
  // Of both ends of each; a kernel that hides softirqs may keep a few.
  expect(missed - before).toBeLessThan(CONNECTIONS);
});

check('a row has nothing of the one that lay there before', async () => {
  loader.close();
  loader = openLoader({ ...OPTIONS, ring_bytes: 4096 });
  const opens = [];
  for (let connection = 0; connection < CONNECTIONS; connection++)
    opens.push(...rowsOf(await talk()).filter(({ event }) => event === 'open'));
  expect(opens.length).toBeGreaterThan(20);
  // Only rows of ends have these members.
  for (const row of opens) expect(row).toMatchObject({ interval_us_rest: 0, congestion_control: '', end_reason: 'none' });
});

const UNLIMITED = { rows_per_s: 0, burst: 1 };
/** Values of a program's second step that are not sound. */
const UNSOUND = [
  ['leads back where it is true', 'yes', 0],
  ['leads back where it is not', 'no', 0],
  ['leads to itself', 'yes', 1],
  ['leads behind the program', 'yes', 200],
  ['asks for what is behind the row', 'word', 12],
  ['shifts by more than a word has', 'left', 64],
] as const;

check('a filter that would not do what it says is refused', () => {
  const expression = 'port = 1 and pid = 2';
  for (const [what, member, value] of UNSOUND) {
    const program = compileFilter(parseFilter(expression, ANY_NAMES), expression, 1n);
    loader.filters.set(0, program, UNLIMITED);
    program[FILTER_AT.steps + FILTER_STEP_BYTES + FILTER_STEP_AT[member]] = value;
    expect(() => loader.filters.set(0, program, UNLIMITED), what).toThrow(expect.objectContaining({ code: 'filter' }));
  }
});
