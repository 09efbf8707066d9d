// A kind that cannot be seen is no kind of which nothing happened.
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { recordKernel } from '../../../agent/commands/record.ts';
import { watchSource } from '../../../agent/commands/watch.ts';
import { STAND_INS } from '../../../agent/contract/settings.ts';
import type { KernelSource } from '../../../agent/kernel/ring-source.ts';
import { Recording } from '../../../agent/recording/read.ts';
import { fromKernel } from '../../../agent/source/from-kernel.ts';
import type { Hook } from '../../../agent/source/row-source.ts';
import { KIND, type Kind } from '../../../bpf/rows/rows.gen.ts';
import { mapsOfPrograms } from '../../support/bpf-elf.ts';
import { root } from '../../support/project-files.ts';
import { fakeSource } from '../fake-source.ts';

const PREBUILT = join(root, 'bpf/prebuilt');
/** As the objects have it: each program, with the kinds into whose rings it writes. */
const WRITES = new Map(
  readdirSync(PREBUILT)
    .filter((file) => file.endsWith('.bpf.o'))
    .flatMap((file) => [...mapsOfPrograms(join(PREBUILT, file))])
    .filter(([program]) => !Object.values<string>(STAND_INS).includes(program))
    .map(([program, maps]) => [program, KIND.filter((kind) => maps.has(`ring_${kind}`))]),
);
/** The iterator behind every sweep. Kinds without a ring come from it alone. */
const SWEEP = 'sample';
/** Of connections these only bring rows forward. */
const EARLY = [SWEEP, 'owner'];

function writersOf(kind: Kind): string[] {
  const writers = [...WRITES].flatMap(([program, kinds]) =>
    kinds.includes(kind) && !(EARLY.includes(program) && kind === 'connection') ? program : [],
  );
  return writers.length === 0 ? [SWEEP] : writers;
}

function hooksWithout(...refused: string[]): Hook[] {
  const reason = 'open: No such file or directory';
  return [...WRITES.keys()].map((name) => ({ name, attached: !refused.includes(name), reason: refused.includes(name) ? reason : '' }));
}

/** A kernel of which this test says what it hooks and gives. */
function kernel(source: Partial<KernelSource>): KernelSource {
  const nobody = () => {
    throw new Error('nobody asks for this here');
  };
  const filters = {
    names: nobody,
    set: nobody,
    clear: nobody,
    budgets: nobody,
    exclusive: nobody,
    scope: nobody,
    detail: nobody,
    userStacks: nobody,
    counters: nobody,
  };
  const tally = { start: nobody, groups: nobody, countAlone: nobody, reasonOf: nobody };
  const restrict = () => ({ uid: 0, capabilities: {}, bounding_empty: true, threads: 1 });
  return { ...fakeSource(), filters, tally, restrict, ...source };
}

afterEach(() => vi.restoreAllMocks());

type Ended = { stderr: string; stdout: string; error: unknown };

/** What a command writes, and how it ends. */
async function run(command: () => Promise<void>): Promise<Ended> {
  const said = { stderr: '', stdout: '' };
  for (const name of ['stderr', 'stdout'] as const)
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      said[name] += text;
      return true;
    });
  const error = await command().catch((caught: unknown) => caught);
  return { ...said, error };
}

/** It ends after so many sweeps. */
function sweptUpTo(sweeps: number, source: Partial<KernelSource>): KernelSource {
  let left = sweeps;
  return { ...kernel(source), sweep: () => void left--, ended: () => left <= 0 };
}

const CONFIG = { format: 'text', interval: 1, filter: undefined, filterBudget: { rows_per_s: 0, burst: 0 }, ownNetns: false };

/** Ends after `sweeps` sweeps, unless it ends before. */
function watched(kinds: Kind[], source: Partial<KernelSource>, sweeps = 2): Promise<Ended> {
  const config = CONFIG as unknown as Parameters<typeof watchSource>[2];
  return run(() => watchSource(fromKernel(sweptUpTo(sweeps, source)), new Set(kinds), config));
}

async function recorded(source: Partial<KernelSource>, sweeps = 2): Promise<Ended & { file: string }> {
  const file = join(mkdtempSync(join(tmpdir(), 'tcplens-')), 'recording');
  const config = { ...CONFIG, force: false } as unknown as Parameters<typeof recordKernel>[2];
  return { file, ...(await run(() => recordKernel(sweptUpTo(sweeps, source), file, config, undefined))) };
}

test.each(KIND)('%s without its hooks: said, with the reason, and not "0 seen"', async (kind) => {
  const { error, stdout, stderr } = await watched([kind], { hooks: () => hooksWithout(...writersOf(kind)) });
  expect(stderr).toMatch(new RegExp(`^tcplens: no ${kind} row can be seen: hook .*No such file or directory`));
  expect(error).toMatchObject({ exitCode: 78, message: expect.stringContaining(`no ${kind} row can be seen`) });
  expect(stdout).not.toContain('seen');
});

