// The programs on kernels other than this one: Debian's are booted in software emulation, every program is loaded there,
// and the rows of some traffic are compared with that kernel's own counters. KERNEL=FOLDER adds an unpacked kernel.
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { resolve } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest';
import { openKernel } from '../../agent/kernel/ring-source.ts';
import { CannotRunError } from '../../agent/process/errors.ts';
import { COUNTERS, KIND } from '../../bpf/rows/rows.gen.ts';
import { classAccount, connectionAccount, payloadOf, portsOf, retransmitAccount, sampledPayload } from './account.ts';
import { type Booted, boot } from './boot.ts';
import { whyNoGuest } from './initramfs.ts';
import { debianKernel, type Found, kernelIn } from './kernel-image.ts';
import { NARROW, type Report } from './report.ts';
import { type Column, supportTable } from './support-table.ts';

type Wanted = {
  name: string;
  find: () => Found;
  /** hooks that this kernel cannot have, each with what its reason says */
  refused: Record<string, RegExp>;
};

/** Tracepoints of Linux 6.3. */
const SOCKET_LENGTHS = { sock_send_length: /no such tracepoint/, sock_recv_length: /no such tracepoint/ };

/** Cookie and id that every kernel gives to what it starts with. */
const FIRST_NETNS = 1n;
const ROOT_CGROUP = 1n;

const folder = process.env['KERNEL'];
const kernels: Wanted[] = [
  { name: 'Linux 6.1', find: () => debianKernel('6.1'), refused: SOCKET_LENGTHS },
  { name: 'Linux 6.12', find: () => debianKernel('6.12'), refused: {} },
  ...(folder ? [{ name: `the kernel in ${folder}`, find: () => unpacked(folder), refused: {} }] : []),
];

function unpacked(path: string): Found {
  const kernel = kernelIn(resolve(path));
  if (!kernel) throw new Error(`KERNEL=${path} holds neither boot/vmlinuz-* nor lib/modules/*/vmlinuz: unpack a kernel's packages there`);
  return { kernel };
}

/** What became of a kernel: its report, why there is none, or the error that ended it. */
type Outcome = Booted | { missing: string } | { failed: unknown };
const outcomes = new Map<Wanted, Outcome>();

async function run(wanted: Wanted): Promise<Outcome> {
  const missing = whyNoGuest();
  if (missing) return { missing };
  try {
    const found = wanted.find();
    return 'kernel' in found ? await boot(found.kernel) : found;
  } catch (failed) {
    return { failed };
  }
}

beforeAll(async () => {
  await Promise.all(kernels.map(async (wanted) => outcomes.set(wanted, await run(wanted))));
});

/** The running kernel, where this user may load programs. */
function running(): Column[] {
  if (process.getuid?.() !== 0) return [];
  try {
    const source = openKernel({ host_id: 1n, ring_bytes: 64 * 1024 });
    const hooks = [...source.hooks(), ...source.fields()];
    source.close();
    return [{ title: `${/^\d+\.\d+/.exec(release())} (this machine)`, hooks }];
  } catch (error) {
    if (error instanceof CannotRunError) return [];
    throw error;
  }
}

afterAll(() => {
  const booted = kernels.map((wanted) => outcomes.get(wanted)).filter((outcome) => outcome !== undefined && 'report' in outcome);
  if (booted.length === 0) return;
  const columns = booted.map(({ report, series }) => ({ title: series, hooks: [...report.hooks, ...report.fields] }));
  const times = booted.map(({ report, seconds }) => `Linux ${report.release}: ${seconds.toFixed(1)} s from start to power-off`);
  console.log([supportTable([...columns, ...running()]), ...times].join('\n'));
});

/** A test of what each kernel reported. */
function check(title: string, assert: (report: Report, wanted: Wanted, context: TestContext) => void): void {
  test.for(kernels)(`$name: ${title}`, (wanted, context) => {
    const outcome = outcomes.get(wanted) ?? { missing: 'it was not tried' };
    if ('missing' in outcome) return context.skip(outcome.missing);
    if ('failed' in outcome) throw outcome.failed;
    assert(outcome.report, wanted, context);
  });
}

check('every hook attaches, but those that it cannot have', ({ hooks }, { refused }) => {
  expect(hooks.length).toBeGreaterThan(0);
  const unexpected = hooks.filter(({ name, attached, reason }) => (attached ? name in refused : !refused[name]?.test(reason)));
  expect(unexpected).toEqual([]);
});

