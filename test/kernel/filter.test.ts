// Filters in the running kernel, over real traffic: what passes, what is counted, and what happens when they are
// replaced, taken away or end while connections come and go.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { isDetail } from '../../agent/contract/detail.ts';
import { parseFilter } from '../../agent/filter/parse.ts';
import { markRows, RecordedNames } from '../../agent/filter/recorded.ts';
import { readCgroup2Mount } from '../../agent/host/cgroups.ts';
import { openKernel } from '../../agent/kernel/ring-source.ts';
import { KIND } from '../../bpf/rows/rows.gen.ts';
import {
  API,
  bitsOf,
  check,
  connections,
  decode,
  ends,
  isRoot,
  NOBODY_LISTENS,
  type RowOf,
  type Run,
  useTraffic,
  WEB,
} from '../support/filtered.ts';
import { lose } from '../support/netns.ts';
import { root } from '../support/project-files.ts';

useTraffic();

/** The BPF programs that this process holds. */
function programs(): { id: number; verified_insns: number | undefined }[] {
  const number = (text: string, name: string) => {
    const digits = new RegExp(`^${name}:\\t(\\d+)$`, 'm').exec(text)?.[1];
    return digits === undefined ? undefined : Number(digits);
  };
  return readdirSync('/proc/self/fdinfo').flatMap((fd) => {
    try {
      const text = readFileSync(join('/proc/self/fdinfo', fd), 'utf8');
      const id = text.includes('prog_type:') ? number(text, 'prog_id') : undefined;
      return id === undefined ? [] : [{ id, verified_insns: number(text, 'verified_insns') }];
    } catch {
      return []; // the descriptor of this very reading
    }
  });
}

check('only what matches leaves the kernel, and its own counters say so', async ({ source, filters, set, take }) => {
  const COUNT = 20;
  filters.exclusive(true);
  take(); // rows from before
  const before = source.counters();
  set(
    0,
    `kind = connection and event = close and peer in 10.77.0.0/24 and peer_port = ${WEB} and netns = ${ends().client.name} and process = node*`,
  );
  await connections(WEB, COUNT);
  await connections(API, COUNT);
  const rows = decode(take(), 'connection');
  expect(rows.map(({ event, peer_port, filters: bits }) => ({ event, peer_port, bits }))).toEqual(
    Array(COUNT).fill({ event: 'close', peer_port: WEB, bits: 1 }),
  );
  const counts = filters.counters(0);
  const counters = source.counters();
  const written = KIND.map((kind) => counters[kind].written - before[kind].written);
  const filtered = KIND.map((kind) => counters[kind].filtered - before[kind].filtered);
  const sum = (numbers: number[]) => numbers.reduce((total, each) => total + each, 0);
  console.log(`${counts.evaluated} rows asked about in the kernel, ${counts.matched} matched, ${sum(filtered)} never written`);
  expect({ matched: counts.matched, passed: counts.passed, over_budget: counts.over_budget, expired: counts.expired }).toEqual({
    matched: COUNT,
    passed: COUNT,
    over_budget: 0,
    expired: false,
  });
  // Open and close at both ends of twice as many connections, and each of their states.
  expect(counts.evaluated).toBeGreaterThanOrEqual(2 * COUNT * (4 + 10));
  // Rows between going exclusive and setting the filter were evaluated by no filter.
  expect(sum(filtered)).toBeGreaterThanOrEqual(counts.evaluated - COUNT);
  expect(written[KIND.indexOf('state_change')]).toBe(0);
});

const EXPRESSIONS = [
  `port = ${WEB} and role = client`,
  'class in (fast, slow_start, rto) and outcome = sent and ca_state != open or old_ca_state = open and new_ca_state in (recovery, loss)',
  'reason in (netfilter_drop, no_socket) and direction in (sent, received)',
  `kind = state_change and (old_state = established or new_state = syn_sent) and srtt > 1us`,
  'event = failed and end_reason = refused or event = close and end_reason = fin_local or kind = sample and ca_state = open',
  'kind = listener and local_port in 7000-7001',
  'uid = 0 and not (kind in (state_change, connection)) and not (addr = 10.77.0.2 and process != node*)',
] as const;

/** Rows of every kind: bulk with loss until a sweep has met it, short connections, one that is refused. */
async function everyKind({ source, take }: Run): Promise<RowOf[]> {
  const rows: RowOf[] = [];
  lose(ends().server, 'ipv4', 0.05);
  try {
    while (!rows.some(({ kind }) => kind === 'sample')) {
      let isOver = false;
      const bulk = connections(WEB, 3, { request: 3_000_000 }).finally(() => {
        isOver = true;
      });
      while (!isOver) {
        source.sweep();
        rows.push(...take());
        await sleep(10);
      }
      await bulk;
    }
  } finally {
    ends().server.run('iptables', '-F', 'INPUT');
  }
  await connections(API, 5);
  await connections(NOBODY_LISTENS, 1);
  source.sweep();
  return [...rows, ...take()];
}

