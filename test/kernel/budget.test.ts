// Budgets in the running kernel: of a filter and of a kind. What they withhold is counted, and nothing else is withheld.
import { expect } from 'vitest';
import { eachKind } from '../../agent/accounts/ledger.ts';
import { scopeInKernel } from '../../agent/filter/run.ts';
import { type Budget, budgetOf } from '../../agent/kernel/budget.ts';
import { KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { API, bitsOf, check, connections, decode, ends, NO_LIMIT, useTraffic, WEB } from '../support/filtered.ts';

useTraffic();

check("a filter's budget is not exceeded, and what it withholds is counted", async ({ source, filters, set, take, netns }) => {
  const budget: Budget = { rows_per_s: 4, burst: 15 };
  filters.exclusive(true);
  take(); // rows from before
  const began = performance.now();
  set(0, `kind = state_change and port = ${WEB} and ${netns}`, { budget });
  const { state_change: before, connection: unasked } = source.counters();
  await connections(WEB, 100);
  const seconds = (performance.now() - began) / 1000;
  const { matched, passed, over_budget } = filters.counters(0);
  console.log(`${matched} matched, ${passed} passed, ${over_budget} over the budget of ${budget.rows_per_s}/s in ${seconds.toFixed(2)} s`);
  expect(passed).toBeLessThanOrEqual(budget.rows_per_s * seconds + budget.burst);
  expect(passed).toBeGreaterThanOrEqual(budget.burst);
  expect(over_budget).toBeGreaterThan(0);
  expect(passed + over_budget).toBe(matched);
  expect(take().length).toBe(passed);
  const after = source.counters();
  expect(after.state_change.withheld - before.withheld).toBe(over_budget);
  // Of a kind that no filter asks for, nothing is over a budget: the filters keep it back.
  expect(after.connection.withheld).toBe(unasked.withheld);
  expect(after.connection.filtered - unasked.filtered).toBeGreaterThanOrEqual(2 * 100);
});

/** Room for what else this machine connects meanwhile. */
const RING_BYTES = 64 * 1024 * 1024;
/** So few that even on a slow machine some rows are withheld. */
const SCARCE = { ...eachKind(() => NO_LIMIT), state_change: { rows_per_s: 1, burst: 5 } };

check(
  "a kind's budget withholds its flood and no other kind, and not what a filter wants",
  async ({ source, set, take }) => {
    set(3, `netns = ${ends().client.name} and peer_port = ${API} and kind = state_change`, { budget: budgetOf(1_000_000) });
    take();
    const before = source.counters();
    const began = performance.now();
    await Promise.all([connections(WEB, 50), connections(API, 10)]);
    const rows = take();
    const seconds = (performance.now() - began) / 1000;
    const after = source.counters();
    const unwanted = rows.filter((each) => each.kind === 'state_change' && bitsOf(each) === 0).length;
    expect(unwanted).toBeLessThanOrEqual(SCARCE.state_change.rows_per_s * seconds + SCARCE.state_change.burst);
    expect(after.state_change.withheld - before.state_change.withheld).toBeGreaterThan(300);
    expect(after.connection.withheld).toBe(0);
    const closes = decode(rows, 'connection').filter(({ event }) => event === 'close');
    expect({ lost: after.connection.ring_lost, closes: closes.length }).toEqual({ lost: 0, closes: 2 * (50 + 10) });
    // Each of the ten: SYN_SENT, ESTABLISHED, FIN_WAIT1, FIN_WAIT2 or CLOSING, CLOSE.
    const asked = rows.filter((each) => bitsOf(each) === 1 << 3).length;
    expect(asked).toBeGreaterThanOrEqual(10 * 4);
  },
  { budgets: SCARCE, ring_bytes: RING_BYTES },
);

check(
  "a kind's budget withholds its flood where there is no filter either",
  async ({ source, take }) => {
    take();
    const before = source.counters();
    const began = performance.now();
    await connections(WEB, 50);
    const rows = take().filter(({ kind }) => kind === 'state_change').length;
    const seconds = (performance.now() - began) / 1000;
    const { withheld, filtered } = source.counters().state_change;
    expect(rows).toBeLessThanOrEqual(SCARCE.state_change.rows_per_s * seconds + SCARCE.state_change.burst);
    expect(withheld - before.state_change.withheld).toBeGreaterThan(300);
    expect(filtered).toBe(before.state_change.filtered);
  },
  { budgets: SCARCE, ring_bytes: RING_BYTES },
);

check(
  'of a kind that is off no row is written, and each is counted as withheld',
  async ({ source, take }) => {
    take();
    const before = source.counters();
    await connections(WEB, 50);
    expect(take().filter(({ kind }) => kind === 'state_change')).toEqual([]);
    const after = source.counters();
    // Each end of a connection has at least three.
    expect(after.state_change.withheld - before.state_change.withheld).toBeGreaterThanOrEqual(2 * 50 * 3);
    expect(after.connection.withheld).toBe(before.connection.withheld);
  },
  { budgets: { state_change: budgetOf('off') }, ring_bytes: RING_BYTES },
);

check(
  'inside a scope budgets of kinds hold, filters see only what is inside, and nothing outside is written',
  async ({ source, filters, set, take }) => {
    const inside = `netns = ${ends().client.name}`;
    const wanted = scopeInKernel(filters, inside, Object.keys(KINDS) as Kind[]);
    // Both ends have the port: the server's is outside.
    set(3, `port = ${API}`, { budget: budgetOf(1_000_000) });
    take();
    const before = source.counters();
    await Promise.all([connections(WEB, 50), connections(API, 10)]);
    const rows = take().filter(({ kind, row }) => wanted(kind, row).length > 0);
    // Nobody has asked for rows with the bit of the scope.
    expect(new Set(rows.map(bitsOf))).toEqual(new Set([0, 1 << 3]));
    const closes = decode(rows, 'connection').filter(({ event }) => event === 'close');
    expect(closes.map(({ role }) => role)).toEqual(Array(60).fill('client'));
    const after = source.counters();
    expect(after.connection.filtered - before.connection.filtered).toBeGreaterThanOrEqual(60);
    expect(after.state_change.withheld - before.state_change.withheld).toBeGreaterThanOrEqual(50 * 3 - SCARCE.state_change.burst);
    const asked = rows.filter((each) => bitsOf(each) & (1 << 3) && each.kind === 'state_change').length;
    expect(asked).toBeGreaterThanOrEqual(10 * 4);
    expect(rows.filter((each) => each.kind === 'state_change').length - asked).toBeLessThan(50 * 3);
  },
  { budgets: SCARCE, ring_bytes: RING_BYTES },
);
