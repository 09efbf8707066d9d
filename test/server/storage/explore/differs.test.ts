// A cause is planted in rows at random, and found: the value that got more of a metric comes first, and every figure is what the rows say.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EVENT, type Kind, OUTCOME } from '../../../../bpf/rows/rows.gen.ts';
import type { Difference } from '../../../../server/api/differs.ts';
import { openEmbedded } from '../../../../server/storage/embedded.ts';
import { differs } from '../../../../server/storage/explore/differs/differs.ts';
import type { MetricName } from '../../../../server/storage/explore/metrics.ts';
import { type RowValues, rowBytes } from '../../../support/row-bytes.ts';
import { tries } from '../../../support/tries.ts';
import { type Fixture, fixture } from '../backends.ts';
import { report } from '../report.ts';
import { HOSTS } from './any-asked.ts';
import type { NaiveRow } from './naive.ts';
import { naiveDiffers, PLANNED, type Planned, slower, WHAT, WHOSE } from './naive-differs.ts';

const NOW_MS = Date.now();
/** Each try has hours of its own. */
const SLOT_MS = 8 * 3_600_000;
/** Of an ordinary second, minute or hour there is as much; the time before is four times longer. */
const USUAL = 60;

let opened: Fixture;
let slots = 0;
beforeAll(async () => {
  opened = await fixture((directory) => openEmbedded({ path: `${directory}/engine` }));
  for (const [name, id] of Object.entries(HOSTS)) {
    const told = report({ host_id: id.toString(16).padStart(16, '0') });
    await opened.store.insertReports([
      { ...told, host: { name, machine: 'x86_64', kernel: '6.1.0', agent_version: '0.1.0' } } as typeof told,
    ]);
  }
});
afterAll(async () => opened.close());

const ask = (asked: Parameters<typeof differs>[1], more: { rows_most?: number; differs_ms?: number } = {}) =>
  differs({ store: opened.store, labels: () => new Map(), rows_most: 1_000_000, differs_ms: 60_000, ...more }, asked, NOW_MS);

/** Peers of two networks, and several addresses of each host: no dimension tells the same as another. */
const OF = {
  host_id: [1n, 2n, 3n],
  comm: ['nginx', 'curl', 'a b', 'postgres'],
  peer_addr: ['10.0.0.1', '10.0.0.9', '10.0.7.1', '10.0.7.2'],
  local_addr: ['10.9.0.1', '10.9.0.2', '10.9.3.1', '10.9.3.2'],
  peer_port: [443, 80, 5432, 6379],
  pid: [11, 12, 13, 14],
} as const;
const head = fc.record({ ...mapped(OF), role: fc.constant(1), local_port: fc.constant(50_000) });
function mapped(of: typeof OF): Record<string, fc.Arbitrary<number | bigint | string>> {
  return Object.fromEntries(Object.entries(of).map(([name, values]) => [name, fc.constantFrom(...(values as readonly string[]))]));
}

type Metric = {
  name: MetricName;
  kind: Kind;
  usual: fc.Arbitrary<RowValues>;
  more: fc.Arbitrary<RowValues>;
  planned: (of: Both) => Planned;
};
type Both = readonly [readonly NaiveRow[], readonly NaiveRow[]];
const METRICS: Metric[] = [
  {
    name: 'retransmits',
    kind: 'retransmit',
    usual: fc.record({
      segments: fc.constantFrom(1, 2),
      class: fc.constantFrom(1, 3, 4),
      outcome: fc.constantFrom(0, 1, 2),
      state: fc.constantFrom(1, 8),
    }),
    more: fc.record({
      segments: fc.constantFrom(2, 3),
      class: fc.constantFrom(1, 3, 4),
      outcome: fc.constant(OUTCOME.indexOf('sent')),
      state: fc.constantFrom(1, 8),
    }),
    planned: () => PLANNED.retransmits,
  },
  {
    name: 'failed_ratio',
    kind: 'connection',
    usual: fc.constantFrom(0, 0, 0, 0, 0, EVENT.indexOf('failed')).map((event) => ({ event })),
    more: fc.constant({ event: EVENT.indexOf('failed') }),
    planned: () => PLANNED.failed_ratio,
  },
  {
    name: 'rtt_p95',
    kind: 'sample',
    usual: fc.integer({ min: 1000, max: 3000 }).map((srtt_us) => ({ srtt_us })),
    more: fc.integer({ min: 50_000, max: 90_000 }).map((srtt_us) => ({ srtt_us })),
    planned: (of) => slower(0.95, of, (rows) => quantileOf(rows)),
  },
];
const metricAt = (at: number) => METRICS[at] as Metric;
/** The naive one, of the 95th percentile. */
function quantileOf(rows: readonly NaiveRow[]): number | null {
  const buckets = rows.map(({ values }) => Math.ceil(Math.log2(Number(values['srtt_us']) / 1e6) * 8) - 1).toSorted((a, b) => a - b);
  const at = buckets[Math.max(0, Math.ceil(0.95 * buckets.length) - 1)];
  return at === undefined ? null : 2 ** ((at + 0.5) / 8) * 1e6;
}