check('several at once: each row says which filters want it, as the same expressions say of the row', async (run) => {
  const expressions = [...EXPRESSIONS, run.netns];
  for (const [slot, expression] of expressions.entries()) run.set(slot, expression);
  run.filters.exclusive(true);
  run.take(); // rows from before
  const rows = await everyKind(run);
  const names = new RecordedNames();
  const trees = expressions.map((expression) => parseFilter(expression, names));
  const wanted = expressions.map(() => 0);
  // Namespace rows are counters that the loader reads: no program, no filter.
  for (const { kind, row } of rows.filter((each) => each.kind !== 'namespace')) {
    const inKernel = bitsOf({ kind, row });
    markRows(trees, names, kind, row, (index, matched) => {
      wanted[index] = (wanted[index] ?? 0) + Number(matched);
    });
    const shown = JSON.stringify(decode([{ kind, row }], kind)[0], (_, value) => (typeof value === 'bigint' ? String(value) : value));
    expect(inKernel.toString(2), shown).toBe(bitsOf({ kind, row }).toString(2));
  }
  console.log(`${rows.length} rows, wanted by each filter: ${wanted.join(', ')}`);
  expect(new Set(rows.map(({ kind }) => kind))).toEqual(new Set(KIND.filter((kind) => !isDetail(kind))));
  expect(Math.min(...wanted), `some filter was never true: ${wanted.join()}`).toBeGreaterThan(0);
  expect(expressions.every((_, slot) => run.filters.counters(slot).passed >= (wanted[slot] ?? 0))).toBe(true);
});

check('a cgroup by its name, with what is below it', async ({ filters, set, take, netns }) => {
  const mount = readCgroup2Mount();
  if (mount === undefined) throw new Error('there is no cgroup2 hierarchy');
  const name = `tcplens-${process.pid}.slice`;
  const inner = join(mount, name, 'leaf.service');
  mkdirSync(inner, { recursive: true });
  try {
    filters.exclusive(true);
    const tests = [`= ${name}`, `= /${name}/leaf.service`, '= leaf.service', `!= ${name}`];
    for (const [slot, asked] of tests.entries()) set(slot, `event = open and role = client and cgroup ${asked} and ${netns}`);
    take(); // rows from before
    await connections(WEB, 2, { cgroup: inner });
    await connections(API, 3);
    const seen = take().map((each) => [bitsOf(each), ...decode([each], 'connection').map(({ peer_port }) => peer_port)]);
    expect(seen).toEqual([
      [0b0111, WEB],
      [0b0111, WEB],
      [0b1000, API],
      [0b1000, API],
      [0b1000, API],
    ]);
  } finally {
    rmdirSync(inner);
    rmdirSync(join(mount, name));
  }
});

check('replaced and taken away while the programs run on', async ({ source, filters, set, take }) => {
  const running = programs();
  expect(running.length).toBeGreaterThan(0);
  filters.exclusive(true);
  const ports = (rows: RowOf[]) => [...new Set(decode(rows, 'connection').map(({ peer_port }) => peer_port))].sort();
  const asked = `kind = connection and netns = ${ends().client.name} and peer_port =`;
  const rounds: RowOf[][] = [];
  take();
  for (const change of [
    () => set(0, `${asked} ${WEB}`),
    () => set(0, `${asked} ${API}`),
    () => set(5, `${asked} ${WEB}`),
    () => filters.clear(0),
    () => filters.clear(5),
  ]) {
    change();
    await Promise.all([connections(WEB, 3), connections(API, 3)]);
    rounds.push(take());
  }
  expect(rounds.map(ports)).toEqual([[WEB], [API], [WEB, API], [WEB], []]);
  // A slot that was cleared still counts, to the row, what passed since its filter was set.
  const passed = decode(rounds.slice(1, 3).flat(), 'connection').filter((row) => row.filters & 1).length;
  expect([filters.counters(0).passed, passed > 0]).toEqual([passed, true]);
  filters.exclusive(false);
  const before = source.counters().connection;
  await connections(API, 3);
  const { written, ring_lost, filtered } = source.counters().connection;
  // Open and close at both ends; what else this machine connects meanwhile may fill the ring.
  expect(written + ring_lost - before.written - before.ring_lost).toBeGreaterThanOrEqual(3 * 4);
  expect(filtered).toBe(before.filtered);
  expect(programs()).toEqual(running);
});

