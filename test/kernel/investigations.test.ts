// Investigations in the running kernel: what they have written, what ends them, and that nothing of them is left. Needs no sweep.
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBlackBox } from '../../agent/black-box/open-black-box.ts';
import { DETAILS } from '../../agent/contract/detail.ts';
import type { InvestigationStates, ToldState, WantedInvestigation } from '../../agent/contract/investigation.ts';
import { Investigations } from '../../agent/investigations/investigations.ts';
import { type Figures, LIMITS } from '../../agent/investigations/safety.ts';
import type { KernelFilters } from '../../agent/kernel/controls.ts';
import { openKernel } from '../../agent/kernel/ring-source.ts';
import { createLog } from '../../agent/process/log.ts';
import { FILTER_SLOTS, HEAD_AT, KINDS, ROLE } from '../../bpf/rows/rows.gen.ts';
import { type BpfObjects, heldBy } from '../support/bpf-objects.ts';
import { drainAll } from '../support/drain-all.ts';
import { bitsOf, connections, ends, isRoot, type RowOf, useTraffic } from '../support/filtered.ts';
import { missingCommand } from '../support/run-command.ts';
import { waitFor } from '../support/wait.ts';

useTraffic();

/** Ports of this process alone: other test runs on this machine have others. */
const [WEB, API] = [20_000 + (process.pid % 10_000), 30_000 + (process.pid % 10_000)];
const NEEDED = ['inet_sock_set_state', 'tcp_destroy_sock', 'tcp_probe', 'net_dev_start_xmit', 'netif_receive_skb'];
const TRAFFIC = new URL('../support/traffic.ts', import.meta.url).pathname;
const servers: { kill(): unknown }[] = [];
beforeAll(async () => {
  if (!isRoot) return;
  for (const port of [WEB, API]) {
    const serving = ends().server.start(process.execPath, TRAFFIC, 'serve', '0.0.0.0', String(port));
    servers.push(serving);
    if (serving.stdout) await once(serving.stdout, 'data');
  }
});
afterAll(() => {
  for (const serving of servers) serving.kill();
});

type Run = { filters: KernelFilters; take(): RowOf[] };

function check(title: string, body: (run: Run) => Promise<void>): void {
  test(title, async (context) => {
    if (!isRoot) return context.skip('needs root: network namespaces and BPF');
    const source = openKernel({ host_id: 1n, ring_bytes: 8 * 1024 * 1024 });
    try {
      const refused = source.hooks().find(({ name, attached }) => !attached && NEEDED.includes(name));
      if (refused) return context.skip(`this kernel refuses ${refused.name}: ${refused.reason}`);
      const take = () => {
        const rows: RowOf[] = [];
        drainAll(source, (kind, drained) => {
          const { size } = KINDS[kind];
          for (let at = 0; at < drained.length; at += size) rows.push({ kind, row: Buffer.from(drained.subarray(at, at + size)) });
        });
        return rows;
      };
      await body({ filters: source.filters, take });
    } finally {
      source.close();
    }
  });
}

const CYCLES = 100;
const IDLE: Figures = { at_ms: 0, cpu_ms: 0, memory_bytes: 0, ring_lost: 0, written: 0 };
const idOf = (number: number) => number.toString(16).padStart(16, '0');
const wanted = (number: number, expression: string, changes: Partial<WantedInvestigation> = {}): WantedInvestigation => ({
  id: idOf(number),
  expression,
  detail: 'rows',
  user_stacks: false,
  rows_per_s: 100_000,
  rows_max: 0,
  ends_in_ms: 600_000,
  ...changes,
});

/** @param figures those of the host, at each look */
function opened({ filters }: Pick<Run, 'filters'>, figures = () => ({ ...IDLE, at_ms: performance.now() })) {
  const said: InvestigationStates[] = [];
  const log = createLog('silent');
  const kernel = openBlackBox({ filters, bytes: 0, uplink: { add: () => {} }, emptyRings: () => undefined, log });
  const investigations = new Investigations({ kernel, figures, send: (message) => said.push(message), log });
  const stateOf = (number: number): ToldState | undefined => said.at(-1)?.states.find(({ id }) => id === idOf(number));
  const ended = (number: number) =>
    waitFor(
      'its end',
      () => stateOf(number),
      (state) => state?.state === 'ended',
      50,
    );
  return { investigations, stateOf, ended, [Symbol.dispose]: () => investigations.stop() };
}

