// Every situation of scenarios A to D, made for real, and what tcplens says of it beside what the kernel's counters,
// the programs themselves and tshark say.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PREBUILT } from '../../agent/kernel/ring-source.ts';
import { openLoader } from '../../agent/loader.ts';
import { type CaState, type Class, KIND } from '../../bpf/rows/rows.gen.ts';
import { faults } from './accounts.ts';
import { checkClicks } from './clicks.ts';
import { type Observed, observe } from './observe.ts';
import { openPages } from './page.ts';
import { sentences } from './page-words.ts';
import { type Scenario, type Seen, SIDES } from './scenario.ts';
import { dropped } from './scenarios/dropped.ts';
import { endings } from './scenarios/endings.ts';
import { freed } from './scenarios/freed.ts';
import { members } from './scenarios/members.ts';
import { names } from './scenarios/names.ts';
import { noWayOut } from './scenarios/no-way-out.ts';
import { onThePage } from './scenarios/on-the-page.ts';
import { pauses } from './scenarios/pauses.ts';
import { pileUps } from './scenarios/pile-ups.ts';
import { queues } from './scenarios/queues.ts';
import { resets } from './scenarios/resets.ts';
import { retransmissions } from './scenarios/retransmissions.ts';
import { slow } from './scenarios/slow.ts';
import { answers, stalls } from './scenarios/stalls.ts';
import { causes, table } from './table.ts';
import { segments, sum, unattributed, unseenFailures } from './views.ts';

/** SCENARIOS=D2,A5 runs only these. Figures that only all of them together give are then not asked for. */
const wanted = process.env['SCENARIOS']?.split(',');
const all: readonly Scenario[] = [
  ...resets,
  ...slow,
  ...stalls,
  ...answers,
  ...pauses,
  ...pileUps,
  ...retransmissions,
  ...names,
  ...queues,
  ...members,
  ...endings,
  ...noWayOut,
  ...freed,
  ...dropped,
  ...onThePage,
];
const scenarios = wanted ? all.filter(({ id }) => wanted.includes(id)) : all;

const isRoot = process.getuid?.() === 0;
let observed: Observed;
let pages: Awaited<ReturnType<typeof openPages>> | undefined;

beforeAll(async () => {
  if (!isRoot) return; // every test below skips with the reason
  observed = await observe(scenarios);
  pages = await openPages(scenarios, observed);
  console.log(`${observed.testimony.hidden} softirqs reached no program`);
  console.log(table(scenarios.flatMap(({ id }) => observed.lines.get(id) ?? [])));
  console.log(scenarios.map((scenario) => causes(scenario, observed.seen.get(scenario.id))).join('\n'));
});

afterAll(async () => {
  observed?.close();
  await pages?.close();
});

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

check('close rows and namespace rows add up to what retransmit rows say', (_, { client, server }) => {
  for (const side of [client, server]) {
    const { retransmit, connection, congestion, namespace } = side.rows;
    const counted = retransmit.filter(({ outcome }) => outcome !== 'refused');
    expect(sum(namespace.map((row) => row.retrans_attributed))).toBe(sum(counted.map(({ segments }) => segments)));
    for (const row of connection.filter(({ event }) => event !== 'open')) {
      const of = (name: Class) =>
        segments(
          counted.filter(({ connection_id }) => connection_id === row.connection_id),
          name,
        );
      const classes = ['fast', 'slow_start', 'rto', 'tlp', 'syn', 'syn_ack'] as const;
      expect(Object.fromEntries(classes.map((name) => [name, row[`retrans_${name}`]])), `port ${row.local_port}`).toEqual(
        Object.fromEntries(classes.map((name) => [name, of(name)])),
      );
      expect(sum(classes.map((name) => row[`retrans_${name}`])) + row.unattributed).toBe(row.total_retrans);
      const states = congestion.filter(({ connection_id }) => connection_id === row.connection_id);
      expect(sum(states.map(({ retrans }) => retrans)), 'each is told of once').toBeLessThanOrEqual(row.total_retrans);
    }
  }
});