check('replaced again and again under traffic: no row slips past, none is lost', async ({ filters, set, take }) => {
  const expression = `kind = connection and event = close and netns = ${ends().client.name} and peer_port`;
  // Both want the same rows, by programs of different length: half of one and half of the other would not.
  const forms = [`${expression} in (1, 3, 5, 7, 9, 11, ${WEB})`, `${expression} = ${WEB}`] as const;
  filters.exclusive(true);
  set(0, forms[0]);
  take();
  let replaced = 0;
  let isOver = false;
  const replacing = (async () => {
    for (; !isOver; replaced++) {
      set(0, forms[replaced % 2 === 0 ? 1 : 0]);
      if (replaced % 20 === 0) await sleep(1);
    }
  })();
  const [COUNT, REPLACED_MIN] = [150, 200];
  await Promise.all([connections(WEB, COUNT), connections(API, COUNT)]);
  while (replaced < REPLACED_MIN) await sleep(5);
  isOver = true;
  await replacing;
  console.log(`replaced ${replaced} times`);
  expect(decode(take(), 'connection').map(({ peer_port, event }) => `${event} ${peer_port}`)).toEqual(Array(COUNT).fill(`close ${WEB}`));
});

check('an expired filter stops by itself, with nobody telling it', async ({ filters, set, take, netns }) => {
  const LASTS_MS = 1500;
  filters.exclusive(true);
  const end_ms = Date.now() + LASTS_MS;
  set(0, `port = ${WEB} and ${netns}`, { end_ms });
  set(1, `port = ${API} and ${netns}`);
  take();
  await connections(WEB, 3);
  const [during, rowsDuring] = [filters.counters(0), take()];
  // Where the machine was too slow for the beginning, the end is shown all the same.
  if (!during.expired) expect(rowsDuring.filter((each) => bitsOf(each) === 1).length).toBeGreaterThan(0);
  while (!filters.counters(0).expired) await sleep(20);
  expect(Date.now()).toBeGreaterThanOrEqual(end_ms);
  const [ended, other] = [filters.counters(0), filters.counters(1)];
  take();
  await Promise.all([connections(WEB, 5), connections(API, 5)]);
  const bits = new Set(take().map(bitsOf));
  expect(bits).toEqual(new Set([2]));
  expect(filters.counters(0)).toEqual(ended);
  expect(filters.counters(1).evaluated).toBeGreaterThan(other.evaluated);
});

test('watch --filter prints what matches, and ends with what each filter did', async (context) => {
  if (!isRoot) return context.skip('needs root: network namespaces and BPF');
  const COUNT = 10;
  const filters = [`peer_port = ${WEB} and netns = ${ends().client.name} and event = close`, `local_port = ${API} and class != unknown`];
  const options = ['--format', 'ndjson', '--duration', '10m', ...filters.flatMap((filter) => ['--filter', filter])];
  const child = spawn(process.execPath, ['cli.ts', 'watch', 'connection', 'retransmit', ...options], { cwd: root });
  let [text, errors] = ['', ''];
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  // The filters are live once their rows come.
  while (!text.includes('\n') && child.exitCode === null) await connections(WEB, 1);
  await connections(API, COUNT);
  await connections(WEB, COUNT);
  child.kill('SIGINT');
  await once(child, 'close');
  expect(errors).toBe('');
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { kind: string; event?: string; peer_port?: number; filters?: unknown });
  const rows = lines.slice(0, -1);
  expect(rows.length).toBeGreaterThan(COUNT);
  expect(rows.map(({ kind, event, peer_port, filters: bits }) => ({ kind, event, peer_port, bits }))).toEqual(
    Array(rows.length).fill({ kind: 'connection', event: 'close', peer_port: WEB, bits: 1 }),
  );
  const [first, second] = (lines.at(-1)?.filters ?? []) as { evaluated: number; matched: number; passed: number }[];
  expect(first).toMatchObject({ filter: filters[0], matched: rows.length, passed: rows.length, over_budget: 0, expired: false });
  expect(second).toMatchObject({ filter: filters[1], matched: 0 });
  expect(second?.evaluated).toBeGreaterThan(10 * rows.length);
  expect(first?.evaluated).toBeGreaterThan(10 * rows.length);
});

test('with the filters in them the programs are little work for the verifier', (context) => {
  if (!isRoot) return context.skip('needs root: BPF');
  const source = openKernel({ host_id: 1n, ring_bytes: 64 * 1024 });
  try {
    const verified = programs().map(({ verified_insns }) => verified_insns);
    context.skip(verified.includes(undefined), 'this kernel does not say how many instructions it verified (Linux 5.16 does)');
    console.log(`instructions verified, by program: ${verified.join(', ')}; the kernel's limit is 1000000`);
    expect(Math.max(...verified.map(Number))).toBeLessThan(120_000);
  } finally {
    source.close();
  }
});
