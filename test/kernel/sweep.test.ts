// What sweeps find: every socket that moved, once, however many slices a sweep takes; sockets that no process has yet; and
// never more or less than what close rows leave to samples, though a sweep holds no lock of the socket it looks at.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { openKernel } from '../../agent/kernel/ring-source.ts';
import type { RowSource } from '../../agent/source/row-source.ts';
import { type ConnectionRow, HEAD_AT, KINDS, type ListenerRow, type SampleRow } from '../../bpf/rows/rows.gen.ts';
import { until } from '../agent/until.ts';
import { compileC } from '../support/compile-c.ts';
import { drainAll } from '../support/drain-all.ts';
import { type LoneNetns, makeLone } from '../support/lone-netns.ts';
import { root } from '../support/project-files.ts';
import { buildStorm, runClients, serveStorm } from '../support/storm.ts';

/** Room for all rows of the connections below and of everybody else's meanwhile, should the reader be kept from them. */
const RING_BYTES = 256 * 1024 * 1024;
const CONNECTIONS = 20_000;
/** More than a slice takes. */
const HELD = 10_000;
const SWEEPS_MAX = 20;
const PORT = 7000;

type Wanted = 'sample' | 'connection' | 'listener';

/** The rows of one namespace, which are read only when asked for: while they come there is no time. */
class Look {
  readonly #bytes: Record<Wanted, Uint8Array[]> = { sample: [], connection: [], listener: [] };
  readonly #source: RowSource;
  readonly #name: string;
  #netns = 0n;

  constructor(source: RowSource, place: LoneNetns) {
    this.#source = source;
    this.#name = place.name;
    this.sweep();
  }

  sweep(): void {
    this.#source.sweep();
    if (!this.#netns) this.#netns = BigInt(this.#source.netns().find(({ name }) => name === this.#name)?.netns ?? 0);
    drainAll(this.#source, (kind, bytes) => {
      if (kind === 'sample' || kind === 'connection' || kind === 'listener') this.#bytes[kind].push(bytes.slice());
    });
  }

  forget(): void {
    for (const kept of Object.values(this.#bytes)) kept.length = 0;
  }

  samples = (): SampleRow[] => this.#read('sample', KINDS.sample.read);
  connections = (): ConnectionRow[] => this.#read('connection', KINDS.connection.read);
  listeners = (): ListenerRow[] => this.#read('listener', KINDS.listener.read);

  #read<Row>(kind: Wanted, read: (view: DataView, at: number) => Row): Row[] {
    return this.#bytes[kind].flatMap((bytes) => {
      const view = new DataView(bytes.buffer);
      const starts = Array.from({ length: bytes.length / KINDS[kind].size }, (_, index) => index * KINDS[kind].size);
      return starts.filter((at) => view.getBigUint64(at + HEAD_AT.netns, true) === this.#netns).map((at) => read(view, at));
    });
  }
}

/** Sweeps until what is to be seen has come, which a busy kernel may deliver late. */
async function sweepUntil(look: Look, isSeen: () => boolean): Promise<void> {
  await until('what a sweep finds', () => {
    look.sweep();
    return isSeen();
  });
}

/** Waits until all connections of a namespace have ended. */
async function over(place: LoneNetns): Promise<void> {
  await until('their end', () => place.run('ss', '-Htan', 'exclude', 'time-wait', 'exclude', 'listening').trim() === '');
}

type Scene = { place: LoneNetns; directory: string; open(): RowSource };

/** A test in a namespace of its own; the kernel source is opened when it asks for it. */
function check(title: string, body: (scene: Scene) => Promise<void>): void {
  test(title, async (context) => {
    if (process.getuid?.() !== 0) return context.skip('needs root: network namespaces and BPF');
    const directory = mkdtempSync(join(tmpdir(), 'tcplens-sweep-'));
    const place = makeLone();
    let source: RowSource | undefined;
    const open = () => {
      source = openKernel({ host_id: 1n, ring_bytes: RING_BYTES });
      return source;
    };
    try {
      await body({ place, directory, open });
    } finally {
      source?.close();
      place.close();
      rmSync(directory, { recursive: true });
    }
  });
}

const sum = (numbers: number[]) => numbers.reduce((total, each) => total + each, 0);

