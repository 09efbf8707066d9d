// Rows of lost batches that the tables have all the same are not lost: each case is a host of its own, whose losses are told, and some of
// whose batches are stored.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LostBatches } from '../../../agent/contract/agent-report.ts';
import type { Loss } from '../../../agent/contract/outcome.ts';
import type { LostRows } from '../../../server/storage/engine.ts';
import { accountsByHost, completenessWithin } from '../../../server/storage/queries/accounts.ts';
import { windowOf } from '../../../server/storage/queries/window.ts';
import { rowBytes } from '../../support/row-bytes.ts';
import { BACKENDS, type Fixture } from './backends.ts';
import { report, toldOf } from './report.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** In the middle of an hour, long enough ago that it is over. */
const AT_MS = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 2.5 * HOUR_MS;
const EPOCH = '00000000000000aa';
const BATCH_ROWS = 10;
const SEEN = 1000;

/** A batch that is stored: all rows of it but those that are missing. */
type Stored = { sequence: number; without?: number[]; epoch?: string; times?: number };
type Case = {
  it: string;
  agent?: [Loss, rows: number, ...ranges: [number, number][]][];
  collectors?: [Loss, sequence: number, rows: number, sent_rows?: number][];
  stored: Stored[];
  lost: Partial<Record<Loss, number>>;
};

const cases: Case[] = [
  { it: 'nothing of it is stored', agent: [['spool_damaged', 30, [3, 5]]], stored: [], lost: { spool_damaged: 30 } },
  { it: 'one batch is stored', agent: [['spool_damaged', 30, [3, 5]]], stored: [{ sequence: 4 }], lost: { spool_damaged: 20 } },
  {
    it: 'all are stored, twice',
    agent: [['spool_dropped', 20, [3, 3], [5, 5]]],
    stored: [
      { sequence: 3, times: 2 },
      { sequence: 5, times: 2 },
    ],
    lost: {},
  },
  {
    it: 'those around it are stored',
    agent: [['spool_dropped', 20, [3, 3], [5, 5]]],
    stored: [2, 4, 6].map((sequence) => ({ sequence })),
    lost: { spool_dropped: 20 },
  },
  {
    it: 'the batch of another run is stored',
    agent: [['rejected', 10, [3, 3]]],
    stored: [{ sequence: 3, epoch: '00000000000000ab' }],
    lost: { rejected: 10 },
  },
  {
    it: 'another collector stored what one has put in quarantine',
    collectors: [['quarantined', 7, 10]],
    stored: [{ sequence: 7 }],
    lost: {},
  },
  {
    it: 'the rest of a batch is stored',
    collectors: [['quarantined', 7, 3]],
    stored: [{ sequence: 7, without: [0, 4, 9] }],
    lost: { quarantined: 3 },
  },
  {
    it: 'another collector stored all but one row',
    collectors: [['quarantined', 7, 3]],
    stored: [{ sequence: 7, without: [4] }],
    lost: { quarantined: 1 },
  },
  {
    it: 'two collectors have lost the same rows',
    collectors: [
      ['dead_letter', 7, 10],
      ['quarantined', 7, 10],
    ],
    stored: [],
    lost: { dead_letter: 10 },
  },
  {
    it: 'two collectors have lost some of its rows each',
    collectors: [
      ['dead_letter', 7, 4],
      ['quarantined', 7, 6],
    ],
    stored: [],
    lost: { dead_letter: 4, quarantined: 6 },
  },
  {
    it: 'nobody knows how large the batch was',
    collectors: [['log_damaged', 7, 5, 0]],
    stored: [{ sequence: 7 }],
    lost: { log_damaged: 5 },
  },
  {
    it: 'of two that have lost it, one knows how large it was',
    collectors: [
      ['log_damaged', 7, 5, 0],
      ['quarantined', 7, 3],
    ],
    stored: [{ sequence: 7, without: [1, 2] }],
    lost: { log_damaged: 2 },
  },
  {
    it: 'an agent and a collector have lost it',
    agent: [['memory_dropped', 20, [7, 8]]],
    collectors: [['quarantined', 7, 10]],
    stored: [],
    lost: { memory_dropped: 10, quarantined: 10 },
  },
  {
    it: 'an agent and a collector have lost it, another has it',
    agent: [['memory_dropped', 20, [7, 8]]],
    collectors: [['quarantined', 7, 10]],
    stored: [{ sequence: 7 }],
    lost: { memory_dropped: 10 },
  },
];

const ROWS = Array.from({ length: BATCH_ROWS }, (_, row) => row);
const hex = (id: number) => id.toString(16).padStart(16, '0');

