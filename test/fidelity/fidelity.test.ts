// Every situation of scenarios A to D, made for real, and what tcplens says of it beside what the kernel's counters,
// the programs themselves and tshark say.
import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLoader } from '../../agent/loader.ts';
import { PREBUILT } from '../../agent/ring-source.ts';
import { KIND } from '../../bpf/rows.gen.ts';
import { faults } from './accounts.ts';
import { type Observed, observe } from './observe.ts';
import type { Scenario, Seen } from './scenario.ts';
import { pauses } from './scenarios/pauses.ts';
import { pileUps } from './scenarios/pile-ups.ts';
import { resets } from './scenarios/resets.ts';
import { retransmissions } from './scenarios/retransmissions.ts';
import { slow } from './scenarios/slow.ts';
import { answers, stalls } from './scenarios/stalls.ts';
import { causes, table } from './table.ts';
import { sum } from './views.ts';

const scenarios: readonly Scenario[] = [...resets, ...slow, ...stalls, ...answers, ...pauses, ...pileUps, ...retransmissions];

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

test('what no event told of is the exception', (context) => {
  if (!isRoot) return context.skip('needs root: network namespaces and BPF');
  const lines = [...observed.lines.values()].flat().filter(({ counter }) => counter === 'TcpRetransSegs');
  const lacking = sum(lines.map(({ allowed }) => allowed));
  // Now and then the events of a whole softirq reach no program; a miscount would be in every line.
  expect(lacking / sum(lines.map(({ kernel }) => kernel))).toBeLessThan(0.1);
});

/** Reasons for a reset that no scenario brings about. */
const NOT_BROUGHT_ABOUT: Record<string, string> = {
  not_specified: 'the kernel gives no reason',
  tcp_old_ack: 'needs data acknowledged before the handshake has ended (TCP Fast Open)',
  tcp_abort_on_memory: "needs TCP's memory or orphans used up, which are the whole host's",
  error: 'needs a failure inside the kernel',
  mptcp_rst_emptcp: 'needs a peer that breaks the rules of MPTCP',
  mptcp_rst_eresource: 'needs a peer that breaks the rules of MPTCP',
  mptcp_rst_ewq2big: 'needs a peer that breaks the rules of MPTCP',
  mptcp_rst_ebadperf: 'needs a peer that breaks the rules of MPTCP',
  mptcp_rst_emiddlebox: 'needs a middlebox that changes the options of MPTCP',
};

test('the reasons for which this kernel resets a connection are brought about', (context) => {
  if (!isRoot) return context.skip('needs root: network namespaces and BPF');
  const loader = openLoader({ prebuilt: PREBUILT, host_id: 1n, ring_bytes: 4096, refuse: [] });
  const reasons = [...loader.reasons().reset.keys()].filter((name) => name !== 'max');
  loader.close();
  const seen = new Set(observed.collected.rows.reset.map(({ reason }) => reason));
  const text = reasons.map((name) => `${name}: ${seen.has(name) ? 'seen' : (NOT_BROUGHT_ABOUT[name] ?? 'not known to these scenarios')}`);
  console.log(`reasons for a reset\n    ${text.join('\n    ')}`);
  expect(reasons.length).toBeGreaterThan(0);
  expect(Object.keys(NOT_BROUGHT_ABOUT).filter((name) => seen.has(name))).toEqual([]);
  expect([...seen].filter((name) => name !== '' && !reasons.includes(name))).toEqual([]);
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
