// Shows that the checks of a run can fail: what they have to notice is done to a store by hand.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Outcome } from '../../agent/contract/outcome.ts';
import { KIND, KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { insertAccounting } from '../../server/storage/accounting.ts';
import { openEmbedded, openEmbeddedEngine } from '../../server/storage/embedded.ts';
import type { Engine } from '../../server/storage/engine.ts';
import { MinuteRefresh } from '../../server/storage/minute-refresh.ts';
import type { Store } from '../../server/storage/store.ts';
import { segmentBytes } from '../support/segment-bytes.ts';
import { accountsWrong, storedWrong } from './accounts.ts';
import type { Question } from './check.ts';
import { Dice } from './dice.ts';
import { rollupsWrong } from './rollups.ts';
import { rowsWrong } from './rows.ts';
import { makeTape, sourceFile, type Tape } from './tape.ts';

const directory = mkdtempSync(join(tmpdir(), 'tcplens-check-'));
const HOST = '00000000000000a1';
const EPOCH = '00000000000000e1';
let store: Store;
let engine: Engine;
let tape: Tape;
let stored = 0;

beforeAll(async () => {
  const path = join(directory, 'engine');
  store = await openEmbedded({ path });
  await store.migrate();
  engine = await openEmbeddedEngine({ path });
  tape = makeTape(new Dice(1), { number: 100, host_id: HOST, rows: 2000, length_ms: 1000, directory });
});
afterAll(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

const tables = [...KIND, 'rollup_1m', 'stored', 'accounting', 'rollup_version'];

/** Puts all of the tape into the tables, makes its minutes, and adds an account that says so. */
async function fill(): Promise<void> {
  for (const table of tables) await engine.command(`TRUNCATE TABLE ${table}`);
  stored++;
  for (const kind of KIND) {
    const rows = tape.rows[kind];
    const bytes = readFileSync(sourceFile(directory, kind));
    const each = Array.from({ length: rows }, (_, at) => bytes.subarray(at * KINDS[kind].size, (at + 1) * KINDS[kind].size));
    const path = join(directory, `${kind}.segment`);
    writeFileSync(path, segmentBytes(each, { epoch: EPOCH, sequence: stored }));
    await store.insertSegment({ kind, path, rows });
    const { ring_lost, withheld } = { ring_lost: tape.ring_lost[kind], withheld: tape.withheld[kind] };
    await tell(kind, { seen: rows + ring_lost + withheld, sent: rows, ring_lost, withheld });
  }
  await new MinuteRefresh(engine).due(Date.now() + 2 * 86_400_000);
}

async function tell(kind: Kind, outcomes: Partial<Record<Outcome, number>>): Promise<void> {
  const minute_ms = Math.floor(Date.now() / 60_000) * 60_000;
  const entries = Object.entries(outcomes).map(([outcome, rows]) => ({
    host_id: HOST,
    epoch: EPOCH,
    minute_ms,
    kind,
    outcome: outcome as Outcome,
    rows,
  }));
  await insertAccounting(engine, entries);
}

async function wrong(): Promise<string[]> {
  const ask = <Row>(sql: string) => engine.query<Row>(sql);
  const question: Question = {
    engine: '',
    database: 'default',
    directory,
    tapes: [{ ...tape, host_id: HOST, ended: 'to the end' }],
    epochs: [[EPOCH, tape.number]],
    ledgers_damaged: [],
    store_damaged: false,
  };
  const rows = await rowsWrong(ask, question);
  const { wrong: accounts } = await accountsWrong(ask, question, rows.stored);
  return [
    ...rows.wrong,
    ...accounts,
    ...(await storedWrong(ask)),
    ...(await rollupsWrong(ask)).filter((text) => text.startsWith('rollup_1m')),
  ];
}

type Case = { name: string; harm: () => Promise<unknown>; noticed: RegExp[] };

const cases: Case[] = [
  { name: 'nothing', harm: async () => undefined, noticed: [] },
  {
    name: 'a row stored twice',
    harm: () => engine.command('INSERT INTO sample SELECT * REPLACE (batch_row + 1000000 AS batch_row) FROM sample LIMIT 1'),
    noticed: [
      /1 sample rows of tape 100 are stored more often/,
      /what was drained is not stored/,
      /stored: 1 minutes of sample/,
      /rollup_1m/,
    ],
  },
  {
    name: 'a row lost without a name',
    harm: () => engine.command('ALTER TABLE drop DELETE WHERE netns = (SELECT min(netns) FROM drop) SETTINGS mutations_sync = 1'),
    noticed: [/what was drained is not stored/, /stored: 1 minutes of drop/, /rollup_1m/],
  },
  {
    name: 'a row seen and never heard of again',
    harm: () => tell('reset', { seen: 1_000_000 }),
    noticed: [/seen is not sent/, /not all that was recorded was seen/],
  },
  {
    name: 'a row with another byte',
    harm: () =>
      engine.command(
        'ALTER TABLE state_change UPDATE pid = pid + 1 WHERE netns = (SELECT min(netns) FROM state_change) SETTINGS mutations_sync = 1',
      ),
    noticed: [/1 state_change rows of tape 100 are stored more often/],
  },
  {
    name: 'a rollup that counts a row twice',
    harm: () => engine.command("INSERT INTO rollup_1m SELECT * REPLACE (concat(comm, '2') AS comm) FROM rollup_1m LIMIT 1"),
    noticed: [/rollup_1m/],
  },
];

test('each harm is noticed, and nothing where there is none', async () => {
  for (const { name, harm, noticed } of cases) {
    await fill();
    await harm();
    const found = await wrong();
    expect(found, name).toEqual(noticed.map((pattern) => expect.stringMatching(pattern)));
  }
});
