// Whatever is asked, of whatever rows: the answer is what comes out when each row is looked at by itself, whichever tables answered.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { evaluate, type Filter } from '../../../../agent/contract/language/tree.ts';
import type { Kind } from '../../../../bpf/rows/rows.gen.ts';
import type { Explored, ExploreQuery } from '../../../../server/api/explore.ts';
import { openEmbedded } from '../../../../server/storage/embedded.ts';
import { type Explorer, explore } from '../../../../server/storage/explore/explore.ts';
import { kindsOfMetric, METRIC_NAMES, METRICS, metricOf } from '../../../../server/storage/explore/metrics.ts';
import { rowBytes } from '../../../support/row-bytes.ts';
import { tries } from '../../../support/tries.ts';
import { type Fixture, fixture } from '../backends.ts';
import { filterOf } from '../filter-of.ts';
import { report } from '../report.ts';
import {
  type Asked,
  DAY_S,
  drawnRows,
  FIRST_S,
  factOf,
  fits,
  HOSTS,
  KEYS,
  KINDS_ASKED,
  LABELS,
  NOW_S,
  question,
  type Row,
} from './any-asked.ts';
import { NAIVE, type NaiveMetric, type NaiveRow } from './naive.ts';

/** More processes on one host and in one hour than hours keep by themselves; before all other rows. */
const CROWD = 300;
const CROWD_S = FIRST_S - 3 * DAY_S + 100;

let opened: Fixture;
let explorer: Explorer;
let rows: Row[];

beforeAll(async () => {
  opened = await fixture((directory) => openEmbedded({ path: `${directory}/engine` }));
  explorer = { store: opened.store, labels: () => LABELS, rows_most: 1_000_000 };
  rows = drawnRows();
  for (const kind of KINDS_ASKED) {
    const own = rows.filter((row) => row.kind === kind);
    await opened.put(
      kind,
      own.map(({ at_s, values }) => rowBytes(kind, { ...values, time_ns: BigInt(at_s) * 1_000_000_000n })),
    );
  }
  for (const [name, id] of Object.entries(HOSTS)) {
    const told = report({ host_id: id.toString(16).padStart(16, '0') });
    await opened.store.insertReports([
      { ...told, host: { name, machine: 'x86_64', kernel: '6.1.0', agent_version: '0.1.0' } } as typeof told,
    ]);
  }
  const crowd = Array.from({ length: CROWD }, (_, index) =>
    rowBytes('sample', { host_id: 3n, comm: `c${index}`, bytes_sent: 1 + index, time_ns: BigInt(CROWD_S) * 1_000_000_000n }),
  );
  await opened.put('sample', crowd);
  // What came in the last three hours is only in the rows.
  await opened.store.upkeep.makeMinutes((NOW_S - 3 * 3600) * 1000);
  await opened.store.upkeep.refresh((NOW_S - 3 * 3600) * 1000);
});
afterAll(async () => opened.close());

const ask = ({ metrics, by, ...asked }: Asked, more: Partial<ExploreQuery> = {}) =>
  explore(explorer, { ...asked, metrics: metrics.join(','), by: by.join(','), top: 100, ...more }, NOW_S * 1000);

const kept = (filter: string | undefined, row: NaiveRow) =>
  filter === undefined || evaluate(filterOf(filter) as Filter, row.kind, (fact) => factOf(row, fact));

/** Group and step → the rows in it. Rows of kinds that no metric counts make no group. */
function grouped(
  { metrics, by, filter }: Asked,
  { step_s }: Explored,
  from_ms: number,
  to_ms: number,
  earlier_ms: number,
): Map<string, NaiveRow[]> {
  const kinds = new Set<Kind>(metrics.flatMap((name) => kindsOfMetric(metricOf(name))));
  const now = rows.filter(({ at_s }) => at_s * 1000 >= from_ms && at_s * 1000 < to_ms);
  const inTime =
    earlier_ms === 0 ? now : rows.filter(({ at_s }) => at_s * 1000 >= from_ms - earlier_ms && at_s * 1000 < to_ms - earlier_ms);
  const counted = inTime.filter((row) => kinds.has(row.kind) && kept(filter, row));
  return Map.groupBy(counted, (row) => {
    const at_s = row.at_s + earlier_ms / 1000;
    const time = step_s === null ? [] : [at_s - (at_s % step_s)];
    return JSON.stringify([...time, ...by.map((key) => KEYS[key]?.key(row, now))]);
  });
}

/** The same of an answer: key → metric → value. */
function answered({ columns, rows: found }: Explored): Map<string, Record<string, unknown>> {
  return new Map(
    found.map((row) => {
      const cell = (sorts: readonly string[]) =>
        columns.flatMap(({ sort, name }, index) => (sorts.includes(sort) ? [[name, row[index]] as const] : []));
      return [JSON.stringify(cell(['time', 'dimension']).map(([, value]) => value)), Object.fromEntries(cell(['metric', 'earlier']))];
    }),
  );
}

const close = (value: unknown): unknown =>
  typeof value === 'number'
    ? expect.closeTo(value, 6 - Math.max(0, Math.ceil(Math.log10(Math.abs(value) + 1))))
    : Array.isArray(value)
      ? value.map(close)
      : value;

