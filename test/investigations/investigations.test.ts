// Real losses at the places that each scenario names, and tcplens's verdict on each retransmitted segment, compared with independent
// captures. Prints verdicts by truth. `make test` runs the scenarios marked small, `make test-investigations` all of them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Evidence } from '../../agent/verdict/evidence.ts';
import { sizeVerdicts } from '../../agent/verdict/sizes.ts';
import { judgeAll } from '../../agent/verdict/verdicts.ts';
import { compilePrograms, type Programs } from '../fidelity/programs.ts';
import type { Netns } from '../support/netns.ts';
import { startWitness, type Witness } from '../support/witness.ts';
import { InvestigatedKernel } from './investigated.ts';
import { compare, netnsesOf, VIEWS, type View, viewOf } from './judged.ts';
import { matrixText, notRightText, type Ran, tallyOf } from './matrix.ts';
import { runScenario } from './run.ts';
import { SCENARIOS, type Scenario } from './scenario.ts';
import type { Trio } from './trio.ts';
import { byConnection } from './truth.ts';
import { agree, type Both, besideText, besideTshark } from './tshark.ts';

const isRoot = process.getuid?.() === 0;
/** "all", or a part of a scenario's name. */
const { TCPLENS_INVESTIGATIONS: ONLY } = process.env;
const chosen = SCENARIOS.filter(({ name, small }) => (ONLY === undefined ? small : ONLY === 'all' || name.includes(ONLY)));

const ran = new Map<View, Ran[]>(VIEWS.map((view) => [view, []]));
let directory = '';
let programs: Programs;
let kernel: InvestigatedKernel | undefined;
let witness: Witness | undefined;

beforeAll(async () => {
  if (!isRoot) return; // every test skips with the reason
  directory = mkdtempSync(join(tmpdir(), 'tcplens-investigations-'));
  programs = compilePrograms(directory);
  kernel = new InvestigatedKernel();
  witness = await startWitness();
});
afterAll(() => {
  kernel?.close();
  witness?.close();
  if (directory) rmSync(directory, { recursive: true });
});

test.for(chosen)('$name', async (scenario, context) => {
  if (!kernel || !witness) return context.skip('needs root: network namespaces and BPF');
  const before = await witness.ask();
  const { trio, captured } = await runScenario(scenario, programs, directory);
  try {
    const evidence = kernel.take();
    const hidden = (await witness.ask()).hidden - before.hidden;
    const { out, back } = captured;
    const may_overflow = scenario.overflows ?? false;
    const truths = {
      out: byConnection({ data: out, acks: back }, { may_overflow, too_old: tooOldAt(trio.receiver) }),
      back: byConnection({ data: back, acks: out }, { may_overflow, too_old: tooOldAt(trio.sender) }),
    };
    // For a proxy's connections the router is an end, so it cannot be left out.
    for (const view of VIEWS.filter((each) => !scenario.proxied || each !== 'router unobserved')) {
      const judged = judgeAll(viewOf(evidence, view, netnsesOf(evidence, trio, scenario.family)));
      // What is lost here is of any size.
      expect(sizeVerdicts(judged.sizes), view).toEqual([]);
      const each = compare(judged, view, truths);
      ran.get(view)?.push({ name: scenario.name, hidden, compared: each });
      console.log(matrixText(`${scenario.name}, ${view}`, each));
      if (view === 'receiver unobserved') continue;
      const alone = each.filter(({ verdict }) => !verdict.peer_observed && !verdict.missing.startsWith('where its sequence numbers begin'));
      expect(
        alone.map(({ verdict }) => verdict),
        view,
      ).toEqual([]);
    }
    await lookBeside(scenario, evidence, trio);
    expect(evidence.retransmit.length, 'the traffic was to be sent again').toBeGreaterThan(0);
    if (scenario.shows) expect(shown(scenario.shows, evidence, trio), JSON.stringify(scenario.shows)).toBeGreaterThan(0);
  } finally {
    trio.close();
  }
});

const beside: Both[] = [];

async function lookBeside(scenario: Scenario, evidence: Evidence, trio: Trio): Promise<void> {
  const { verdicts } = judgeAll(evidence);
  const { sender, receiver } = netnsesOf(evidence, trio, scenario.family);
  for (const netns of [sender, receiver]) {
    const own = verdicts.filter(({ segment }) => segment.row.netns === netns);
    const both = await besideTshark(join(directory, 'packets.pcapng'), evidence.packet, netns, own);
    beside.push(...both);
    console.log(besideText(scenario.name, both));
    expect(both.filter((one) => !agree(one))).toEqual([]);
  }
}

const tooOldAt = (end: Netns): number => end.nstat()['TcpExtPAWSEstab'] ?? 0;

function shown(what: NonNullable<Scenario['shows']>, { retransmit }: Evidence, { sender }: Trio): number {
  return 'class' in what ? retransmit.filter((row) => row.class === what.class).length : (sender.nstat()[what.counter] ?? 0);
}

const BOTH_ENDS: readonly View[] = ['all', 'router unobserved'];

test.for(VIEWS)('verdicts with these rows: %s', (view, context) => {
  if (!kernel) return context.skip('needs root: network namespaces and BPF');
  if (chosen.length === 0) return context.skip(`no scenario of it is named ${ONLY}`);
  const scenarios = ran.get(view) ?? [];
  const all = scenarios.flatMap(({ compared }) => compared);
  if (all.length === 0) return context.skip('no chosen scenario has a router between the ends');
  console.log(matrixText(`all scenarios, ${view}`, all));
  const { clear, unclear, right, not_known } = tallyOf(all);
  expect(clear).toBeGreaterThan(unclear);
  // Of what the kernel hid from every program there is no row: then "not known" is right.
  const not_to_know = tallyOf(scenarios.flatMap(({ hidden, compared }) => (hidden > 0 ? compared : []))).not_known;
  if (BOTH_ENDS.includes(view)) expect((right + not_to_know) / clear, notRightText(scenarios)).toBeGreaterThanOrEqual(0.99);
  else expect((right + not_known) / clear, notRightText(scenarios)).toBeGreaterThanOrEqual(0.95);
});

test('tshark’s words beside the verdicts of all scenarios, in each of which they agreed', (context) => {
  if (!kernel) return context.skip('needs root: network namespaces and BPF');
  if (chosen.length === 0) return context.skip(`no scenario of it is named ${ONLY}`);
  console.log(besideText('all scenarios', beside));
  expect(beside.length).toBeGreaterThan(0);
});