check('of twenty thousand sockets that move, each has its rows', async ({ place, directory, open }) => {
  const hold = compileC(join(root, 'test/bench/overhead/hold.c'), directory);
  const child = place.start(hold, String(HELD));
  const answers = createInterface({ input: child.stdout ?? process.stdin });
  await once(answers, 'line');
  const look = new Look(open(), place);
  look.forget(); // what moved before
  child.stdin?.write('\n');
  await once(answers, 'line');
  // While others make sockets a sweep may miss one; the next has it.
  const moved = () => look.samples().filter(({ bytes_received }) => bytes_received > 0);
  look.sweep();
  expect(moved().length, 'in the first sweep, slice by slice').toBeGreaterThan(0.95 * 2 * HELD);
  for (let sweeps = 0; sweeps < SWEEPS_MAX && moved().length < 2 * HELD; sweeps++) look.sweep();
  const exit = once(child, 'exit');
  child.stdin?.end();
  await exit;
  expect(new Set(moved().map(({ connection_id }) => connection_id)).size).toBe(2 * HELD);
  for (const counter of ['bytes_received', 'data_segs_in', 'bytes_sent'] as const) {
    expect({ counter, sum: sum(look.samples().map((row) => row[counter])) }).toEqual({ counter, sum: 2 * HELD });
  }
});

const SERVE = `require('node:net').createServer(() => {}).listen(${PORT}, '127.0.0.1', () => console.log('listening'))`;
const CALL = `const socket = require('node:net').connect(${PORT}, '127.0.0.1', () => console.log('connected'));
  process.stdin.once('data', () => socket.write('hello', () => console.log('written')));`;

check('a connection older than the programs that no process has accepted', async ({ place, open }) => {
  const server = place.start(process.execPath, '-e', SERVE);
  await once(server.stdout ?? server, 'data');
  server.kill('SIGSTOP'); // the kernel completes handshakes all the same
  const client = place.start(process.execPath, '-e', CALL);
  await once(client.stdout ?? client, 'data');
  const look = new Look(open(), place);
  client.stdin?.write('\n');
  await once(client.stdout ?? client, 'data');
  const ofServer = () => look.samples().filter(({ local_port, bytes_received }) => local_port === PORT && bytes_received > 0);
  await sweepUntil(look, () => ofServer().length > 0);
  for (const child of [client, server]) child.kill('SIGKILL');
  expect(ofServer()).toMatchObject([{ state: 'established', bytes_received: 'hello'.length }]);
});