const closeTo = (values: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, close(value)]));

/** Groups of which anything is said: those of which all is 0 or unknown may be left out. */
const saying = (groups: Iterable<readonly [string, Record<string, unknown>]>) =>
  [...groups].filter(([, values]) =>
    Object.values(values).some((value) => value !== 0 && value !== null && !(Array.isArray(value) && value.length === 0)),
  );

/** A group without rows in one of the two times. */
const absent = (name: NaiveMetric) => {
  if (metricOf(name).value === metricOf(name).histogram) return [];
  const isKnown = !/ratio|max|_p\d|overflows|unattributed/.test(name);
  return isKnown ? 0 : null;
};

const spanning = (span_s: number): Asked => ({ metrics: ['bytes_sent'], by: [], from: (NOW_S - span_s) * 1000, to: NOW_S * 1000 });

test('every metric, by any dimension, of any rows and time, is what the rows say', async () => {
  const sources = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(question.filter(fits), async (asked) => {
      let found: Explored;
      try {
        found = await ask(asked);
      } catch (error) {
        if (/is true of none/.test(String(error))) return fc.pre(false);
        throw error;
      }
      sources.set(found.source, (sources.get(found.source) ?? 0) + 1);
      const isExact = !/_1[hd]/.test(found.source) || asked.by.every((key) => KEYS[key]?.needs === 'host_id');
      const { from_ms, to_ms } = found;
      if (!isExact || found.notes.length > 0) return;
      const earlier_ms = (found.earlier_s ?? 0) * 1000;
      const now = grouped(asked, found, from_ms, to_ms, 0);
      const before = asked.earlier === undefined ? undefined : grouped(asked, found, from_ms, to_ms, earlier_ms);
      const keys = [...new Set([...now.keys(), ...(before?.keys() ?? [])])];
      const wanted = keys.map((key) => {
        const values = asked.metrics.flatMap((name) => {
          const of = (set: NaiveRow[] | undefined) => (set === undefined ? absent(name) : NAIVE[name](set));
          return [[name, of(now.get(key))], ...(before === undefined ? [] : [[`${name}_earlier`, of(before.get(key))]])];
        });
        return [key, Object.fromEntries(values)] as const;
      });
      expect(Object.fromEntries(saying(answered(found)))).toEqual(
        Object.fromEntries(saying(wanted).map(([key, values]) => [key, closeTo(values)])),
      );
    }),
    // By chance alone a table might not be asked.
    { ...tries(40), examples: [3600, DAY_S, 2 * DAY_S, NOW_S - FIRST_S].map((span_s) => [spanning(span_s)]) },
  );
  expect([...sources.keys()].sort()).toEqual(['rollup_1d', 'rollup_1h', 'rollup_1m', 'rows']);
});

test('groups and their rest add up to the total, wherever they are cut off and whichever table answers', async () => {
  await fc.assert(
    fc.asyncProperty(question.filter(fits), fc.integer({ min: 1, max: 5 }), async (asked, top) => {
      const metrics = asked.metrics.filter((name) => metricOf(name).adds === 'sum');
      const { earlier: _, ...plain } = { ...asked, metrics, step: 'none' };
      fc.pre(metrics.length > 0);
      const whole = await ask({ ...plain, by: [] }).catch((error) =>
        /is true of none/.test(String(error)) ? undefined : Promise.reject(error),
      );
      fc.pre(whole !== undefined && whole.rows.length > 0);
      const parts = await ask(plain, { top });
      for (const name of metrics) {
        const sum = (of: Explored) =>
          of.rows.reduce((all, row) => all + Number(row[of.columns.findIndex((column) => column.name === name)] ?? 0), 0);
        // Both must be of the same time.
        fc.pre(whole?.from_ms === parts.from_ms && whole.to_ms === parts.to_ms);
        expect([name, sum(parts)]).toEqual([name, sum(whole as Explored)]);
      }
      expect(parts.rows.length).toBeLessThanOrEqual(top + 1);
    }),
    tries(20),
  );
});

/** The columns of an answer of one metric, by what they hold. */
function columnOf({ columns, rows: found }: Explored, sort: Explored['columns'][number]['sort'], name?: string): unknown[] {
  const at = columns.findIndex((column) => column.sort === sort && (name === undefined || column.name === name));
  return found.map((row) => row[at]);
}

test('groups of too few samples come after all others', async () => {
  const found = await ask({
    metrics: ['retransmit_ratio'],
    by: ['peer', 'process', 'service_port'],
    from: (NOW_S - 3600) * 1000,
    to: NOW_S * 1000,
  });
  const least = found.columns.find(({ sort }) => sort === 'samples')?.least ?? 0;
  const few = columnOf(found, 'samples').map((count) => Number(count) < least);
  const ratios = columnOf(found, 'metric').map(Number);
  expect([few.includes(true), few.includes(false)]).toEqual([true, true]);
  expect(few).toEqual(few.toSorted((a, b) => Number(a) - Number(b)));
  const judged = ratios.filter((_, at) => !few[at]);
  expect(judged).toEqual(judged.toSorted((a, b) => b - a));
});

