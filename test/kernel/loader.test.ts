// The loader on the running kernel: what it does with hooks and objects that are refused, with sockets older than
// itself, and what it leaves behind.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { afterAll, expect, test } from 'vitest';
import { openKernel, PREBUILT } from '../../agent/kernel/ring-source.ts';
import { until } from '../agent/until.ts';
import { freed, heldBy } from '../support/bpf-objects.ts';
import { collectRows } from '../support/collect.ts';
import { lacking, working } from '../support/hooks.ts';
import { NOBODY, whyNotNobody } from '../support/nobody.ts';
import { root } from '../support/project-files.ts';
import { rightsOf } from '../support/threads.ts';
import { waitFor } from '../support/wait.ts';

const HOOKS = [
  'sample',
  'inet_sock_set_state',
  'tcp_destroy_sock',
  'inet_sk_error_report',
  'tcp_retransmit_skb',
  'tcp_retransmit_synack',
  'tcp_send_reset',
  'tcp_receive_reset',
  'tcp_cong_state_set',
  'kfree_skb',
  'preexisting',
  'tcp_probe',
  'net_dev_start_xmit',
  'netif_receive_skb',
  'net_dev_queue',
  'owner',
  'task_rename',
  'netns',
  'sock_send_length',
  'sock_recv_length',
];
const RING_BYTES = 64 * 1024;
const made: string[] = [];
afterAll(() => {
  for (const directory of made) rmSync(directory, { recursive: true, force: true });
});

/** A test that needs the kernel; says so where it may not have it. */
function check(title: string, body: (skip: (reason: string) => void) => Promise<void> | void): void {
  test(title, async (context) => {
    if (process.getuid?.() !== 0) return context.skip('needs root: BPF');
    await body((reason) => context.skip(reason));
  });
}

function copyOfPrebuilt(): string {
  const directory = mkdtempSync(join(tmpdir(), 'tcplens-prebuilt-'));
  made.push(directory);
  cpSync(PREBUILT, directory, { recursive: true });
  return directory;
}

/** Opens, asks which hooks are attached and why the others are not, closes. */
function hooksOf(options: { prebuilt?: string; refuse?: string[] }) {
  const source = openKernel({ host_id: 1n, ring_bytes: RING_BYTES, ...options });
  const hooks = source.hooks();
  source.close();
  return {
    attached: working(hooks).filter((name) => HOOKS.includes(name)),
    reasons: Object.fromEntries(hooks.filter(({ attached }) => !attached).map(({ name, reason }) => [name, reason])),
  };
}

check('all hooks attach here, and nothing is left after close', async () => {
  const source = openKernel({ host_id: 1n, ring_bytes: RING_BYTES });
  expect(lacking(source.hooks())).toBeUndefined();
  expect(working(source.hooks()).filter((name) => HOOKS.includes(name))).toEqual(HOOKS);
  const held = heldBy(process.pid);
  expect(held.prog.size).toBe(HOOKS.length);
  source.close();
  await freed(held);
});

check('a refused hook leaves the others', () => {
  expect(hooksOf({ refuse: ['tcp_retransmit_synack', 'owner'] })).toMatchObject({
    attached: HOOKS.filter((hook) => !['tcp_retransmit_synack', 'owner'].includes(hook)),
    reasons: { tcp_retransmit_synack: 'refused by option', owner: 'refused by option' },
  });
});

check('a hook that this kernel does not have leaves the others of its object', () => {
  const prebuilt = copyOfPrebuilt();
  const bpf = mkdtempSync(join(tmpdir(), 'tcplens-bpf-'));
  made.push(bpf);
  cpSync(join(root, 'bpf'), bpf, { recursive: true });
  const source = join(bpf, 'programs/retransmit.bpf.c');
  writeFileSync(source, readFileSync(source, 'utf8').replace('tp_btf/tcp_retransmit_synack', 'tp_btf/tcp_of_another_kernel'));
  execFileSync('make', ['-s', '-C', bpf, `OUT=${prebuilt}`, `${prebuilt}/retransmit.bpf.o`]);
  const { attached, reasons } = hooksOf({ prebuilt });
  expect(attached).toEqual(HOOKS.filter((hook) => hook !== 'tcp_retransmit_synack'));
  expect(reasons['tcp_retransmit_synack']).toContain('tcp_of_another_kernel');
});