test('the README has the table of what the kernels allow', (context) => {
  const booted = kernels.map((wanted) => outcomes.get(wanted)).filter((outcome) => outcome !== undefined && 'report' in outcome);
  if (booted.length < kernels.length || folder) return context.skip('only with all of the kernels, and no other');
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const columns = booted.map(({ report, series }) => ({ title: series, hooks: [...report.hooks, ...report.fields] }));
  expect(readme).toContain(supportTable(columns));
});

check('every row that a program wrote was read, and none was lost', ({ counters, rows }) => {
  for (const kind of KIND) {
    const expected = Object.fromEntries(COUNTERS.map((name) => [name, name === 'written' ? rows[kind].length : 0]));
    expect({ kind, ...counters[kind] }).toEqual({ kind, ...expected });
  }
});

check('the traffic gave rows of every kind', ({ rows, lossy }, _, context) => {
  if (!lossy) return context.skip('this kernel has no netem: it lost no packet');
  expect(KIND.filter((kind) => rows[kind].length === 0)).toEqual([]);
  expect([...new Set(rows.retransmit.map((row) => row.class))]).toEqual(expect.arrayContaining(['syn', 'syn_ack', 'fast', 'rto']));
});

check('connections made, failed and reset are those that the kernel counted', (report) => {
  for (const [what, { rows, kernel }] of Object.entries(connectionAccount(report))) {
    expect({ what, rows }).toEqual({ what, rows: kernel });
    expect(kernel, what).toBeGreaterThan(0);
  }
});

check('a connect that found no local port says so, with the range', ({ rows }) => {
  const [port_first, port_last] = NARROW;
  const told = { event: 'failed', sk_err: 99, port_first, port_last, local_port: 0, segs_out: 0 };
  expect(rows.connection.filter(({ end_reason }) => end_reason === 'no_port')).toMatchObject(Array(2).fill(told));
});

check('retransmitted segments, by class, are those that the kernel counted', (report, _, context) => {
  if (!report.lossy) return context.skip('this kernel has no netem: it lost no packet');
  const { rows, kernel, unattributed } = retransmitAccount(report);
  expect(rows).toBe(kernel);
  // Now and then an event reaches no program: what its class then lacks is in `unattributed`, and nothing else is.
  const classes = Object.entries(classAccount(report)).map(([name, compared]) => ({ name, lacks: compared.kernel - compared.rows }));
  expect(classes.filter(({ lacks }) => lacks < 0)).toEqual([]);
  const lacking = classes.reduce((total, { lacks }) => total + lacks, 0);
  expect(lacking, JSON.stringify(classes)).toBeLessThanOrEqual(unattributed);
});

check('the bytes of every close row are those that were sent', (report) => {
  expect(report.exchanges.filter(({ error }) => error !== '')).toEqual([]);
  const [clients, servers] = [payloadOf(report, 'client'), payloadOf(report, 'server')];
  for (const exchange of report.exchanges) {
    const [ports, { sent, received }] = [portsOf(exchange), exchange];
    expect({ ports, ...clients.get(ports) }).toEqual({ ports, sent, received });
    expect({ ports, ...servers.get(ports) }).toEqual({ ports, sent: received, received: sent });
  }
});

check('samples and close rows of a connection add up', (report) => {
  expect(report.rows.sample.length).toBeGreaterThan(0);
  const accounts = sampledPayload(report);
  expect(accounts.map(({ sampled }) => sampled)).toEqual(accounts.map(({ whole }) => whole));
});

check('every connection names its process, cgroup and namespace', ({ rows, pid }) => {
  expect(rows.connection.length).toBeGreaterThan(0);
  expect(rows.connection.filter(({ owner }) => owner === 'unknown')).toEqual([]);
  const heads = rows.connection.map((row) => ({ comm: row.comm, pid: row.pid, cgroup_id: row.cgroup_id, netns: row.netns }));
  expect(heads).toEqual(rows.connection.map(() => ({ comm: 'node', pid, cgroup_id: ROOT_CGROUP, netns: FIRST_NETNS })));
});

check('another namespace is swept too', ({ other_netns }) => {
  expect(other_netns).toBeGreaterThan(FIRST_NETNS);
});
