// Every situation of scenarios A to D, made for real, and what tcplens says of it beside what the kernel's counters,
// the programs themselves and tshark say.
import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KIND } from '../../bpf/rows.gen.ts';
import { faults } from './accounts.ts';
import { type Observed, observe } from './observe.ts';
import type { Scenario, Seen } from './scenario.ts';
import { pileUps } from './scenarios/pile-ups.ts';
import { resets } from './scenarios/resets.ts';
import { retransmissions } from './scenarios/retransmissions.ts';
import { slow } from './scenarios/slow.ts';
import { causes, table } from './table.ts';

const scenarios: readonly Scenario[] = [...resets, ...slow, ...pileUps, ...retransmissions];

const isRoot = process.getuid?.() === 0;
let observed: Observed;

beforeAll(async () => {
  if (!isRoot) return; // every test below skips with the reason
  observed = await observe(scenarios);
  console.log(table(scenarios.flatMap(({ id }) => observed.lines.get(id) ?? [])));
  console.log(scenarios.map((scenario) => causes(scenario, observed.seen.get(scenario.id))).join('\n'));
});

afterAll(() => observed?.close());

/** A test of what each scenario left behind. */
function check(title: string, assert: (scenario: Scenario, seen: Seen) => void): void {
  test.for(scenarios)(`$id $name: ${title}`, (scenario, context) => {
    if (!isRoot) return context.skip('needs root: network namespaces and BPF');
    const seen = observed.seen.get(scenario.id);
    if (!seen || seen instanceof Error) throw seen ?? new Error('it was not run');
    assert(scenario, seen);
  });
}

check('it happened', ({ happened }, seen) => happened(seen));

check('tcplens counts what the kernel and tshark count', ({ id }) => {
  expect(faults(observed.lines.get(id) ?? [])).toEqual([]);
});

check('its rows name the cause', ({ causes, says }, seen) => {
  expect(causes(seen)).not.toEqual([]);
  says(seen);
});

test('no ring lost a row, and every row the programs wrote arrived', (context) => {
  if (!isRoot) return context.skip('needs root: network namespaces and BPF');
  for (const kind of KIND) {
    const { written, ring_lost, withheld } = observed.collected.counters[kind];
    expect({ kind, written, ring_lost, withheld }).toEqual({
      kind,
      written: observed.collected.drained[kind],
      ring_lost: 0,
      withheld: 0,
    });
  }
});
