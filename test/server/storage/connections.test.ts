// Whose rows an answer has. The embedded engine keeps what a failed statement had already given, and puts it before the next answer of
// the same connection: failing and succeeding statements, interleaved on every connection, on the real engine.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@clickhouse/client';
import { createChdbConnection } from 'chdb/connection';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, rowsOf } from '../../../server/storage/answers.ts';
import { openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import type { Engine } from '../../../server/storage/engine.ts';
import { tries } from '../../support/tries.ts';

const directory = mkdtempSync(join(tmpdir(), 'tcplens-connections-'));
let engine: Engine;
beforeAll(async () => {
  engine = await openEmbeddedEngine({ path: join(directory, 'engine') });
  await engine.command('CREATE TABLE given (run UInt64, n UInt64) ENGINE = MergeTree ORDER BY (run, n)');
});
afterAll(async () => {
  await engine.close();
  rmSync(directory, { recursive: true });
});

/** Rows that a question may have here. */
const ROWS = 5000;
/** In small blocks, so that several are given before the failure. */
const SMALL = 'SETTINGS max_block_size = 500, max_threads = 1';

/** Each fails after it has given some of its rows, or before. */
const FAILING = {
  'more rows than a query may give': `SELECT number AS n FROM numbers(200000) ${SMALL}`,
  'one row more': `SELECT number AS n FROM numbers(${ROWS + 1}) ${SMALL}`,
  'a failure in its last block': `SELECT number AS n, throwIf(number = ${ROWS - 1}) FROM numbers(${ROWS}) ${SMALL}`,
  'a failure in its first row': 'SELECT throwIf(number = 0) AS n FROM numbers(10)',
  'no such column': 'SELECT nothing_of_that_name AS n',
  'no statement': 'SELECT FROM WHERE',
} as const;

test.each(Object.entries(FAILING))('after %s the next answers are their own', async (_, failing) => {
  for (const fail of [
    () => engine.query(failing, {}, ROWS),
    () => engine.command(`SELECT * FROM (${failing}) SETTINGS max_result_rows = ${ROWS}, max_block_size = 500`),
  ]) {
    await expect(fail()).rejects.toMatchObject({ code: 'store_query_failed' });
    for (let again = 0; again < 3; again++) expect(await engine.query('SELECT 7 AS n')).toEqual([{ n: 7 }]);
    expect(await engine.query('SELECT {n:UInt32} AS n', { n: 8 })).toEqual([{ n: 8 }]);
  }
});

type Step = { label: string; run: (mark: number) => Promise<void> };

async function fails(work: Promise<unknown>, code: string): Promise<void> {
  await expect(work).rejects.toMatchObject({ code });
}

/** Rows that nobody else asks for: from `mark` on. */
const own = (mark: number, rows: number) => Array.from({ length: rows }, (_, at) => ({ n: mark + at, of: `run ${mark}` }));

const STEPS: fc.Arbitrary<Step> = fc.oneof(
  fc.integer({ min: 0, max: 3000 }).map((rows) => ({
    label: `asks for ${rows} rows`,
    run: async (mark: number) => {
      const sql = `SELECT number + ${mark} AS n, 'run ${mark}' AS of FROM numbers(${rows}) ORDER BY n`;
      expect(await engine.query(sql, {}, ROWS)).toEqual(own(mark, rows));
    },
  })),
  fc.integer({ min: 0, max: 50 }).map((rows) => ({
    label: `asks for ${rows} rows by parameters`,
    run: async (mark: number) => {
      const sql =
        "SELECT number + {mark:UInt64} AS n, concat('run ', toString({mark:UInt64})) AS of FROM numbers({rows:UInt64}) ORDER BY n";
      expect(await engine.query(sql, { mark, rows })).toEqual(own(mark, rows));
    },
  })),
  fc
    .constantFrom(...Object.entries(FAILING))
    .map(([label, sql]) => ({ label, run: () => fails(engine.query(sql, {}, ROWS), 'store_query_failed') })),
  fc.constantFrom(...Object.entries(FAILING)).map(([label, sql]) => ({
    label: `${label}, by parameters`,
    run: (mark: number) =>
      fails(engine.query(`SELECT * FROM (${sql}) WHERE {mark:UInt64} > 0 ${SMALL}`, { mark }, ROWS), 'store_query_failed'),
  })),
  fc.constant({
    label: 'an insert that fails half-way',
    run: (mark: number) =>
      fails(
        engine.command(`INSERT INTO given SELECT ${mark} + throwIf(number = 150000), number FROM numbers(200000)
SETTINGS max_block_size = 1000, min_insert_block_size_rows = 1000000, min_insert_block_size_bytes = 0`),
        'store_query_failed',
      ),
  }),
  fc.constant({
    label: 'objects that fit no column',
    run: (mark: number) => fails(engine.insertObjects('given', [{ run: mark, n: 'none' }]), 'store_insert_failed'),
  }),
  fc.integer({ min: 1, max: 40 }).map((rows) => ({
    label: `inserts ${rows} objects and counts them`,
    run: async (mark: number) => {
      await engine.insertObjects(
        'given',
        Array.from({ length: rows }, (_, n) => ({ run: mark, n })),
      );
      expect(await engine.query('SELECT count() AS rows FROM given WHERE run = {mark:UInt64}', { mark })).toEqual([{ rows }]);
    },
  })),
);

test('however failures and answers interleave, each answer is exactly its own rows', async () => {
  let mark = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(STEPS, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 6 }), async (rounds) => {
      // Those of a round at once, so that every connection has one; each has rows of its own by its mark.
      for (const round of rounds) {
        await Promise.all(
          round.map(({ run }) => {
            mark += 10_000;
            return run(mark);
          }),
        );
      }
    }),
    tries(40),
  );
});

