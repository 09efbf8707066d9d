// The records of who may do what, in two collectors of one store: the real engine, and the files beside it.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { REAL_DISK } from '../../../agent/durable/disk.ts';
import { RecordBook } from '../../../server/access/record-book.ts';
import type { EnrolmentRecord, StoredRecord } from '../../../server/access/records.ts';
import { openEmbedded } from '../../../server/storage/embedded.ts';
import type { Store } from '../../../server/storage/store.ts';
import { type TestDirectory, testDirectory, until } from '../support/collector.ts';

let engine: TestDirectory;
let store: Store;
beforeAll(async () => {
  engine = await testDirectory();
  store = await openEmbedded({ path: join(engine.path, 'engine') });
  await store.migrate();
});
afterAll(async () => {
  await store.close();
  await engine.remove();
});

let directories: TestDirectory[] = [];
let books: RecordBook[] = [];
let failures: unknown[] = [];
let id = 0;
beforeEach(() => {
  failures = [];
  id += 1;
});
afterEach(async () => {
  for (const book of books) await book.stop();
  for (const directory of directories) await directory.remove();
  [books, directories] = [[], []];
});

async function open(directory: string, on: Pick<Store, 'backend' | 'query' | 'insertAccess'> = store): Promise<RecordBook> {
  const book = new RecordBook({ store: on, disk: REAL_DISK, directory, failed: (error) => failures.push(error) });
  books.push(book);
  await book.open();
  return book;
}

async function newDirectory(): Promise<string> {
  const directory = await testDirectory();
  directories.push(directory);
  return directory.path;
}

const idOf = (name: string) => `${name}-${id}`;
const record = (uses: number): EnrolmentRecord => ({
  secret_sha256: 'a'.repeat(64),
  labels: { env: 'prod' },
  made_ms: 1,
  ends_ms: 2,
  uses,
  rejoin: false,
});
/** A store that is away. */
const AWAY: Pick<Store, 'backend' | 'query' | 'insertAccess'> = {
  backend: 'embedded',
  query: () => Promise.reject(new Error('away')),
  insertAccess: () => Promise.reject(new Error('away')),
};

test('what one collector writes the other one reads; the newest counts, and what was removed is gone', async () => {
  const [one, other] = [await open(await newDirectory()), await open(await newDirectory())];
  await one.follow();
  await other.follow();
  await one.put('enrolment', idOf('a'), record(1));
  await until(
    () => other.get('enrolment', idOf('a')),
    (seen) => seen?.uses === 1,
  );
  await other.put('enrolment', idOf('a'), record(2));
  await until(
    () => one.get('enrolment', idOf('a')),
    (seen) => seen?.uses === 2,
  );
  await one.remove('enrolment', idOf('a'));
  await until(
    () => other.get('enrolment', idOf('a')),
    (seen) => seen === undefined,
  );
  expect([...other.all('enrolment')].filter(([name]) => name === idOf('a'))).toEqual([]);
  expect(failures).toEqual([]);
});

test('a change is told to who watches, also one of another collector', async () => {
  const [one, other] = [await open(await newDirectory()), await open(await newDirectory())];
  let told = 0;
  other.watch(() => {
    told += 1;
  });
  await other.look();
  const before = told;
  await other.look();
  expect(told).toBe(before);
  await one.put('enrolment', idOf('a'), record(1));
  await other.look();
  expect(told).toBe(before + 1);
});

test('while the store is away, a collector that starts knows what its file says, and changes nothing', async () => {
  const directory = await newDirectory();
  const before = await open(directory);
  await before.put('enrolment', idOf('a'), record(3));
  await before.stop();
  const after = await open(directory, AWAY);
  expect(after.get('enrolment', idOf('a'))).toEqual(record(3));
  await expect(after.put('enrolment', idOf('a'), record(4))).rejects.toThrow('away');
  expect(after.get('enrolment', idOf('a'))).toEqual(record(3));
});

test('what a power cut took from the store is brought back from the file', async () => {
  const directory = await newDirectory();
  const kept: StoredRecord[] = [];
  const first = await open(directory, {
    backend: 'embedded',
    query: store.query,
    insertAccess: async (records) => void kept.push(...records),
  });
  await first.put('enrolment', idOf('lost'), record(5));
  await first.stop();
  expect(kept).toHaveLength(1);
  const second = await open(directory);
  await second.follow();
  const third = await open(await newDirectory());
  await third.look();
  expect(third.get('enrolment', idOf('lost'))).toEqual(record(5));
});

test('a damaged line of the file, and a record that another version wrote, give no right and stop nothing', async () => {
  const directory = await newDirectory();
  const book = await open(directory);
  await book.put('enrolment', idOf('a'), record(1));
  await book.put('enrolment', idOf('b'), record(2));
  await store.insertAccess([{ kind: 'enrolment', id: idOf('c'), version: 1, ends_ms: 0, body: '{"uses":"many"}' }]);
  await store.insertAccess([{ kind: 'enrolment', id: idOf('d'), version: 1, ends_ms: 0, body: '{' }]);
  await book.stop();
  const path = join(directory, 'access.journal');
  const lines = (await readFile(path, 'utf8')).split('\n');
  await writeFile(path, lines.map((line) => (line.includes(idOf('a')) ? line.replace('uses', 'usez') : line)).join('\n'));
  const again = await open(directory, AWAY);
  expect([again.get('enrolment', idOf('a')), again.get('enrolment', idOf('b'))?.uses]).toEqual([undefined, 2]);
  const whole = await open(await newDirectory());
  await whole.look();
  expect(['a', 'b', 'c', 'd'].map((name) => whole.get('enrolment', idOf(name))?.uses)).toEqual([1, 2, undefined, undefined]);
});

test('a record is over at its end', async () => {
  const book = await open(await newDirectory());
  await book.put('enrolment', idOf('a'), record(1), Date.now() - 1);
  await book.put('enrolment', idOf('b'), record(1), Date.now() + 3_600_000);
  expect([book.get('enrolment', idOf('a')), book.get('enrolment', idOf('b'))?.uses]).toEqual([undefined, 1]);
  const other = await open(await newDirectory());
  await other.look();
  expect([other.get('enrolment', idOf('a')), other.get('enrolment', idOf('b'))?.uses]).toEqual([undefined, 1]);
});
