// Runs inside a guest: `node guest.ts FILE` makes traffic of every kind over the loopback device and writes to FILE
// what tcplens and the kernel each have of it. Nobody else uses this kernel, so the two must be equal.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { release } from 'node:os';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { serialize } from 'node:v8';
import { collectRows } from '../support/collect.ts';
import { answer, type Exchange, exchange } from '../support/traffic.ts';
import { difference, openSockets, readKernelCounters } from './proc-net.ts';
import { NARROW, type Report } from './report.ts';

/** Payload of one exchange in bytes, there and back. */
type Size = { request: number; response: number };
const SMALL: Size = { request: 3_000, response: 40_000 };
const LOSSY: Size = { request: 400, response: 2_000 };
const BULK: Size = { request: 3_000_000, response: 100 };

/** At each address. Of so many under heavy loss some lose their SYN and some its answer: none does once in ten million runs. */
const LOSSY_CONNECTIONS = 32;
const HEAVY_LOSS_MS = 1_500;
const SETTLE_MS = 240_000;

const PORT_RANGE = '/proc/sys/net/ipv4/ip_local_port_range';

type Listener = { server: Server; host: string; port: number };

async function listen(host: string): Promise<Listener> {
  const server = createServer({ allowHalfOpen: true }, answer).listen({ host, port: 0, backlog: 512 });
  await once(server, 'listening');
  const bound = server.address();
  return { server, host, port: typeof bound === 'object' && bound ? bound.port : 0 };
}

const close = ({ server }: Listener) => new Promise((resolve) => server.close(resolve));
const trade = ({ host, port }: Listener, { request, response }: Size) => exchange(host, port, request, response);

/** A connection that this side resets, with data of its own on the way. */
async function abort({ host, port }: Listener): Promise<void> {
  const socket = connect(port, host);
  await once(socket, 'connect');
  socket.write('never answered');
  socket.resetAndDestroy();
  await once(socket, 'close');
}

/** A connect for which no local port is left: the two that there are have connections to the same listener. */
async function withoutPort({ host, port }: Listener): Promise<void> {
  const usual = readFileSync(PORT_RANGE, 'utf8');
  writeFileSync(PORT_RANGE, NARROW.join(' '));
  try {
    const sockets = NARROW.map(() => connect(port, host));
    for (const socket of sockets) await once(socket, 'connect');
    const [error] = (await once(connect(port, host), 'error')) as [NodeJS.ErrnoException];
    if (error.code !== 'EADDRNOTAVAIL') throw error;
    for (const socket of sockets) await once(socket.resume().end(), 'close');
  } finally {
    writeFileSync(PORT_RANGE, usual);
  }
}

/** A connect to a port where nobody listens any more. */
async function refused({ host }: Listener): Promise<void> {
  const closed = await listen(host);
  await close(closed);
  await trade(closed, SMALL);
}

/** Loses a share of all packets; false where the kernel has no netem. */
function lose(percent: number): boolean {
  try {
    execFileSync('tc', ['qdisc', 'replace', 'dev', 'lo', 'root', 'netem', 'loss', `${percent}%`], { stdio: 'inherit' });
    return true;
  } catch {
    return false;
  }
}

/** Handshakes and short requests under heavy loss, bulk under some, and the stragglers under none. */
async function underLoss(listeners: readonly Listener[]): Promise<Exchange[]> {
  const short = listeners.flatMap((listener) => Array.from({ length: LOSSY_CONNECTIONS }, () => trade(listener, LOSSY)));
  await sleep(HEAVY_LOSS_MS);
  lose(5);
  const bulk = await Promise.all(listeners.map((listener) => trade(listener, BULK)));
  lose(0);
  return [...bulk, ...(await Promise.all(short))];
}

/** What is on its way to its end still counts: waits until the kernel has no TCP socket but those in TIME-WAIT. */
async function settle(): Promise<void> {
  const deadline = Date.now() + SETTLE_MS;
  const open = () => openSockets(['tcp', 'tcp6'].map((name) => readFileSync(`/proc/net/${name}`, 'utf8')));
  while (open().length > 0) {
    if (Date.now() > deadline) throw new Error(`sockets are still open after ${SETTLE_MS} ms:\n${open().join('\n')}`);
    await sleep(50);
  }
}

async function traffic(): Promise<Pick<Report, 'exchanges' | 'lossy'>> {
  const listeners = await Promise.all(['127.0.0.1', '::1'].map(listen));
  const exchanges: Exchange[] = [];
  for (const listener of listeners) {
    for (let i = 0; i < 5; i++) exchanges.push(await trade(listener, SMALL));
    for (let i = 0; i < 2; i++) await abort(listener);
    await refused(listener);
  }
  for (const listener of listeners) await withoutPort(listener);
  const lossy = lose(35);
  if (lossy) exchanges.push(...(await underLoss(listeners)));
  await Promise.all(listeners.map(close));
  await settle();
  return { exchanges, lossy };
}

const counters = () => readKernelCounters(['snmp', 'netstat'].map((name) => readFileSync(`/proc/net/${name}`, 'utf8')));

async function observe(): Promise<Report> {
  const before = counters();
  let made: Awaited<ReturnType<typeof traffic>> = { exchanges: [], lossy: false };
  const watched = async () => {
    made = await traffic();
  };
  const collected = await collectRows(watched, { opens_by_sweep: true, follow: 'addr = 127.0.0.0/8 or addr = ::1' });
  return {
    ...made,
    release: release(),
    other_netns: collected.netnsOf('other'),
    pid: process.pid,
    hooks: collected.hooks,
    fields: collected.fields,
    rows: collected.rows,
    counters: collected.counters,
    kernel: difference(before, counters()),
  };
}

writeFileSync(process.argv[2] ?? '/dev/stdout', serialize(await observe()));