test('a connection that is kept after a failure is found out by its next answer', async () => {
  const path = join(directory, 'engine');
  const client = createClient({ connection: createChdbConnection({ path }) as never });
  await expect(client.query({ query: 'SELECT number AS n FROM numbers(200000) SETTINGS max_result_rows = 100000' })).rejects.toThrow();
  await expect(ask(client, 'SELECT 7 AS n', {})).rejects.toMatchObject({ code: 'store_answer_foreign' });
  expect(await ask(client, 'SELECT 7 AS n', {})).toEqual([{ n: 7 }]);
  await client.close();
});

const MINE = 'a1b2c3';
test.each([
  ['no rows', 'a1b2c3[0,["n"]]a1b2c3', []],
  [
    'two',
    'a1b2c3[0,["n","of"],[1,"x"],[2,null]]a1b2c3',
    [
      { n: 1, of: 'x' },
      { n: 2, of: null },
    ],
  ],
])('an answer that says whose it is: %s', (_, text, rows) => {
  expect(rowsOf(text, MINE)).toEqual(rows);
});

test.each([
  ['empty', ''],
  ["rows of another statement's before it", '[0]\n[1]\na1b2c3[0,["n"],[1]]a1b2c3'],
  ['rows of another format', '{"n":1}\n'],
  ['to another question', 'ffffff[0,["n"],[1]]ffffff'],
  ['cut short', 'a1b2c3[0,["n"],[1]'],
  ['with something after it', 'a1b2c3[0,["n"],[1]]a1b2c3\n'],
  ['twice', 'a1b2c3[0,["n"],[1]]a1b2c3a1b2c3[0,["n"],[1]]a1b2c3'],
  ['its beginning, and the end of another', 'a1b2c3[0,["n"],[1]]ffffff'],
])('an answer that does not is an error: %s', (_, text) => {
  expect(() => rowsOf(text, MINE)).toThrow(expect.objectContaining({ code: 'store_answer_foreign' }));
});