/** Which dimension, and the column that it is of. */
const CAUSES = { host: 'host_id', process: 'comm', peer: 'peer_addr', local: 'local_addr', service_port: 'peer_port', pid: 'pid' } as const;
type Case = { metric: number; cause: keyof typeof CAUSES; value: number; times: number; length_ms: number; seed: number };
const planted: fc.Arbitrary<Case> = fc.record({
  metric: fc.nat({ max: METRICS.length - 1 }),
  cause: fc.constantFrom(...(Object.keys(CAUSES) as (keyof typeof CAUSES)[])),
  value: fc.nat({ max: 2 }),
  times: fc.integer({ min: 1, max: 4 }),
  length_ms: fc.constantFrom(60_000, 60_000, 3_600_000),
  seed: fc.integer(),
});

const USUAL_CASE: Omit<Case, 'length_ms'> = { metric: 0, cause: 'process', value: 1, times: 2, seed: 7 };

const sampled = <Value>(one: fc.Arbitrary<Value>, numRuns: number, seed: number) => fc.sample(fc.noBias(one), { numRuns, seed });
const whole = (ms: number) => ms - (ms % 60_000);

/** Rows of the time before, of the spike as usual, and of what is more in it. */
async function plant({
  metric: at,
  cause,
  value,
  times,
  length_ms,
  seed,
}: Case): Promise<{ from: number; to: number; both: Both; planted: string }> {
  const metric = metricAt(at);
  const to = whole(NOW_MS) - 86_400_000 - slots++ * SLOT_MS;
  const from = to - length_ms;
  const drawn = (
    own: fc.Arbitrary<RowValues>,
    count: number,
    first_ms: number,
    long_ms: number,
    further: number,
  ): (NaiveRow & { at_ms: number })[] =>
    sampled(fc.tuple(fc.noBias(head), fc.noBias(own), fc.noBias(fc.integer({ min: 0, max: long_ms - 1 }))), count, seed + further).map(
      ([values, more, ms]) => {
        return { kind: metric.kind, at_ms: first_ms + ms, values: { ...values, ...more } };
      },
    );
  const [column, one] = [CAUSES[cause], OF[CAUSES[cause]][value]] as const;
  const before = drawn(metric.usual, 4 * USUAL, from - 4 * length_ms, 4 * length_ms, 0);
  const usual = drawn(metric.usual, USUAL, from, length_ms, 1);
  const more = drawn(metric.more, times * USUAL, from, length_ms, 2).map((row) => ({
    ...row,
    values: { ...row.values, [column]: one } as RowValues,
  }));
  const rows = [...before, ...usual, ...more];
  await opened.put(
    metric.kind,
    rows.map(({ at_ms, values }) => rowBytes(metric.kind, { ...values, time_ns: BigInt(at_ms) * 1_000_000n })),
  );
  if (length_ms > 60_000) await opened.store.upkeep.makeMinutes(NOW_MS);
  return { from, to, both: [[...usual, ...more], before], planted: cause === 'host' ? (Object.keys(HOSTS)[value] ?? '') : String(one) };
}

const FIGURES = ['now', 'before', 'explains', 'share_now', 'share_before'] as const;
type Figured = Pick<Difference, (typeof FIGURES)[number] | 'dimension' | 'value'>;
const named = ({ dimension, value }: Pick<Figured, 'dimension' | 'value'>) => `${dimension} ${value}`;
const figuresOf = (of: Figured) => FIGURES.map((name) => of[name]);
const closeTo = (values: (number | null)[]) => values.map((value) => (value === null ? null : expect.closeTo(value, 5)));
/** Of fewer that are counted nothing is said. */
const LEAST = { retransmits: 10, failed_ratio: 20, rtt_p95: 20 } as Record<MetricName, number>;

test('the value that a cause was planted in comes first, and every figure is what the rows say', async () => {
  const sources = new Set<string>();
  await fc.assert(
    fc.asyncProperty(planted, async (one) => {
      const metric = metricAt(one.metric);
      const { from, to, both, planted: value } = await plant(one);
      const found = await ask({ metric: metric.name, from, to, top: 100 });
      sources.add(found.source);
      expect([found.state, found.differences[0]?.dimension, found.differences[0]?.value]).toEqual(['found', one.cause, value]);
      const keys = metric.name === 'retransmits' ? { ...WHOSE, ...WHAT } : WHOSE;
      const naive = naiveDiffers(metric.planned(both), keys, both, [one.length_ms / 1000, (4 * one.length_ms) / 1000]);
      const said = naive
        .filter(({ counted, excess }) => counted >= LEAST[metric.name] && excess >= 0.1)
        .toSorted((a, b) => b.excess - a.excess);
      const telling = found.differences.filter(({ few }) => !few);
      expect(telling.map(named).toSorted()).toEqual(said.map(named).toSorted());
      expect(telling.map(({ excess }) => excess)).toEqual(closeTo(said.map(({ excess }) => excess)));
      const byName = new Map(naive.map((of) => [named(of), of]));
      for (const of of found.differences)
        expect([named(of), figuresOf(of)]).toEqual([named(of), closeTo(figuresOf(byName.get(named(of)) as Figured))]);
    }),
    // By chance alone all might be short, or all long.
    { ...tries(10), examples: [60_000, 3_600_000].map((length_ms) => [{ ...USUAL_CASE, length_ms }]) },
  );
  expect([...sources].sort()).toEqual(['rollup_1m', 'rows']);
});