check('each level writes the kinds of its level, of both ends of what is asked for, and of nothing else', async (run) => {
  for (const [index, detail] of DETAILS.entries()) {
    using own = opened(run);
    run.take();
    void own.investigations.want([wanted(index, `role = client and peer_port = ${WEB} and family = ipv4`, { detail })]);
    const { slot = 0, other_end } = own.stateOf(index) ?? {};
    expect(other_end).toEqual({ watched: true, why: '' });
    await connections(WEB, 3);
    await connections(API, 3);
    const rows = run.take();
    const asked = rows.filter((row) => bitsOf(row) & (1 << slot));
    const of = (kind: string) => asked.filter((row) => row.kind === kind);
    expect({ detail, progress: of('progress').length > 0, packet: of('packet').length > 0 }).toEqual({
      detail,
      progress: detail === 'progress' || detail === 'packets',
      packet: detail === 'packets',
    });
    // A packet's row has its owner, but not which end opened the connection.
    expect(new Set(asked.filter(({ kind }) => kind !== 'packet').map(({ row }) => ROLE[row.readUInt8(HEAD_AT.role)]))).toEqual(
      new Set(['client', 'server']),
    );
    const ports = asked.map(({ row }) => [row.readUInt16LE(HEAD_AT.local_port), row.readUInt16LE(HEAD_AT.peer_port)]);
    expect(ports.every((pair) => pair.includes(WEB) && !pair.includes(API))).toBe(true);
  }
});

check('it ends when its time is over, by hand, by the rows that it may write, and when the host has enough', async (run) => {
  /** Twice as much as it may. */
  const busy = () => ({ ...IDLE, at_ms: performance.now(), cpu_ms: 2 * LIMITS.cpu_share * performance.now() });
  using own = opened(run, busy);
  const all = `port in (${WEB}, ${API})`;
  const started = [
    wanted(1, all, { ends_in_ms: 1500 }),
    wanted(2, all, { rows_max: 5 }),
    wanted(3, all),
    wanted(4, `${all} and process = x`),
  ];
  void own.investigations.want(started);
  expect(own.stateOf(4)?.other_end).toEqual({ watched: false, why: '"process = x" says nothing of the other end' });
  await connections(WEB, 5);
  expect(await own.ended(2)).toMatchObject({ reason: 'budget' });
  expect(own.stateOf(2)?.passed).toBeGreaterThanOrEqual(5);
  expect(await own.ended(1)).toMatchObject({ reason: 'time' });
  expect(await own.ended(4)).toMatchObject({ reason: 'safety', words: expect.stringMatching(/of a processor/) });
  void own.investigations.want(started.filter(({ id }) => id !== idOf(3)));
  expect(own.stateOf(3)).toMatchObject({ state: 'ended', reason: 'by_hand' });
  // What has ended is not begun again while it is wanted.
  void own.investigations.want(started);
  expect([1, 2, 3, 4].map((number) => own.stateOf(number)?.state)).toEqual(['ended', 'ended', 'running', 'ended']);
});

check('what cannot be done is refused, in words, and the others run', async (run) => {
  using own = opened(run);
  const slots = Array.from({ length: FILTER_SLOTS }, (_, index) => wanted(10 + index, `port = ${WEB}`));
  void own.investigations.want([wanted(1, 'kind = drop'), wanted(2, 'cgroup = no-such.service'), wanted(3, 'port ='), ...slots]);
  const found = [1, 2, 3, 10 + FILTER_SLOTS - 1].map((number) => own.stateOf(number));
  expect(found).toMatchObject([
    { state: 'ended', reason: 'refused', words: expect.stringMatching(/kind is of single rows/) },
    { state: 'ended', reason: 'refused', words: expect.stringMatching(/no cgroup with the path/) },
    { state: 'ended', reason: 'refused', words: expect.stringMatching(/column 7/) },
    { state: 'ended', reason: 'refused', words: expect.stringMatching(/stop one first/) },
  ]);
  // One slot is the scope's.
  expect(slots.filter(({ id }) => own.stateOf(Number(`0x${id}`))?.state === 'running')).toHaveLength(FILTER_SLOTS - 1);
});

const counts = (objects: BpfObjects) => Object.fromEntries(Object.entries(objects).map(([sort, ids]) => [sort, ids.size]));
const descriptors = () => readdirSync('/proc/self/fd').length;

check(`${CYCLES} that begin and end leave nothing in the kernel`, async (run) => {
  if (missingCommand(['bpftool']) !== undefined) return;
  const cycle = (number: number) => {
    using own = opened(run);
    void own.investigations.want([wanted(number, `port = ${WEB}`, { detail: 'packets' }), wanted(number + CYCLES, `port = ${API}`)]);
    void own.investigations.want([]);
    expect([own.stateOf(number)?.reason, own.stateOf(number + CYCLES)?.reason]).toEqual(['by_hand', 'by_hand']);
  };
  cycle(0);
  const before = { ...counts(heldBy(process.pid)), descriptors: descriptors() };
  for (let number = 1; number <= CYCLES; number++) cycle(number);
  expect({ ...counts(heldBy(process.pid)), descriptors: descriptors() }).toEqual(before);
  await connections(WEB, 2);
  expect(run.take().filter((row) => bitsOf(row) !== 0)).toEqual([]);
});