test.each(KIND)('%s without any one of its hooks, beside what can be seen: said first and last, exit code 1', async (kind) => {
  const other = kind === 'drop' ? 'reset' : 'drop';
  for (const refused of writersOf(kind)) {
    const { error, stdout, stderr } = await watched([kind, other], { hooks: () => hooksWithout(refused) });
    expect(stderr).toMatch(new RegExp(`^tcplens: (no|not all) ${kind} rows? can be seen: hook ${refused} `));
    expect(error).toMatchObject({ exitCode: 1, message: expect.stringContaining(refused) });
    expect(stdout).toContain(`${other}: 0 seen`);
  }
});

test.each(KIND)('%s whose hook goes away while it is watched', async (kind) => {
  let attached = true;
  const source = { hooks: () => (attached ? hooksWithout() : hooksWithout(...writersOf(kind))) };
  const drain = () => {
    attached = false;
    return 0;
  };
  // It ends by itself: nothing more can come.
  const { error, stdout } = await watched([kind], { ...source, drain }, Number.POSITIVE_INFINITY);
  expect(error).toMatchObject({ exitCode: 78, message: expect.stringContaining(`no ${kind} row can be seen`) });
  expect(stdout).toContain(`${kind}: 0 seen`);
});

test('no network namespace may be entered: samples are not "0 seen"', async () => {
  const netns_refused = () => [{ inode: 1, name: '', reason: 'EPERM' }];
  const { error } = await watched(['sample', 'drop'], { hooks: () => hooksWithout(), netns_refused });
  expect(error).toMatchObject({ exitCode: 1, message: expect.stringMatching(/^no sample row can be seen: .*EPERM/) });
});

test.each(Object.entries(STAND_INS))('%s is not missed where %s stands in for it', async (of, stand_in) => {
  const hooks = () => [...hooksWithout(of), { name: stand_in, attached: true, reason: '' }];
  const { error, stderr } = await watched([...KIND], { hooks });
  expect({ error, stderr }).toEqual({ error: undefined, stderr: '' });
});

test('with all hooks there is nothing to say', async () => {
  const { error, stderr } = await watched([...KIND], { hooks: () => hooksWithout() });
  expect({ error, stderr }).toEqual({ error: undefined, stderr: '' });
});

test('each program that writes rows belongs to a kind, and the sweep gives those that have no ring', () => {
  expect(KIND.filter((kind) => ![...WRITES.values()].some((kinds) => kinds.includes(kind)))).toEqual(['sample', 'namespace']);
  expect(writersOf('retransmit').sort()).toEqual(['tcp_retransmit_skb', 'tcp_retransmit_synack']);
});

test('what only fills rows in is missed, and the rows come', async () => {
  const { error, stderr, stdout } = await watched(['connection'], { hooks: () => hooksWithout('inet_sk_error_report') });
  expect(stderr).toMatch(/^tcplens: connection rows do not say all: hook inet_sk_error_report /);
  expect(error).toMatchObject({ exitCode: 1 });
  expect(stdout).toContain('connection: 0 seen');
});

test.each(KIND)('a recording without the hooks of %s: said first and last, exit code 1, and the rest is recorded', async (kind) => {
  const { error, stderr, file } = await recorded({ hooks: () => hooksWithout(...writersOf(kind)) });
  expect(stderr).toMatch(new RegExp(`^tcplens: no .*${kind} row can be seen: hook .*No such file or directory`, 'm'));
  expect(error).toMatchObject({ exitCode: 1, message: expect.stringContaining(`no ${kind} row can be seen`) });
  expect(new Recording(file).header.refused.map(({ name }) => name).sort()).toEqual(writersOf(kind).sort());
});

test('a recording of which a hook goes away while it is made', async () => {
  let attached = true;
  const drain = () => {
    attached = false;
    return 0;
  };
  const { error, stderr } = await recorded({ drain, hooks: () => hooksWithout(...(attached ? [] : ['kfree_skb'])) }, 3);
  expect(stderr).toMatch(/^tcplens: no drop row can be seen: hook kfree_skb /);
  expect(error).toMatchObject({ exitCode: 1 });
});

test('without any hook nothing is recorded, and no file is made', async () => {
  const { error, file } = await recorded({ hooks: () => hooksWithout(...WRITES.keys()) });
  expect(error).toMatchObject({ exitCode: 78 });
  expect(existsSync(file)).toBe(false);
});

test('with all hooks a recording is made and nothing said but what is in it', async () => {
  const { error, stderr, file } = await recorded({ hooks: () => hooksWithout() });
  expect(error).toBeUndefined();
  expect(stderr).toMatch(/^[^\n]*recording: .*, rows: [^\n]*\n$/);
  expect(existsSync(file)).toBe(true);
});
