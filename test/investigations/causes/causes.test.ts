// Failed connects, resets and slow connections, each with one cause that the kernel's counters prove, and tcplens's verdicts on them: from
// all rows, from one end only, and without packets. Prints a table of causes and verdicts.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compilePrograms, type Programs } from '../../fidelity/programs.ts';
import { InvestigatedKernel } from '../investigated.ts';
import { type Compared, compare, sizesSaid, tableText, VIEWS, type View, viewOf } from './judged.ts';
import { runScenario } from './run.ts';
import { SCENARIOS } from './scenarios.ts';

const isRoot = process.getuid?.() === 0;
/** "all", or a part of a scenario's name. */
const { TCPLENS_INVESTIGATIONS: ONLY } = process.env;
const chosen = SCENARIOS.filter(({ name, small }) => (ONLY === undefined ? small : ONLY === 'all' || name.includes(ONLY)));

const compared = new Map<View, Compared[]>(VIEWS.map((view) => [view, []]));
let directory = '';
let programs: Programs;
let kernel: InvestigatedKernel | undefined;

beforeAll(() => {
  if (!isRoot) return; // every test skips with the reason
  directory = mkdtempSync(join(tmpdir(), 'tcplens-causes-'));
  programs = compilePrograms(directory);
  kernel = new InvestigatedKernel();
});
afterAll(() => {
  kernel?.close();
  if (directory) rmSync(directory, { recursive: true });
});

test.for(chosen)('$about: $name', async (scenario, context) => {
  if (!kernel) return context.skip('needs root: network namespaces and BPF');
  const trio = await runScenario(scenario, programs);
  try {
    const evidence = kernel.take();
    const netnses = {
      sender: kernel.netnsOf(trio.sender.name),
      receiver: kernel.netnsOf(trio.receiver.name),
      router: trio.router && kernel.netnsOf(trio.router.name),
    };
    for (const view of VIEWS) {
      const each = compare(viewOf(evidence, view, netnses), view, scenario);
      compared.get(view)?.push(...each);
      if (view === 'all') expect(each, 'it was to be judged').not.toEqual([]);
      if (scenario.about !== 'size') expect(sizesSaid(viewOf(evidence, view, netnses)), view).toEqual([]);
    }
  } finally {
    trio.close();
  }
});

test.for(VIEWS)('verdicts with these rows: %s', (view, context) => {
  if (!kernel) return context.skip('needs root: network namespaces and BPF');
  const all = compared.get(view) ?? [];
  console.log(tableText(view, all));
  expect(
    all.filter(({ blames }) => blames),
    'an application that is not the cause',
  ).toEqual([]);
  expect(all.filter(({ mark }) => mark === 'wrong')).toEqual([]);
});
