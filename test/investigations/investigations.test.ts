// Real losses, made where each scenario says, and what tcplens says of every segment that was sent again: beside captures, which know
// nothing of tcplens. Prints verdicts by truth.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compilePrograms, type Programs } from '../fidelity/programs.ts';
import { InvestigatedKernel } from './investigated.ts';
import { type Compared, compare, netnsesOf, VIEWS, type View, wordOf } from './judged.ts';
import { runScenario } from './run.ts';
import { SCENARIOS } from './scenario.ts';
import { byConnection } from './truth.ts';

const isRoot = process.getuid?.() === 0;
const ONLY = process.env['TCPLENS_INVESTIGATIONS'];
const chosen = SCENARIOS.filter(({ name, small }) => (ONLY === 'all' ? true : ONLY ? name.includes(ONLY) : small));

describe('why segments were sent again', () => {
  const compared = new Map<View, Compared[]>(VIEWS.map((view) => [view, []]));
  let directory = '';
  let programs: Programs;
  let kernel: InvestigatedKernel | undefined;

  beforeAll(() => {
    if (!isRoot) return;
    directory = mkdtempSync(join(tmpdir(), 'tcplens-investigations-'));
    programs = compilePrograms(directory);
    kernel = new InvestigatedKernel();
  });
  afterAll(() => {
    kernel?.close();
    if (directory) rmSync(directory, { recursive: true });
  });

  test.each(chosen)('$name', async (scenario) => {
    if (!kernel) return;
    const { trio, captured } = await runScenario(scenario, programs, directory, () => kernel?.take());
    try {
      const evidence = kernel.take();
      if (DEBUG)
        writeFileSync(
          `/tmp/vx/${scenario.name.replaceAll(' ', '_')}.json`,
          JSON.stringify(evidence, (_, v) => (typeof v === 'bigint' ? v.toString() : v)),
        );
      const netnses = netnsesOf(evidence, trio, scenario.family);
      const { out, back } = captured;
      const truths = { out: byConnection({ data: out, acks: back }), back: byConnection({ data: back, acks: out }) };
      for (const view of VIEWS) {
        const each = compare(evidence, view, netnses, truths);
        compared.get(view)?.push(...each);
        print(`${scenario.name}, ${view}`, each);
      }
      expect(compared.get('all')?.length).toBeGreaterThan(0);
    } finally {
      trio.close();
    }
  });

  test('verdicts are right', () => {
    for (const [view, each] of compared) print(`ALL: ${view}`, each);
  });
});

const DEBUG = process.env['DEBUG_INV'];
// WRONG
function print(title: string, all: readonly Compared[]): void {
  const clear = all.filter(({ truth }) => truth !== 'unclear');
  const right = clear.filter((each) => each.right).length;
  const unknown = clear.filter(({ verdict }) => verdict.cause === 'not_known').length;
  console.log(
    `${title}: ${clear.length} segments (${all.length - clear.length} unclear), ${right} right, ${unknown} not known, ${clear.length - right - unknown} wrong`,
  );
  if (DEBUG)
    for (const { verdict: v, truth } of clear.filter((e) => !e.right && e.verdict.cause !== 'not_known').slice(0, 3))
      console.log(
        'WRONG',
        truth,
        v.cause,
        v.why,
        v.segment.seq,
        v.segment.end,
        v.segment.part,
        v.segment.row.time_ns,
        v.segment.row.class,
        v.segment.row.outcome,
        v.segment.row.segments,
        v.rests_on,
      );
  const cells = Map.groupBy(
    clear,
    ({ verdict, truth, right }) => `${right ? ' ' : '!'} ${truth} → ${wordOf(verdict)}${verdict.missing ? ` (${verdict.missing})` : ''}`,
  );
  for (const [cell, members] of [...cells].sort()) console.log(`   ${cell}: ${members.length}`);
}
