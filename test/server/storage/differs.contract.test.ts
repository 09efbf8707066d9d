// What differs, of rows made by hand: each state that an answer can be in, and what is left out of it.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { EVENT, ROLE } from '../../../bpf/rows/rows.gen.ts';
import type { DiffersQuery } from '../../../server/api/differs.ts';
import { differs } from '../../../server/storage/explore/differs/differs.ts';
import { type RowValues, rowBytes } from '../../support/row-bytes.ts';
import { BACKENDS, type Fixture } from './backends.ts';

const NOW_MS = Date.now();
const DAY_MS = 86_400_000;
/** Spikes of a minute, after four minutes as usual; each story has an hour of its own. */
const STORIES = {
  found: { curl: [80, 20], nginx: [8, 60] },
  alike: { curl: [8, 20], nginx: [80, 200] },
  steady: { curl: [8, 2], nginx: [80, 20] },
  few: { curl: [1, 3], nginx: [1, 4] },
  new: { curl: [0, 60], nginx: [0, 1] },
  crowd: { usual: [400, 100], some: [8, 11], ...Object.fromEntries(Array.from({ length: 6 }, (_, at) => [`new-${at}`, [0, 9]])) },
} as const satisfies Record<string, Record<string, readonly [before: number, now: number]>>;
type Story = keyof typeof STORIES;
const beginOf = (story: Story) => NOW_MS - DAY_MS + Object.keys(STORIES).indexOf(story) * 3_600_000;

const OPENED: RowValues = {
  host_id: 1n,
  role: ROLE.indexOf('client'),
  event: EVENT.indexOf('open'),
  local_addr: '10.0.0.1',
  local_port: 40_000,
  peer_port: 443,
};
/** Spread over a time. */
const connects = (comm: string, count: number, from_ms: number, long_ms: number): Buffer[] =>
  Array.from({ length: count }, (_, at) =>
    rowBytes('connection', {
      ...OPENED,
      comm,
      pid: comm.length * 100 + comm.charCodeAt(comm.length - 1),
      peer_addr: `10.0.${at % 4}.${at % 2}`,
      connection_id: BigInt(at + 1),
      time_ns: BigInt(Math.floor(from_ms + (at * long_ms) / count)) * 1_000_000n,
    }),
  );