test('what has moved most since an earlier time comes first, whether up or down or gone', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('peer', 'process', 'service_port'), fc.integer({ min: 1, max: 3 }), async (by, top) => {
      const asked: Asked = { metrics: ['lost_segments'], by: [by], from: (NOW_S - 3600) * 1000, to: NOW_S * 1000, earlier: 3600 };
      const [all, first] = [await ask(asked), await ask(asked, { order: 'moved', top })];
      const moves = (found: Explored) => {
        const [now, before, other] = [columnOf(found, 'metric'), columnOf(found, 'earlier'), columnOf(found, 'other')];
        return now.flatMap((value, at) => (other[at] === true ? [] : [Math.abs(Number(value) - Number(before[at]))]));
      };
      expect(moves(first)).toEqual(
        moves(all)
          .toSorted((a, b) => b - a)
          .slice(0, top),
      );
    }),
    tries(8),
  );
});

test('a peer that is a watched host has its name, and beside it the addresses that a filter takes', async () => {
  const time = { from: FIRST_S * 1000, to: NOW_S * 1000 };
  const found = await ask({ ...time, metrics: ['bytes_sent'], by: ['peer_host'] });
  const ids = Object.fromEntries(columnOf(found, 'dimension').map((name, at) => [name, columnOf(found, 'id')[at]]));
  expect(ids).toMatchObject({ alpha: '10.0.0.9,10.9.0.1', beta: '10.9.0.2,2001:db8::1', '10.0.0.0/24': '10.0.0.0/24' });
  const filter = `peer in (${ids['alpha']})`;
  const sent = (of: Explored, name: string) => columnOf(of, 'metric')[columnOf(of, 'dimension').indexOf(name)];
  expect(sent(await ask({ ...time, metrics: ['bytes_sent'], by: ['peer_host'], filter }), 'alpha')).toBe(sent(found, 'alpha'));
});

test('what hours have of no process by itself is in the rest, and is no group', async () => {
  const time = { from: (CROWD_S - DAY_S) * 1000, to: (CROWD_S + DAY_S) * 1000 };
  const found = await ask({ ...time, metrics: ['bytes_sent'], by: ['process'] });
  expect(found).toMatchObject({ source: 'rollup_1h', notes: [expect.stringContaining('in the rest')] });
  const sum = (rows: Explored['rows']) => rows.reduce((all, row) => all + Number(row[2]), 0);
  const [shown, rest] = [found.rows.filter((row) => row[1] === false), found.rows.filter((row) => row[1] === true)];
  expect(sum(found.rows)).toBe((CROWD * (CROWD + 1)) / 2);
  expect(shown.map(([process]) => process)).toEqual(Array.from({ length: shown.length }, (_, index) => `c${CROWD - 1 - index}`));
  expect([shown.length < 100, rest.length, rest[0]?.[0]]).toEqual([true, 1, '']);
});

test('every metric can be asked for by itself, and says what it counts where', async () => {
  for (const name of METRIC_NAMES) {
    const found = await explore(explorer, { metrics: name, from: (NOW_S - 3600) * 1000, sql: true }, NOW_S * 1000);
    expect(found.sql).toMatch(/^SELECT/);
    expect(found.columns[0]).toMatchObject({ name, unit: METRICS[name].unit });
    expect(METRICS[name].end.length * METRICS[name].words.length).toBeGreaterThan(50);
  }
});

test.each<[Partial<ExploreQuery>, RegExp]>([
  [{ metrics: 'connect' }, /there is no metric connect: did you mean connects/],
  [{ metrics: '' }, /ask for a metric: connects/],
  [{ by: 'procces' }, /did you mean process/],
  [{ by: 'host,process,role,peer' }, /at most 3/],
  [{ by: 'class' }, /connects is counted from connection rows, which have no class/],
  [{ metrics: 'accepts', by: 'peer' }, /accepts is counted from listener rows, which have no peer/],
  [{ metrics: 'accepts', filter: 'peer = 10.0.0.1' }, /listener rows, and the filter is true of none/],
  [{ metrics: 'connects,connects' }, /twice/],
  [{ sort: 'drops' }, /sort by one of the metrics/],
  [{ step: '7' }, /step is none, auto, or one of/],
  [{ step: '1', from: (NOW_S - DAY_S) * 1000 }, /more than 720 steps: take steps of/],
])('%j is refused', async (asked, message) => {
  await expect(explore(explorer, { metrics: 'connects', ...asked }, NOW_S * 1000)).rejects.toThrow(message);
});

test('what would read too much is refused, with what to leave out', async () => {
  const few = { ...explorer, rows_most: 100 };
  const from = FIRST_S * 1000;
  await expect(explore(few, { metrics: 'connects', by: 'peer', from }, NOW_S * 1000)).rejects.toThrow(
    /this would read [\d,]+ rows, and the most is 100: .*without peer/,
  );
  await expect(explore(few, { metrics: 'connects', filter: 'host = 1 and duration > 1s', from }, NOW_S * 1000)).rejects.toThrow(
    /without duration > 1s/,
  );
});
