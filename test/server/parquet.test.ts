// An answer as a Parquet file, read by another's reader: that of the engine.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Explored } from '../../server/api/explore.ts';
import { parquetOf } from '../../server/query/parquet.ts';
import { openEmbeddedEngine } from '../../server/storage/embedded.ts';
import type { Engine } from '../../server/storage/engine.ts';
import { type TestDirectory, testDirectory } from './support/collector.ts';

let directory: TestDirectory;
let engine: Engine;
beforeAll(async () => {
  directory = await testDirectory();
  engine = await openEmbeddedEngine({ path: join(directory.path, 'engine') });
});
afterAll(async () => {
  await engine.close();
  await directory.remove();
});

const column = (name: string, sort: Explored['columns'][number]['sort'], adds = ''): Explored['columns'][number] => ({
  name,
  sort,
  words: '',
  unit: 'us',
  end: '',
  adds,
  least: 0,
});
const ANSWER: Explored = {
  from_ms: 1,
  to_ms: 2,
  step_s: 60,
  earlier_s: null,
  source: 'rows',
  columns: [
    column('time_s', 'time'),
    column('process', 'dimension'),
    column('other', 'other'),
    column('retransmits', 'metric', 'sum'),
    column('rtt', 'metric', 'distribution'),
  ],
  rows: [
    [1_700_000_000, '=cmd|"\u0000é', false, 3, [[1000, 2]]],
    [1_700_000_060, '', true, null, []],
    [1_700_000_120, 'x'.repeat(10_000), true, 0.25, []],
  ],
  groups: 2,
  watched_s: [],
  completeness: 0.5,
  rows_read: 3,
  elapsed_ms: 1,
  notes: [],
};

async function readBack(answer: Explored, select: string): Promise<Record<string, unknown>[]> {
  const file = join(directory.path, 'answer.parquet');
  writeFileSync(file, parquetOf(answer));
  return engine.query(`SELECT ${select} FROM file('${file}', Parquet) LIMIT 10`, {}, 10);
}

test('values come back as they were, with their types', async () => {
  const read = await readBack(ANSWER, 'toUnixTimestamp(time_s) AS time_s, process, other, retransmits, rtt');
  expect(read.map(({ rtt, ...row }) => [...Object.values(row), JSON.parse(String(rtt))])).toEqual(ANSWER.rows);
});

test('an answer without rows is a file, too', async () => {
  expect(await readBack({ ...ANSWER, rows: [] }, 'count() AS n')).toEqual([{ n: 0 }]);
});