describe.each(BACKENDS)('on $name', ({ skip, open }) => {
  let fixture: Fixture;
  beforeAll(async () => {
    if (skip === undefined) fixture = await open();
  });
  afterAll(async () => fixture?.close());

  type Expected = Pick<Case, 'it' | 'lost'>;

  /** From minutes, and from hours where they are published. */
  async function expectLost(expected: ReadonlyMap<number, Expected>): Promise<void> {
    const now_ms = Date.now();
    const hosts = [...expected.keys()].map(String);
    for (const from of [AT_MS - HOUR_MS, now_ms - 3 * DAY_MS]) {
      const accounts = await accountsByHost(fixture.store, { from, to: now_ms }, hosts, now_ms);
      const found = [...expected].map(([host, { it }]) => ({ it, host, lost: accounts.get(String(host))?.[0]?.lost }));
      expect(found).toEqual([...expected].map(([host, { it, lost }]) => ({ it, host, lost })));
    }
  }

  async function store(host: number, stored: readonly Stored[]): Promise<void> {
    for (const { sequence, without = [], epoch = EPOCH, times = 1 } of stored) {
      const places = ROWS.filter((row) => !without.includes(row));
      const values = places.map((row) =>
        rowBytes('sample', { host_id: host, time_ns: BigInt(AT_MS + row) * 1_000_000n, connection_id: sequence }),
      );
      for (let time = 0; time < times; time++) await fixture.put('sample', values, { epoch, sequence, places });
    }
  }

  async function lose(host: number, { agent = [], collectors = [] }: Pick<Case, 'agent' | 'collectors'>): Promise<void> {
    const entry = (outcome: Loss, rows: number) =>
      toldOf('sample', { [outcome]: rows }, AT_MS).map((told) => ({ ...told, host_id: hex(host) }));
    const lost = agent.flatMap(([outcome, rows, ...sequences]) =>
      entry(outcome, rows).map((told) => ({ ...told, sequences }) as LostBatches),
    );
    const told = Object.fromEntries(agent.map(([outcome, rows]) => [outcome, rows]));
    await fixture.store.insertReports([report({ host_id: hex(host), accounting: toldOf('sample', { seen: SEEN, ...told }, AT_MS), lost })]);
    await fixture.store.insertLost(
      collectors.flatMap(([outcome, sequence, rows, sent_rows = BATCH_ROWS]) =>
        entry(outcome, rows).map((one): LostRows => ({ ...one, sequence, sent_rows, reporter: '' })),
      ),
    );
  }

  test('what is stored before it is told lost, or after, is not lost', async (context) => {
    if (skip !== undefined) context.skip(skip);
    const before = new Map(cases.map((one, index) => [100 + index, one]));
    const after = new Map(cases.map((one, index) => [200 + index, one]));
    for (const [host, { stored }] of before) await store(host, stored);
    for (const [host, each] of [...before, ...after]) await lose(host, each);
    const now_ms = Date.now();
    await fixture.store.upkeep.refresh(now_ms);
    await expectLost(before);
    for (const [host, { stored }] of after) await store(host, stored);
    await fixture.store.upkeep.refresh(now_ms + HOUR_MS);
    await expectLost(new Map([...before, ...after]));
    const range = { from: AT_MS - HOUR_MS, to: Date.now() };
    const missing = [...before.values(), ...after.values()].flatMap(({ lost }) => Object.values(lost)).reduce((sum, rows) => sum + rows, 0);
    const { completeness } = await completenessWithin(fixture.store, windowOf(range, Date.now()));
    expect(completeness).toBeCloseTo(1 - missing / (2 * cases.length * SEEN), 6);
  });

  test('of many losses each is looked at, and those of long ago once a day', async (context) => {
    if (skip !== undefined) context.skip(skip);
    const collectors = Array.from({ length: 250 }, (_, index): [Loss, number, number] => ['quarantined', 1 + index, 1]);
    await lose(300, { collectors: [...collectors, ...collectors.map(([, ...rest]): [Loss, number, number] => ['dead_letter', ...rest])] });
    const now_ms = Date.now() + 30 * DAY_MS;
    await fixture.store.upkeep.refresh(now_ms);
    await expectLost(new Map([[300, { it: 'none is stored', lost: { quarantined: 250, dead_letter: 250 } }]]));
    const some = collectors.map(([, sequence]) => sequence).filter((sequence) => sequence % 25 === 0);
    await store(
      300,
      some.map((sequence) => ({ sequence, without: [0] })),
    );
    await fixture.store.upkeep.refresh(now_ms + HOUR_MS);
    await expectLost(new Map([[300, { it: 'nobody has looked', lost: { quarantined: 250, dead_letter: 250 } }]]));
    await fixture.store.upkeep.refresh(now_ms + DAY_MS);
    await expectLost(new Map([[300, { it: 'of each tenth only one row is not stored', lost: { quarantined: 240, dead_letter: 250 } }]]));
  });
});
