// The stack of a process beside the kernel's, where its own system call led to the event: of a program that was compiled for this, whose
// functions are known.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StackRow } from '../../bpf/rows/rows.gen.ts';
import { until } from '../agent/until.ts';
import { compileC } from '../support/compile-c.ts';
import { check, decode, ends, isRoot, type Run, useTraffic, WEB } from '../support/filtered.ts';
import { swallow } from '../support/netns.ts';
import { root } from '../support/project-files.ts';
import { rightsOf } from '../support/threads.ts';

useTraffic();

const SLOT = 3;
const OTHER = 4;
const FRAME_POINTERS = ['-fno-omit-frame-pointer', '-fno-optimize-sibling-calls'];
const directory = mkdtempSync(join(tmpdir(), 'tcplens-user-stacks-'));
let program = '';
beforeAll(() => {
  if (isRoot) program = compileC(new URL('../support/user-stack.c', import.meta.url).pathname, directory, FRAME_POINTERS);
});
afterAll(() => rmSync(directory, { recursive: true }));

/** The stacks of what the body did, in the slots of `stacks`; of those in `user` with the process's own. */
async function during(run: Run, stacks: number, user: number, body: () => Promise<unknown>): Promise<StackRow[]> {
  for (const slot of [SLOT, OTHER]) if (stacks & (1 << slot)) run.set(slot, `port = ${WEB} and ${run.netns}`);
  run.filters.detail('stack', stacks);
  run.filters.userStacks(user);
  run.take();
  try {
    await body();
    return decode(run.take(), 'stack');
  } finally {
    run.filters.userStacks(0);
    run.filters.detail('stack', 0);
  }
}

/** A connection that its client resets; its rows are taken by `look` while the client is still there. */
async function resetting(look: () => unknown, isServer = false): Promise<void> {
  const { client, server } = ends();
  const child = client.start(program, ...(isServer ? [] : [server.address.ipv4]), String(WEB));
  try {
    if (child.stdout) await once(child.stdout, 'data');
    await look();
  } finally {
    child.kill('SIGKILL');
  }
}

const reset = (rows: readonly StackRow[], direction: StackRow['about_direction']) =>
  rows.filter(({ about, about_direction }) => about === 'reset' && about_direction === direction);

async function resetRows(run: Run, stacks: number, user: number, isServer = false): Promise<StackRow[]> {
  let rows: StackRow[] = [];
  await during(run, stacks, user, () => resetting(() => (rows = decode(run.take(), 'stack')), isServer));
  return rows;
}

check('the functions of a process that led to a reset are told, and only there', async (run) => {
  const rows = await resetRows(run, 1 << SLOT, 1 << SLOT);
  const [sent, received] = [reset(rows, 'sent'), reset(rows, 'received')];
  expect([sent.length, received.length]).toEqual([1, 1]);
  const functions = sent[0]?.user_stack.split(' ') ?? [];
  const own = ['reset_peer', 'send_request', 'main'];
  expect(
    functions.filter((name) => own.includes(name)),
    sent[0]?.user_stack,
  ).toEqual(own);
  expect(sent[0]?.stack.split(' ')).toContain('tcp_send_active_reset');
  // The peer's process did nothing: its kernel's part ran in the same system call.
  expect(received[0]?.user_stack).toBe('');
  expect(received[0]?.stack).not.toBe('');
});

check('another process’s system call is not told as the owner’s, though both run the same code', async (run) => {
  const rows = await resetRows(run, 1 << SLOT, 1 << SLOT, true);
  const [[sent], [received]] = [reset(rows, 'sent'), reset(rows, 'received')];
  expect([sent?.pid === received?.pid, sent?.comm, received?.comm]).toEqual([false, 'user-stack', 'user-stack']);
  expect([sent?.user_stack, received?.user_stack]).toEqual([expect.stringContaining('reset_peer send_request main'), '']);
});

check('nobody asked for a process’s stack: none is told', async (run) => {
  const rows = await resetRows(run, 1 << SLOT, 0);
  expect(reset(rows, 'sent').map(({ user_stack }) => user_stack)).toEqual(['']);
  expect(reset(rows, 'sent')[0]?.stack).not.toBe('');
});

check('another investigation asked for it, and not of this connection: none is told', async (run) => {
  const rows = await resetRows(run, 1 << SLOT, 1 << OTHER);
  expect(reset(rows, 'sent').map(({ user_stack }) => user_stack)).toEqual(['']);
});

check('one of two investigations asked for it: the row of both has it', async (run) => {
  const rows = await resetRows(run, (1 << SLOT) | (1 << OTHER), 1 << OTHER);
  expect(reset(rows, 'sent')[0]?.user_stack).toContain('reset_peer send_request main');
});

check('what a timer brings about has none', async (run) => {
  const { client, server } = ends();
  const rows = await during(run, 1 << SLOT, 1 << SLOT, async () => {
    swallow(server, 'ipv4', WEB);
    try {
      // The connect tries again, and gives up after some seconds.
      client.run('bash', '-c', `exec 3<>/dev/tcp/${server.address.ipv4}/${WEB} || true`);
    } finally {
      server.run('iptables', '-F', 'INPUT');
    }
  });
  const timed = rows.filter(({ about_class }) => about_class === 'syn');
  expect(timed.length).toBeGreaterThan(0);
  expect(timed[0]?.pid).toBeGreaterThan(0);
  expect(new Set(timed.map(({ user_stack }) => user_stack))).toEqual(new Set(['']));
});

test('the command tells them, with the rights that it has left', async (context) => {
  if (!isRoot) return context.skip('needs root: network namespaces and BPF');
  const [report, rows] = ['report.html', 'rows.ndjson'].map((name) => join(directory, name)) as [string, string];
  const args = [
    'investigate',
    `port = ${WEB}`,
    '--for',
    '10m',
    '--detail',
    'stacks',
    '--user-stacks',
    '--interval',
    '100ms',
    '--report',
    report,
    '--ndjson',
    rows,
  ];
  const child = spawn(join(root, 'tcplens'), args, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    // The last thing it does before it looks is to give up what it needed to attach.
    await until('it looks', () => Object.values(rightsOf(child.pid ?? 0)).every(({ NoNewPrivs }) => NoNewPrivs === '1'));
    // The command looks at the process a moment after the reset, and then has its rows of both ends.
    const isToldOf = (direction: string) => new RegExp(`"about_direction":"${direction}"`).test(readFileSync(rows, 'utf8'));
    await resetting(() => until('both ends', () => isToldOf('sent') && isToldOf('received')));
  } finally {
    child.kill('SIGINT');
  }
  const told = await text(child.stdout);
  expect(told).toMatch(/reset sent.*: 1, by tcp_send_active_reset < .*, called by the process’s .*reset_peer < send_request < main/);
  expect(told).not.toMatch(/reset received.*called by/);
  expect(readFileSync(report, 'utf8')).toMatch(/tcp_send_active_reset ← .*<br>called by the process’s .*reset_peer ← send_request ← main/);
});
