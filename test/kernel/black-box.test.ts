// The black box over a loss that the test makes: what it keeps is what the kernel has counted, nobody else gets it, and an investigation that
// begins afterwards has it as its first rows.
import { once } from 'node:events';
import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBlackBox } from '../../agent/black-box/open-black-box.ts';
import type { InvestigationStates, WantedInvestigation } from '../../agent/contract/investigation.ts';
import { Investigations } from '../../agent/investigations/investigations.ts';
import { openKernel } from '../../agent/kernel/ring-source.ts';
import { createLog } from '../../agent/process/log.ts';
import { FILTER_SLOTS, KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { drainAll } from '../support/drain-all.ts';
import { bitsOf, decode, type RowOf } from '../support/filtered.ts';
import { loseEach, makePair, type Pair, socketsGone } from '../support/netns.ts';

const TRAFFIC = new URL('../support/traffic.ts', import.meta.url).pathname;
/** Ports of this process alone: other test runs on this machine have others. */
const [BAD, GOOD] = [20_000 + (process.pid % 10_000), 30_000 + (process.pid % 10_000)];
const NEEDED = ['tcp_retransmit_skb', 'tcp_probe', 'net_dev_start_xmit', 'netif_receive_skb'];
const BYTES = 32 * 1024 * 1024;
const isRoot = process.getuid?.() === 0;
const log = createLog('silent');

let pair: Pair;
const servers: { kill(): unknown }[] = [];
beforeAll(async () => {
  if (!isRoot) return;
  pair = makePair();
  for (const port of [BAD, GOOD]) {
    const serving = pair.server.start(process.execPath, TRAFFIC, 'serve', '0.0.0.0', String(port));
    servers.push(serving);
    if (serving.stdout) await once(serving.stdout, 'data');
  }
  loseEach(pair.server, 'ipv4', 10);
});
afterAll(() => {
  for (const serving of servers) serving.kill();
  pair?.close();
});

async function transfers(port: number, count: number, bytes = 100_000): Promise<void> {
  const sending = pair.client.start(
    process.execPath,
    TRAFFIC,
    'client',
    pair.server.address.ipv4,
    ...[port, count, bytes, 100].map(String),
  );
  sending.stdout?.resume();
  expect(await once(sending, 'exit')).toEqual([0, null]);
  await socketsGone(pair.client);
  await socketsGone(pair.server);
}

type Opened = ReturnType<typeof opened>;

function opened(bytes: number) {
  const source = openKernel({ host_id: 1n, ring_bytes: 8 * 1024 * 1024 });
  const given: RowOf[] = [];
  const add = (kind: Kind, rows: Uint8Array) => {
    const { size } = KINDS[kind];
    for (let at = 0; at < rows.length; at += size) given.push({ kind, row: Buffer.from(rows.subarray(at, at + size)) });
  };
  const drain = () => drainAll(source, (kind, drained) => add(kind, kernel?.black_box.take(kind, drained) ?? drained));
  const kernel = openBlackBox({ filters: source.filters, bytes, uplink: { add }, emptyRings: drain, log });
  if (kernel === undefined) throw new Error('a kernel has filters');
  const said: InvestigationStates[] = [];
  const figures = () => ({ at_ms: performance.now(), cpu_ms: 0, memory_bytes: 0, ring_lost: 0, written: 0 });
  const investigations = new Investigations({ kernel, figures, send: (message) => said.push(message), log });
  const { black_box } = kernel;
  const wanted: WantedInvestigation[] = [];
  return {
    source,
    black_box,
    given,
    drain,
    /** Resolves when it has all kept rows of the past. */
    async begin(id: string, expression: string) {
      wanted.push({ id, expression, detail: 'packets', user_stacks: false, rows_per_s: 100_000, rows_max: 0, ends_in_ms: 600_000 });
      await investigations.want(wanted);
      return said.at(-1)?.states.find((state) => state.id === id);
    },
    [Symbol.dispose]() {
      investigations.stop();
      black_box.stop();
      source.close();
    },
  };
}

function check(title: string, bytes: number, body: (run: Opened) => Promise<void>): void {
  test(title, async (context) => {
    if (!isRoot) return context.skip('needs root: network namespaces and BPF');
    using run = opened(bytes);
    const refused = run.source.hooks().find(({ name, attached }) => !attached && NEEDED.includes(name));
    if (refused) return context.skip(`this kernel refuses ${refused.name}: ${refused.reason}`);
    await body(run);
  });
}

/** Makes lossy transfers until enough was sent again for the edge to be watched. */
async function hurt(run: Opened): Promise<void> {
  do {
    await transfers(BAD, 2);
    run.drain();
  } while (decode(run.given, 'retransmit').length < 10);
}

const details = (rows: readonly RowOf[]) => rows.filter(({ kind }) => kind === 'packet' || kind === 'progress');
/** Segments that the client's namespace has sent, by the kernel. */
const sentBy = () => {
  const { TcpOutSegs = 0, TcpRetransSegs = 0 } = pair.client.nstat();
  return TcpOutSegs + TcpRetransSegs;
};

check('packets of the edge that hurts are kept, and are the first rows of an investigation', BYTES, async (run) => {
  const { black_box, given, source } = run;
  black_box.look(Date.now());
  await hurt(run);
  expect(details(given), 'before anything hurts').toEqual([]);
  black_box.look(Date.now());
  const [before, withheld] = [sentBy(), source.counters().packet.withheld];
  const began_ms = Date.now();
  await transfers(BAD, 2);
  const sent = sentBy() - before;
  await transfers(GOOD, 1);
  run.drain();
  expect(details(given), 'nobody has asked').toEqual([]);
  expect(new Set(given.map(bitsOf))).toEqual(new Set([0]));

  const state = await run.begin('00000000000000a1', `port = ${BAD}`);
  const looked = details(given);
  expect(state).toMatchObject({ state: 'running', looked_back: looked.length });
  expect(state?.looks_back_ms).toBeLessThanOrEqual(Date.now() - began_ms);
  expect(new Set(looked.map(bitsOf))).toEqual(new Set([1 << (state?.slot ?? 0)]));
  const packets = decode(looked, 'packet');
  expect(new Set(packets.flatMap(({ local_port, peer_port }) => [local_port, peer_port]).filter((port) => port === GOOD))).toEqual(
    new Set(),
  );
  const out = packets.filter(({ direction, place, peer_port }) => direction === 'sent' && place === 'device_out' && peer_port === BAD);
  expect(out.reduce((sum, { segments }) => sum + segments, 0)).toBe(sent);
  expect(decode(looked, 'progress').length).toBeGreaterThan(0);
  expect(source.counters().packet.withheld).toBe(withheld);
});

check('what its memory does not hold is withheld from nobody', 64 * 1024, async (run) => {
  await hurt(run);
  run.black_box.look(Date.now());
  const { withheld } = run.source.counters().packet;
  await transfers(BAD, 4);
  run.drain();
  expect(run.source.counters().packet.withheld).toBe(withheld);
  const state = await run.begin('00000000000000a2', `port = ${BAD}`);
  const looked = details(run.given);
  expect(state?.looked_back).toBe(looked.length);
  expect(looked.length).toBeGreaterThan(0);
  expect(looked.reduce((sum, { row }) => sum + row.length, 0)).toBeLessThanOrEqual(64 * 1024);
});

check('an investigation of something else gets nothing of it', BYTES, async (run) => {
  await hurt(run);
  run.black_box.look(Date.now());
  await transfers(BAD, 1);
  run.drain();
  expect(await run.begin('00000000000000a3', `port = ${GOOD}`)).toMatchObject({ state: 'running', looked_back: 0, looks_back_ms: 0 });
  expect(details(run.given)).toEqual([]);
});

check('a place that it has given back is all the investigation’s', BYTES, async (run) => {
  await hurt(run);
  run.black_box.look(Date.now());
  for (let look = 0; look < 20; look++) run.black_box.look(Date.now());
  run.drain();
  const slots: number[] = [];
  for (let at = 1; at < FILTER_SLOTS; at++) {
    const state = await run.begin(String(at).padStart(16, '0'), `port = ${BAD}`);
    slots.push(state?.slot ?? 0);
  }
  expect(new Set(slots).size).toBe(FILTER_SLOTS - 1);
  await transfers(BAD, 1);
  run.drain();
  const rows = details(run.given);
  expect(rows.length).toBeGreaterThan(0);
  expect(new Set(rows.map(bitsOf))).toEqual(new Set([slots.reduce((bits, slot) => bits | (1 << slot), 0)]));
});

check('what lies in the rings for the box is not given to an investigation that takes its place', BYTES, async (run) => {
  await hurt(run);
  run.black_box.look(Date.now());
  const begin = (number: number) => run.begin(String(number).padStart(16, '0'), `port = ${GOOD}`);
  for (let number = 1; number < FILTER_SLOTS - 1; number++) await begin(number);
  await transfers(BAD, 1);
  // The last place is the box's, and nobody has drained since.
  expect(await begin(FILTER_SLOTS - 1)).toMatchObject({ state: 'running', looked_back: 0 });
  run.drain();
  expect(details(run.given)).toEqual([]);
  await transfers(GOOD, 1);
  run.drain();
  expect(details(run.given).length).toBeGreaterThan(0);
});

check('without memory nothing is watched', 0, async (run) => {
  await hurt(run);
  run.black_box.look(Date.now());
  await transfers(BAD, 1);
  run.drain();
  expect(await run.begin('00000000000000a4', `port = ${BAD}`)).toMatchObject({ looked_back: 0 });
});