/** Changes between these states have no rows, since they come with every hole that a SACK shows. */
const NOT_TOLD: readonly CaState[] = ['open', 'disorder'];

check('rows of the congestion state are of states that say something', (_, { client, server }) => {
  for (const { old_ca_state, new_ca_state } of [...client.rows.congestion, ...server.rows.congestion]) {
    expect(old_ca_state).not.toBe(new_ca_state);
    expect([old_ca_state, new_ca_state].filter((state) => !NOT_TOLD.includes(state))).not.toEqual([]);
  }
});

/** Functions by address, as the kernel lists them. */
function functions(): { address: bigint; name: string }[] {
  const lines = readFileSync('/proc/kallsyms', 'utf8')
    .split('\n')
    .map((line) => /^([0-9a-f]+) [tT] (\S+)/.exec(line));
  const found = lines.flatMap((line) => (line ? [{ address: BigInt(`0x${line[1]}`), name: (line[2] ?? '').slice(0, 32) }] : []));
  return found.sort((one, other) => (one.address < other.address ? -1 : 1));
}

/** The burst of the queues that scenarios make. */
const QUEUE_BURST_BYTES = 6000;

test('drops name the function that they happened in, those by the own queue the way they went', (context) => {
  if (!isRoot) return context.skip('needs root: network namespaces and BPF');
  const known = functions();
  const { drop } = observed.collected.rows;
  for (const address of new Set(drop.map((row) => row.address))) {
    const start = known.findLast((each) => each.address <= address)?.address;
    const names = known.filter((each) => each.address === start).map(({ name }) => name);
    const said = new Set(drop.filter((row) => row.address === address).map(({ location }) => location));
    expect(
      [...said].filter((location) => !names.includes(location)),
      names.join(),
    ).toEqual([]);
  }
  for (const row of drop.filter(({ reason }) => reason === 'qdisc_drop')) {
    // When the queue cuts a large packet up, only the last segment holds the socket; the others have its addresses and ports.
    expect(row).toMatchObject({ direction: 'sent', peer_port: 7000 });
    expect(row.length, 'what the queue takes whole').toBeLessThanOrEqual(QUEUE_BURST_BYTES);
  }
});

check('its rows name the cause', ({ causes, says }, seen) => {
  expect(causes(seen)).not.toEqual([]);
  says(seen);
});

test.for(scenarios.filter(({ id }) => id in sentences))('$id $name: the page says so', async ({ id }, context) => {
  if (!isRoot) return context.skip('needs root: network namespaces and BPF');
  const seen = observed.seen.get(id);
  if (!seen || seen instanceof Error || !pages) throw seen ?? new Error('it was not run');
  sentences[id]?.(await pages.ask(id), seen);
});

checkClicks(scenarios, () => observed);

check('what no event told of was hidden by the kernel', (_, seen) => {
  const { hidden, burst } = observed.testimony;
  // Where no softirq was hidden, nothing is missing. N hidden ones are taken to have sent no more than N times what the largest did of
  // those that were seen.
  for (const side of SIDES) {
    expect(unattributed(seen[side]), `${side}: ${hidden} softirqs were hidden`).toBeLessThanOrEqual(hidden * burst);
    expect(unseenFailures(seen[side]).length, `${side}: ${hidden} softirqs were hidden`).toBeLessThanOrEqual(hidden);
  }
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
  const reasons = [...loader.names.reasons().reset.keys()].filter((name) => name !== 'max');
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
    const { counters, drained, writtenBefore } = observed.collected;
    const { written, ring_lost, withheld } = counters[kind];
    expect({ kind, ring_lost, withheld }).toEqual({ kind, ring_lost: 0, withheld: 0 });
    expect(drained[kind], kind).toBeGreaterThanOrEqual(writtenBefore(kind));
    expect(drained[kind], kind).toBeLessThanOrEqual(written);
  }
});
