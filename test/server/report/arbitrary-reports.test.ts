// Whatever a report is made of: the collector answers, stores what is good in it and names what is not.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KIND } from '../../../bpf/rows/rows.gen.ts';
import { tries } from '../../support/tries.ts';
import { EPOCH, postReport, report } from '../support/agent.ts';
import { anyText, anything } from '../support/anything.ts';
import { startCollector, testDirectory, withStore } from '../support/collector.ts';

const RUNS = 150;
/** Of the refused parts, an answer names the first few. */
const NAMED_MAX = 8;
const minute_ms = Math.floor(Date.now() / 60_000) * 60_000;

/** Parts of one list: what a good one is like by its number, what is good text for a member, and what never is. */
type Sort = {
  entity: string;
  list: 'processes' | 'cgroups' | 'netns' | 'accounting';
  good: (n: number, text: string) => object;
  bad: [member: string, value: unknown][];
};
const half = ['\ud83d', 'a\0', '\udc00b'];
const SORTS: readonly Sort[] = [
  {
    entity: 'process',
    list: 'processes',
    good: (n, text) => ({ pid: n, started_at_ms: 1_772_500_000_000, name: [...text].slice(0, 8).join(''), command: text, cgroup_id: '3' }),
    bad: [
      ...half.map((text): [string, unknown] => ['command', text]),
      ['pid', 1e21],
      ['started_at_ms', 1e21],
      ['started_at_ms', -1],
      ['cgroup_id', '03'],
      ['name', 5],
    ],
  },
  {
    entity: 'cgroup',
    list: 'cgroups',
    good: (n, text) => ({ cgroup_id: String(n), path: `/${text}`, container_id: '', unit: text }),
    bad: [
      ...half.map((text): [string, unknown] => ['path', text]),
      ['unit', '\ud83d'],
      ['cgroup_id', '007'],
      ['cgroup_id', '99999999999999999999'],
      ['container_id', null],
    ],
  },
  {
    entity: 'netns',
    list: 'netns',
    good: (n, text) => ({ netns: String(n), inode: 4_026_531_840, name: text }),
    bad: [...half.map((text): [string, unknown] => ['name', text]), ['inode', 1e21], ['netns', '-1']],
  },
  {
    entity: 'accounting',
    list: 'accounting',
    // Told apart by their minute and kind.
    good: (n) => ({
      epoch: EPOCH,
      minute_ms: minute_ms - Math.floor(n / KIND.length) * 60_000,
      kind: KIND[n % KIND.length],
      outcome: 'seen',
      rows: n,
    }),
    bad: [
      ['rows', 1e21],
      ['minute_ms', 1e21],
      ['minute_ms', minute_ms + 1],
      ['minute_ms', 0],
      ['kind', 'a\ud83d'],
      ['outcome', 'eaten'],
      ['epoch', '0'],
    ],
  },
];

/** Text that a process may well have: no halves, but all else that terminals and pages stumble over. */
const fairText = fc
  .oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ unit: 'grapheme', maxLength: 20 }))
  .map((text) => text.replaceAll('\0', ''));
type Drawn = { is: 'good' | 'bad' | 'wild'; make: (n: number) => unknown };
const partOf = ({ good, bad }: Sort): fc.Arbitrary<Drawn> =>
  fc.oneof(
    { weight: 3, arbitrary: fairText.map((text): Drawn => ({ is: 'good', make: (n) => good(n, text) })) },
    {
      weight: 2,
      arbitrary: fc
        .constantFrom(...bad)
        .map(([member, value]): Drawn => ({ is: 'bad', make: (n) => ({ ...good(n, 'x'), [member]: value }) })),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          fc.constantFrom(
            'pid',
            'host_id',
            'at',
            'minute',
            'epoch',
            'name',
            'rows',
            'cgroup_id',
            'netns',
            'path',
            'pod_uid',
            'kind',
            'started_at_ms',
            'constructor',
          ),
          anything,
        )
        .map(([member, value]): Drawn => ({ is: 'wild', make: () => ({ ...good(0, 'wild'), [member]: value }) })),
    },
    { weight: 1, arbitrary: anything.map((value): Drawn => ({ is: 'wild', make: () => value })) },
  );

const drawnReport = fc.record({
  lists: fc.tuple(...SORTS.map((sort) => fc.array(partOf(sort), { maxLength: 4 }))),
  host: fc.option(fc.tuple(fc.constantFrom('name', 'kernel', 'machine', 'agent_version', 'hooks', 'at'), anything)),
  hooks: fc.array(fc.record({ name: anyText, attached: fc.boolean(), reason: anyText }), { maxLength: 2 }),
  head: fc.option(fc.tuple(fc.constantFrom('host_id', 'epoch', 'at_ms', 'interval_ms', 'host', 'processes', 'hooks'), anything), {
    freq: 6,
  }),
});

test('never a 5xx; what is good in a report is stored, what is bad is named', async () => {
  const directory = await testDirectory();
  const collector = await startCollector(directory.path);
  const stored = new Map<string, Set<number>>(SORTS.map(({ list }) => [list, new Set()]));
  const told = new Map<number, object>();
  let number = 1000;
  await fc.assert(
    fc.asyncProperty(drawnReport, async ({ lists, host, hooks, head }) => {
      const parts = SORTS.flatMap((sort, index) => (lists[index] ?? []).map((drawn, at) => ({ sort, drawn, at, n: ++number })));
      const made = parts.map(({ drawn, n }) => drawn.make(n));
      const listed = Object.fromEntries(SORTS.map(({ list }) => [list, made.filter((_, index) => parts[index]?.sort.list === list)]));
      const body = {
        ...report(),
        hooks,
        ...listed,
        ...(host && { host: { ...report().host, [host[0]]: host[1] } }),
        ...(head && { [head[0]]: head[1] }),
      };
      const { status, body: said } = await postReport(collector.url, body);
      expect(status, String(said['message'])).toBeLessThan(500);
      if (head !== null) return;
      const bad = parts.filter(({ drawn }) => drawn.is === 'bad');
      expect(bad.length > 0 && status === 200, String(said['message'])).toBe(false);
      if (parts.filter(({ drawn }) => drawn.is !== 'good').length + hooks.length + 1 <= NAMED_MAX) {
        for (const { sort, at } of bad) expect(said['message']).toContain(`${sort.entity} ${at}: `);
      }
      for (const [index, { sort, drawn, n }] of parts.entries()) {
        if (drawn.is !== 'good') continue;
        stored.get(sort.list)?.add(n);
        if (sort.list === 'processes') told.set(n, made[index] as object);
      }
    }),
    tries(RUNS),
  );
  await collector.stop();
  await withStore(directory.path, async (store) => {
    const numbers = async (sql: string) => new Set((await store.query<{ n: number }>(sql)).map(({ n }) => Number(n)));
    const holds = async (list: string, sql: string) =>
      expect((stored.get(list) ?? new Set()).difference(await numbers(sql)), list).toEqual(new Set());
    await holds('processes', 'SELECT pid AS n FROM process FINAL');
    await holds('cgroups', 'SELECT cgroup_id AS n FROM cgroup FINAL');
    await holds('netns', 'SELECT netns AS n FROM netns FINAL');
    await holds('accounting', "SELECT rows AS n FROM accounting WHERE outcome = 'seen'");
    for (const { pid, ...rest } of await store.query<{ pid: number; name: string; command: string }>(
      'SELECT pid, name, command FROM process FINAL WHERE pid > 1000',
    )) {
      if (told.has(pid)) expect(told.get(pid)).toMatchObject(rest);
    }
  });
  await directory.remove();
});
