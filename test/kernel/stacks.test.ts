// The kernel's stacks beside rows of events: where the kernel says itself by which function it freed a packet, that function is in the
// packet's stack; of the other events the source of the kernel says which function fires them.
import { expect } from 'vitest';
import type { Kind, StackRow } from '../../bpf/rows/rows.gen.ts';
import { bitsOf, check, connections, decode, ends, NOBODY_LISTENS, type RowOf, type Run, useTraffic, WEB } from '../support/filtered.ts';
import { loseEach } from '../support/netns.ts';
import { waitFor } from '../support/wait.ts';

useTraffic();

const SLOT = 3;
const CLOCK_NS = 1e6;

type Options = { budget?: { rows_per_s: number; burst: number }; traffic?: () => Promise<void> };

/** Lossy connections, and attempts at a port where nobody listens. */
async function trouble(): Promise<void> {
  const { client, server } = ends();
  loseEach(server, 'ipv4', 10);
  try {
    await connections(WEB, 5, { request: 60_000 });
    for (let attempt = 0; attempt < 3; attempt++)
      client.run('bash', '-c', `exec 3<>/dev/tcp/${server.address.ipv4}/${NOBODY_LISTENS} || true`);
  } finally {
    server.run('iptables', '-F', 'INPUT');
  }
}

/** A client whose own firewall drops what it sends again, and then one without a route for what it sends again. */
async function hindered(): Promise<void> {
  const { client, server } = ends();
  const own = ['OUTPUT', '-p', 'tcp', '-m', 'length', '--length', '200:', '-m', 'statistic', '--mode', 'nth', '--every', '5'];
  loseEach(server, 'ipv4', 10);
  client.run('iptables', '-A', ...own, '--packet', '1', '-j', 'DROP');
  try {
    await connections(WEB, 3, { request: 200_000 });
    client.run('iptables', '-F', 'OUTPUT');
    loseEach(server, 'ipv4', 1);
    const timeouts = (more: number) => {
      const before = client.nstat()['TcpExtTCPTimeouts'] ?? 0;
      return waitFor(
        'timeouts',
        () => (client.nstat()['TcpExtTCPTimeouts'] ?? 0) - before,
        (seen) => seen >= more,
        20,
      );
    };
    const sending = connections(WEB, 1, { request: 1000 });
    await timeouts(1);
    client.run('ip', 'route', 'add', 'unreachable', server.address.ipv4);
    await timeouts(1);
    client.run('ip', 'route', 'del', 'unreachable', server.address.ipv4);
    server.run('iptables', '-F', 'INPUT');
    await sending;
  } finally {
    client.run('iptables', '-F', 'OUTPUT');
    server.run('iptables', '-F', 'INPUT');
  }
}

async function during(run: Run, expression: string, { budget, traffic = trouble }: Options = {}): Promise<RowOf[]> {
  run.set(SLOT, `${expression} and ${run.netns}`, budget === undefined ? {} : { budget });
  run.filters.detail('stack', 1 << SLOT);
  run.take();
  await traffic();
  const rows = run.take();
  run.filters.detail('stack', 0);
  return rows;
}

type Place = { connection_id: bigint; time_ns: bigint };
const functionsOf = ({ stack }: { stack: string }) => stack.split(' ');

/** The stack of a row: the kinds are drained one after the other, and each time by a clock that is read anew. */
function stackOf(row: Place, stacks: readonly StackRow[]): string[] {
  const away = ({ time_ns }: Place) => Math.abs(Number(time_ns - row.time_ns));
  const own = stacks.filter(({ connection_id }) => connection_id === row.connection_id);
  const nearest = own.reduce<StackRow | undefined>((found, one) => (found && away(found) <= away(one) ? found : one), undefined);
  return nearest === undefined || away(nearest) > CLOCK_NS ? [] : functionsOf(nearest);
}

