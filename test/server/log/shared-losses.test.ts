// Two collectors on one ClickHouse (the HTTP front over the embedded engine) with the same batch in their logs: what one of them loses
// counts where the batch was its own, and not where the other stores it.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KINDS } from '../../../bpf/rows/rows.gen.ts';
import { ATTEMPTS } from '../../../server/log/attempts.ts';
import type { Log } from '../../../server/log/log.ts';
import { LossTeller } from '../../../server/log/loss-teller.ts';
import { Writer } from '../../../server/log/writer.ts';
import { openClickHouse } from '../../../server/storage/clickhouse-store.ts';
import type { Store } from '../../../server/storage/store.ts';
import { type Front, startFront } from '../storage/front-process.ts';
import { EPOCH, HOST_HEX, rowsOf } from '../support/agent.ts';
import { countRows, type TestDirectory, testDirectory } from '../support/collector.ts';
import { QUIET } from '../support/quiet-writer.ts';
import { openSmallLog } from '../support/small-log.ts';

const MIB = 1024 * 1024;
const WRITER = { ...ATTEMPTS, seal_ms: 20, seal_bytes_min: 1, seal_age_ms: 0, settle_bytes: MIB };
const ROWS = 10;

let directory: TestDirectory;
let front: Front;
let stores: [Store, Store];
beforeAll(async () => {
  directory = await testDirectory();
  front = await startFront(directory.path);
  const open = () => openClickHouse({ url: front.url, database: 'tcplens' });
  stores = [await open(), await open()];
  for (const store of stores) await store.migrate();
});
afterAll(async () => {
  for (const store of stores) await store.close();
  await front.end('SIGTERM');
  await directory.remove();
});

const openLog = (name: string): Promise<Log> => openSmallLog(join(directory.path, name));

async function append(log: Log, sequences: readonly number[]): Promise<void> {
  for (const sequence of sequences)
    await log.append({ host_id: HOST_HEX, epoch: EPOCH, sequence, kind: 'sample', lane: 'live', rows: rowsOf('sample', ROWS) });
  await log.seal();
}

async function toldOf(log: Log, store: Store): Promise<Record<string, number>> {
  await new LossTeller(log, store, (error) => expect(error).toBeUndefined()).stop();
  const told = await store.query<{ outcome: string; rows: number }>(
    "SELECT outcome, sum(most) AS rows FROM (SELECT outcome, reporter, minute, max(rows) AS most FROM accounting WHERE reporter != '' GROUP BY ALL) GROUP BY outcome",
  );
  return Object.fromEntries(told.map(({ outcome, rows }) => [outcome, rows]));
}

test('a damaged batch and one that is given up count only where no other collector stores them', async () => {
  const [first, second] = stores;
  const [log, other] = [await openLog('first'), await openLog('second')];
  await append(log, [1, 2]);
  await append(other, [1, 3]);
  await append(other, [2, 4]);
  await new Writer(log, first, WRITER, QUIET).stop();
  expect(await countRows(first, 'sample')).toBe(2 * ROWS);
  // Of the other's first segment both batches are damaged, its second is refused for good.
  const [damaged, refused] = other.sealed;
  if (!damaged || !refused) throw new Error('two segments were sealed');
  await other.bury(refused.segment, 'refused');
  await other.close();
  const bytes = await readFile(damaged.path);
  for (const row of [0, 2 * ROWS - 1]) bytes[row * KINDS.sample.size + 100] = 0x77;
  await writeFile(damaged.path, bytes);
  const again = await openLog('second');
  expect(again.sealed).toEqual([]);
  expect(await readdir(join(directory.path, 'second', 'aside'))).toHaveLength(1);
  expect(await toldOf(again, second)).toEqual({ log_damaged: ROWS, dead_letter: ROWS });
  // It is decided for ever: the same losses again are the same.
  await again.close();
  expect(await toldOf(await openLog('second'), second)).toEqual({ log_damaged: ROWS, dead_letter: ROWS });
  await log.close();
});