check('a damaged object refuses its own hooks only', () => {
  const prebuilt = copyOfPrebuilt();
  writeFileSync(join(prebuilt, 'sample.bpf.o'), 'no ELF');
  const { attached, reasons } = hooksOf({ prebuilt });
  expect(attached).toEqual(HOOKS.filter((hook) => hook !== 'sample'));
  expect(reasons['sample']).toMatch(/^open: .*sample\.bpf\.o/);
  expect(reasons['sample_netns']).toBe(reasons['sample']);
});

check('with every hook refused it does not start, and says each reason', () => {
  const all = ['sample', 'sample_netns', ...HOOKS.slice(1), 'tcp_rcv_space_adjust'];
  const reasons = all.map((hook) => `  ${hook}: refused by option`).join('\n');
  expect(() => hooksOf({ refuse: all })).toThrow(`this kernel refused every hook:\n${reasons}\n`);
});

/** Waits until the kernel has no connection of this port any more, but in TIME_WAIT. */
async function connectionsGone(port: number): Promise<void> {
  const others = ['exclude', 'time-wait', 'exclude', 'listening', `( sport = :${port} or dport = :${port} )`];
  const living = () => execFileSync('ss', ['-Htan', ...others], { encoding: 'utf8' }).trim();
  await waitFor(`the end of the connections of port ${port}`, living, (text) => text === '', 20);
}