check('each event that a filter wants has its stack, and the stack goes through what the kernel says of the event', async (run) => {
  const rows = await during(run, `port in (${WEB}, ${NOBODY_LISTENS})`);
  const stacks = decode(rows, 'stack');
  const about = (kind: Kind) => stacks.filter((row) => row.about === kind);
  const wanted = rows.filter((row) => bitsOf(row) & (1 << SLOT));
  const [drops, resets, retransmits] = [decode(wanted, 'drop'), decode(wanted, 'reset'), decode(wanted, 'retransmit')];
  expect([drops, resets, retransmits].map(({ length }) => length > 0)).toEqual([true, true, true]);
  expect(['drop', 'reset', 'retransmit'].map((kind) => about(kind as Kind).length)).toEqual([
    drops.length,
    resets.length,
    retransmits.length,
  ]);
  for (const row of drops) expect(stackOf(row, about('drop')), row.reason).toContain(row.location);
  for (const row of retransmits) expect(stackOf(row, about('retransmit'))).toContain('__tcp_retransmit_skb');
  for (const row of resets) expect(stackOf(row, about('reset'))[0]).toBe(row.direction === 'sent' ? 'tcp_v4_send_reset' : 'tcp_reset');
  for (const row of about('drop').filter(({ about_reason }) => about_reason === 'netfilter_drop'))
    expect(functionsOf(row)).toContain('nf_hook_slow');
  // The stacks name the events as the events' rows do.
  const counted = (all: readonly string[]) =>
    [...Map.groupBy(all, (one) => one)].map(([one, { length }]) => `${one}: ${length}`).toSorted();
  expect(
    counted(about('drop').map((row) => `${row.about_meaning} ${row.about_direction} ${row.about_reason} ${row.about_reason_code}`)),
  ).toEqual(counted(drops.map((row) => `${row.meaning} ${row.direction} ${row.reason} ${row.reason_code}`)));
  expect(counted(about('retransmit').map((row) => `${row.about_class} ${row.about_outcome}`))).toEqual(
    counted(retransmits.map((row) => `${row.class} ${row.outcome}`)),
  );
  expect(counted(about('reset').map((row) => `${row.about_direction} ${row.about_reason}`))).toEqual(
    counted(resets.map((row) => `${row.direction} ${row.reason}`)),
  );
  expect(new Set(stacks.map(({ filters }) => filters))).toEqual(new Set([1 << SLOT]));
});

check('attempts that failed or were refused have theirs too', async (run) => {
  const rows = await during(run, `port = ${WEB}`, { traffic: hindered });
  const attempts = decode(
    rows.filter((row) => bitsOf(row) & (1 << SLOT)),
    'retransmit',
  );
  const stacks = decode(rows, 'stack').filter(({ about }) => about === 'retransmit');
  for (const outcome of ['sent', 'failed', 'refused'] as const) {
    const own = stacks.filter(({ about_outcome }) => about_outcome === outcome);
    expect(own.length, outcome).toBeGreaterThan(0);
    expect(own.length, outcome).toBe(attempts.filter((row) => row.outcome === outcome).length);
    for (const row of own) expect(functionsOf(row), outcome).toContain('__tcp_retransmit_skb');
  }
});

check('what no filter asks for has no stack', async (run) => {
  const rows = await during(run, `port = ${NOBODY_LISTENS}`);
  expect(decode(rows, 'retransmit').length).toBeGreaterThan(0);
  const ports = decode(rows, 'stack').map(({ local_port, peer_port }) => [local_port, peer_port].includes(NOBODY_LISTENS));
  expect(new Set(ports)).toEqual(new Set([true]));
});

check('where nobody asks there is none', async (run) => {
  run.set(SLOT, `port = ${WEB} and ${run.netns}`);
  run.take();
  const before = run.source.counters().stack;
  await trouble();
  const rows = run.take();
  expect(rows.filter((row) => bitsOf(row) & (1 << SLOT)).length).toBeGreaterThan(0);
  expect([decode(rows, 'stack'), run.source.counters().stack]).toEqual([[], before]);
});

check('stacks pay from their filter’s budget, and what it keeps back is counted', async (run) => {
  const before = run.source.counters().stack;
  const rows = await during(run, `port in (${WEB}, ${NOBODY_LISTENS})`, { budget: { rows_per_s: 1, burst: 11 } });
  const { passed, over_budget } = run.filters.counters(SLOT);
  const { written, withheld } = run.source.counters().stack;
  const own = rows.filter((row) => bitsOf(row) & (1 << SLOT));
  expect(own.length).toBeLessThanOrEqual(passed);
  expect(over_budget).toBeGreaterThan(0);
  expect(written - before.written).toBe(decode(rows, 'stack').length);
  // A row that the budget has no room for has no stack either; of the others each has one, or one is withheld.
  const events = own.filter(({ kind }) => ['drop', 'reset', 'retransmit'].includes(kind));
  expect(written - before.written + (withheld - before.withheld)).toBe(events.length);
});