check('samples and close rows add up, however often they are swept', async ({ place, directory, open }) => {
  const storm = buildStorm(directory);
  const server = await serveStorm(storm, place, { address: '0.0.0.0', port: PORT, threads: 4 });
  const source = open();
  const look = new Look(source, place);
  let running = true;
  const clients = { address: '127.0.0.1', port: PORT, threads: 4, peers: 4, bytes: 20_000, connections: CONNECTIONS };
  const ended = runClients(storm, place, clients).finally(() => {
    running = false;
  });
  while (running) {
    look.sweep();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { connections } = await ended;
  await server.stop();
  await over(place);
  look.sweep();
  for (const kind of ['connection', 'sample'] as const)
    expect({ kind, lost: source.counters()[kind].ring_lost }).toEqual({ kind, lost: 0 });
  const samples = look.samples();
  const closes = look.connections().filter(({ event }) => event === 'close');
  const sampled = new Map<bigint, SampleRow[]>();
  for (const row of samples) sampled.set(row.connection_id, [...(sampled.get(row.connection_id) ?? []), row]);
  const differ = closes.filter((row) => {
    const of = (name: 'bytes_sent' | 'bytes_received' | 'data_segs_out') =>
      row[name] - row[`${name}_rest`] - sum((sampled.get(row.connection_id) ?? []).map((sample) => sample[name]));
    return of('bytes_sent') !== 0 || of('bytes_received') !== 0 || of('data_segs_out') !== 0;
  });
  console.log(`${closes.length} closes, ${samples.length} samples`);
  expect(closes.length).toBe(2 * connections);
  expect(differ).toEqual([]);
});

const ECHO = `require('node:net').createServer((socket) => socket.pipe(socket)).listen(${PORT}, '127.0.0.1', () => console.log('listening'))`;
const ASK_BYTES = 1000;
const ASK = `const socket = require('node:net').connect(${PORT}, '127.0.0.1', () => console.log('connected'));
  let came = 0;
  socket.on('data', ({ length }) => (came += length) % ${ASK_BYTES} === 0 && console.log('answered'));
  require('node:readline').createInterface({ input: process.stdin }).on('line', () => socket.write(Buffer.alloc(${ASK_BYTES}))).on('close', () => socket.end());`;
const ROUNDS = 6;
/** Members that a sample counts since the sample before, and that a connection's end does not change. */
const DELTAS = ['bytes_sent', 'bytes_received', 'data_segs_out', 'data_segs_in', 'turns', 'turn_us', 'turn_rtt_us'] as const;

check('a connection that is swept again and again: its samples add up to what its end says', async ({ place, open }) => {
  const server = place.start(process.execPath, '-e', ECHO);
  await once(server.stdout ?? server, 'data');
  const look = new Look(open(), place);
  const client = place.start(process.execPath, '-e', ASK);
  await once(client.stdout ?? client, 'data');
  for (let round = 0; round < ROUNDS; round++) {
    client.stdin?.write('\n');
    await once(client.stdout ?? client, 'data');
    look.sweep();
  }
  // A sweep takes no more of a socket at work than is certain; the next has the rest.
  for (let sweep = 0; sweep < 3; sweep++) look.sweep();
  client.stdin?.end();
  await once(client, 'exit');
  server.kill('SIGKILL');
  await sweepUntil(look, () => look.connections().filter(({ event }) => event === 'close').length >= 2);
  for (const close of look.connections().filter(({ event }) => event === 'close')) {
    const samples = look.samples().filter(({ connection_id }) => connection_id === close.connection_id);
    const sums = Object.fromEntries(DELTAS.map((name) => [name, sum(samples.map((row) => row[name]))]));
    expect(samples.length, `port ${close.local_port}`).toBeGreaterThan(1);
    expect(sums).toEqual(Object.fromEntries(DELTAS.map((name) => [name, close[name]])));
    expect(sums).toMatchObject({ bytes_sent: ROUNDS * ASK_BYTES, bytes_received: ROUNDS * ASK_BYTES });
    expect(sums['turns']).toBe(close.local_port === PORT ? close.turns : ROUNDS);
  }
});

/** Takes some at once, then stops and lets its queue overflow. */
const ACCEPTED = 7;
const CROWD = `const { connect } = require('node:net');
  const sockets = Array.from({ length: Number(process.argv[1]) }, () => connect(${PORT}, '127.0.0.1', () => process.stdout.write('.')));`;

check('what a listener took and refused is told once, in the sweep after it', async ({ place, open }) => {
  const server = place.start(process.execPath, '-e', SERVE.replace("'127.0.0.1'", "'127.0.0.1', 1"));
  await once(server.stdout ?? server, 'data');
  const look = new Look(open(), place);
  const crowd = async (count: number, isEnough: () => boolean) => {
    const child = place.start(process.execPath, '-e', CROWD, String(count));
    let connected = 0;
    child.stdout?.on('data', (dots: Buffer) => {
      connected += dots.length;
    });
    while (!(isEnough() || connected === count)) await new Promise((resolve) => setImmediate(resolve));
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    // Until it has ended, it may ask once more and be refused.
    await exit;
  };
  const drops = () => Number(/TcpExtListenDrops\s+(\d+)/.exec(place.run('nstat', '-asz', 'TcpExtListenDrops'))?.[1]);
  await crowd(ACCEPTED, () => false);
  for (let sweep = 0; sweep < 3; sweep++) look.sweep();
  server.kill('SIGSTOP');
  await crowd(20, () => drops() > 0);
  for (let sweep = 0; sweep < 3; sweep++) look.sweep();
  server.kill('SIGKILL');
  const rows = look.listeners().filter(({ local_port }) => local_port === PORT);
  const told = { accepted: sum(rows.map((row) => row.accepted)), drops: sum(rows.map((row) => row.drops)) };
  expect(told.drops).toBeGreaterThan(0);
  expect(told).toEqual({ accepted: expect.any(Number), drops: drops() });
  // Those in the queue of a server that stands still count as soon as they have their socket.
  expect(told.accepted).toBe(Number(/TcpPassiveOpens\s+(\d+)/.exec(place.run('nstat', '-asz', 'TcpPassiveOpens'))?.[1]));
});