describe.each(BACKENDS)('what differs on $name', ({ skip, open }) => {
  let fixture: Fixture;
  beforeAll(async () => {
    if (skip !== undefined) return;
    fixture = await open();
    const rows = Object.entries(STORIES).flatMap(([story, processes]) => {
      const from_ms = beginOf(story as Story);
      return Object.entries(processes).flatMap(([comm, [before, now]]) => [
        ...connects(comm, before, from_ms - 240_000, 240_000),
        ...connects(comm, now, from_ms, 60_000),
      ]);
    });
    await fixture.put('connection', rows);
  });
  afterAll(() => fixture?.close());
  beforeEach((context) => context.skip(skip !== undefined, skip));

  const ask = (story: Story, asked: Partial<DiffersQuery> = {}, bounds: { rows_most?: number; differs_ms?: number } = {}) =>
    differs(
      { store: fixture.store, labels: () => new Map([['1', { rack: 'r1' }]]), rows_most: 1_000_000, differs_ms: 60_000, ...bounds },
      { metric: 'connects', from: beginOf(story), to: beginOf(story) + 60_000, ...asked },
      NOW_MS,
    );

  test('a value that explains more than its share is found, with figures per second', async () => {
    const found = await ask('found');
    expect(found).toMatchObject({ state: 'found', is: 'sum', of: 'connections', source: 'rows' });
    expect([found.now.value, found.before.value, found.change]).toEqual(
      [80 / 60, 88 / 240, 80 / 60 - 88 / 240].map((value) => expect.closeTo(value, 9)),
    );
    const [first] = found.differences;
    expect(first).toMatchObject({ dimension: 'process', field: 'process', value: 'nginx', few: false });
    expect([first?.now, first?.before, first?.share_now, first?.share_before]).toEqual(
      [1, 8 / 240, 60 / 80, 8 / 88].map((value) => expect.closeTo(value, 9)),
    );
    expect(first?.explains).toBeCloseTo((1 - 8 / 240) / (80 / 60 - 88 / 240), 9);
  });

  test('what grew everywhere alike has no difference, what did not grow is steady', async () => {
    expect(await ask('alike')).toMatchObject({ state: 'alike', differences: [] });
    expect(await ask('steady')).toMatchObject({ state: 'steady', differences: [], dimensions: [] });
  });

  test('of a few nothing is said; of what nobody watched before there is nothing to compare with', async () => {
    expect(await ask('few')).toMatchObject({ state: 'few', now: { samples: 7 }, before: { samples: 2 } });
    expect(await ask('new')).toMatchObject({ state: 'nothing_before', before: { samples: 0, watched_s: 0 } });
    expect(await ask('found', { metric: 'retransmit_ratio' })).toMatchObject({ state: 'nothing_before', now: { value: null } });
  });

  test('values of which too little was counted come after all others, and take no place from them', async () => {
    const found = await ask('crowd', { top: 100 });
    const ofProcess = found.differences.filter(({ dimension }) => dimension === 'process');
    expect(ofProcess.map(({ value, few }) => [value.replace(/\d$/, ''), few])).toEqual([
      ['some', false],
      ...Array.from({ length: 4 }, () => ['new-', true]),
    ]);
    const few = found.differences.map((one) => Number(one.few));
    expect(few).toEqual(few.toSorted());
  });

  test('an earlier time may be chosen', async () => {
    const [before_from, before_to] = [beginOf('found') - 120_000, beginOf('found')];
    const found = await ask('found', { before_from, before_to });
    expect(found.before).toMatchObject({ from_ms: before_from, to_ms: before_to, samples: 44 });
  });

  test('which dimensions were asked, and why not the others', async () => {
    const found = await ask('found');
    expect(found.dimensions.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['host', 'process', 'peer', 'pid', 'label.rack', 'event']),
    );
    expect(found.dimensions.find(({ name }) => name === 'process')).toMatchObject({ values: 2, source: 'rows' });
    expect(Object.fromEntries(found.left_out.map(({ name, why }) => [name, why]))).toMatchObject({
      class: 'it is counted from connection rows, which have none',
      peer_host: 'peer and network tell the same',
    });
    const ratio = await ask('found', { metric: 'failed_ratio' });
    expect(ratio.left_out.find(({ name }) => name === 'event')?.why).toMatch(/what is counted here/);
  });

  test('dimensions that would read too much are left out, and a question that would is refused', async () => {
    const whole = await ask('found');
    const [first] = whole.dimensions;
    const rows_most = whole.rows_read - (whole.dimensions.at(-1)?.rows_read ?? 0);
    const less = await ask('found', {}, { rows_most });
    expect([less.dimensions.length, less.left_out.length]).toEqual([whole.dimensions.length - 1, whole.left_out.length + 1]);
    expect(less.left_out.at(-1)?.why).toMatch(/would read .* rows, and the most is/);
    await expect(ask('found', {}, { rows_most: (first?.rows_read ?? 0) - 1 })).rejects.toThrow(/the most is .*: ask for a shorter time/);
    await expect(ask('found', {}, { differs_ms: -1 })).rejects.toThrow(/no dimension could be asked: there was no time left/);
  });

  test.each<[Partial<DiffersQuery>, RegExp]>([
    [{ metric: 'connect' }, /did you mean connects/],
    [{ metric: 'turn_max' }, /what differs cannot be asked of turn_max: the largest of several has one owner/],
    [{ metric: 'rtt' }, /cannot be asked of rtt: .*rtt_p50/],
    [{ metric: 'accepts', filter: 'peer = 10.0.0.1' }, /the filter is true of none/],
    [{ before_from: 1 }, /give both/],
    [{ before_from: 2, before_to: 1 }, /before_from must be before/],
    [{ before_from: 1, before_to: NOW_MS }, /before_to is after from/],
    [{ from: NOW_MS - 3 * DAY_MS, to: NOW_MS }, /at most 8 days/],
    [{ from: 0, to: 1000 }, /there is no time before that one/],
  ])('%j is refused', async (asked, message) => {
    await expect(ask('found', asked)).rejects.toThrow(message);
  });
});