check('a connection older than the agent has an owner, and counts from where the agent began', async () => {
  let received = 0;
  const server = createServer((socket) => socket.on('data', ({ length }) => (received += length))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const port = typeof bound === 'object' && bound ? bound.port : 0;
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const write = async (text: string) => {
    const all = received + text.length;
    socket.write(text);
    await until('all is received', () => received === all);
  };
  await write('before the agent');
  const local_port = socket.localPort;
  const { rows } = await collectRows(async (look) => {
    await write('since');
    look();
    socket.end();
    await once(socket, 'close');
    const later = connect(port, '127.0.0.1');
    await once(later, 'connect');
    later.end();
    await once(later, 'close');
    server.close();
    await connectionsGone(port);
  });
  const mine = { pid: process.pid, owner: 'io' };
  const samples = rows.sample.filter((row) => row.local_port === local_port);
  expect(samples.map(({ pid, owner, bytes_sent }) => ({ pid, owner, bytes_sent }))).toEqual([{ ...mine, bytes_sent: 5 }]);
  const closes = rows.connection.filter((row) => row.local_port === local_port);
  expect(closes.map(({ pid, owner, event, preexisting, bytes_sent }) => ({ pid, owner, event, preexisting, bytes_sent }))).toEqual([
    { ...mine, event: 'close', preexisting: true, bytes_sent: 21 },
  ]);
  // The listener is older than the programs, too; connections that it accepts now have its process as owner.
  const accepted = rows.connection.filter((row) => row.local_port === port && !row.preexisting && row.event === 'close');
  expect(accepted.map(({ pid, owner, role }) => ({ pid, owner, role }))).toEqual([{ pid: process.pid, owner: 'io', role: 'server' }]);
});

check('a close whose event reaches no program is reported when the socket goes', async () => {
  const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const port = typeof bound === 'object' && bound ? bound.port : 0;
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const { localPort } = socket;
  const { rows } = await collectRows(
    async () => {
      socket.end();
      await once(socket, 'close');
      server.close();
      await connectionsGone(port);
    },
    { refuse: ['inet_sock_set_state'] },
  );
  const closes = rows.connection.filter((row) => row.local_port === localPort);
  expect(closes.map(({ event, pid }) => ({ event, pid }))).toEqual([{ event: 'close', pid: process.pid }]);
});

check('a connection whose end reaches no program is counted as missed', async (skip) => {
  const { sample } = hooksOf({}).reasons;
  if (sample !== undefined) return skip(`only a walk over all memories tells who is still there, and this kernel refuses it: ${sample}`);
  const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const port = typeof bound === 'object' && bound ? bound.port : 0;
  const sockets = Array.from({ length: 50 }, () => connect(port, '127.0.0.1').resume());
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  const { rows, counters } = await collectRows(
    async (look) => {
      look();
      for (const socket of sockets) socket.end();
      await Promise.all(sockets.map((socket) => once(socket, 'close')));
      server.close();
      await connectionsGone(port);
    },
    { refuse: ['inet_sock_set_state', 'tcp_destroy_sock'] },
  );
  expect(rows.connection.filter((row) => row.local_port === port || row.peer_port === port)).toEqual([]);
  // Both ends of each; others of this machine may have ended beside them.
  expect(counters.connection.missed).toBeGreaterThanOrEqual(2 * sockets.length);
  expect(counters.connection.missed).toBeLessThan(3 * sockets.length);
});

test('without CAP_SYS_ADMIN the own namespace is still sampled', async (context) => {
  const whyNot = whyNotNobody();
  if (whyNot !== '') return context.skip(whyNot);
  const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const port = typeof bound === 'object' && bound ? bound.port : 0;
  const socket = connect(port, '127.0.0.1').resume();
  const talking = setInterval(() => socket.write('x'), 100);
  const capabilities = '+bpf,+perfmon';
  const ordinary = [
    `--reuid=${NOBODY.uid}`,
    `--regid=${NOBODY.gid}`,
    '--clear-groups',
    `--inh-caps=${capabilities}`,
    `--ambient-caps=${capabilities}`,
  ];
  const watch = ['watch', 'sample', '--format', 'ndjson', '--interval', '500ms', '--duration', '3s', '--host-id', '00000000000000aa'];
  const child = spawn('setpriv', [...ordinary, join(root, 'tcplens'), ...watch], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ports: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) ports.push((JSON.parse(line) as { local_port: number }).local_port);
  clearInterval(talking);
  socket.destroy();
  server.close();
  expect(ports).toContain(port);
});

/** `tcplens watch connection` in a process of its own, once its programs are attached. */
async function watching() {
  const child = spawn(join(root, 'tcplens'), ['watch', 'connection', '--format', 'ndjson'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  // The last thing it does before it watches is to give up what it needed to attach.
  await until('watch has attached', () => Object.values(rightsOf(child.pid ?? 0)).every(({ NoNewPrivs }) => NoNewPrivs === '1'));
  return { child, lines };
}

check('two at once see the same, and one killed with SIGKILL leaves nothing', async () => {
  const other = await watching();
  const theirs_held = heldBy(other.child.pid ?? 0);
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const port = typeof bound === 'object' && bound ? bound.port : 0;
  const { rows } = await collectRows(async () => {
    for (let i = 0; i < 20; i++) {
      const socket = connect(port, '127.0.0.1').resume();
      await once(socket, 'close');
    }
    server.close();
    // The other end of the last one may be closed a moment later.
    await connectionsGone(port);
  });
  const ours = rows.connection.filter((row) => row.local_port === port || row.peer_port === port).length;
  const theirs = () =>
    other.lines.filter((line) => {
      const row = JSON.parse(line) as { local_port: number; peer_port: number };
      return row.local_port === port || row.peer_port === port;
    }).length;
  expect(ours).toBe(80); // open and close, at both ends
  await until('the other process has seen as many', () => theirs() >= ours);
  expect(theirs()).toBe(ours);
  other.child.kill('SIGKILL');
  await once(other.child, 'exit');
  await freed(theirs_held);
});
