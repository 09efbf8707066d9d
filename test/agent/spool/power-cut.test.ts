// What a power cut leaves of what was flushed: SIGKILL takes nothing of what was written, a power cut does.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLog } from '../../../agent/process/log.ts';
import { type Opened, openSpool } from '../../../agent/spool/open.ts';
import type { Batch } from '../../../agent/spool/record.ts';
import { TornDisk } from '../durable/torn-disk.ts';
import { NEVER } from './spool-model.ts';

const HOST = { name: 'h', machine: 'm', kernel: 'k', agent_version: 'v' };
const HOST_ID = '00000000000000ff';
const CAPS = { bytes_max: 1024 ** 3, age_ms_max: 7 * 86_400_000 };
/** More than a segment has when it is left for being done. */
const LARGE = 1024 * 1024;

let directory: string;
let disk: TornDisk;
let opened: Opened;
let runs = 0;
let now_ms = 1_700_000_000_000;

async function open(at: string): Promise<Opened> {
  const epoch = (++runs).toString(16).padStart(16, '0');
  disk = new TornDisk(join(directory, at));
  return openSpool({
    directory: join(directory, at),
    caps: CAPS,
    memory_bytes: 1024,
    run: { epoch, host_id: HOST_ID, host: HOST },
    log: createLog('silent'),
    disk,
    flush_ms: Number.POSITIVE_INFINITY,
    now_ms: () => now_ms,
  });
}

async function append(...rows: number[]) {
  const parcels = [];
  for (const [index, each] of rows.entries()) {
    const sequence = index + 1;
    const batch: Batch = {
      host_id: HOST_ID,
      epoch: runs.toString(16).padStart(16, '0'),
      kind: 'sample',
      schema: 'sample/1',
      sequence,
      rows: each,
      cut_at_ms: now_ms,
      payload: Buffer.alloc(each < 1000 ? 100 : LARGE, sequence),
    };
    opened.accounting.add(batch.epoch, 'sample', 'seen', each, now_ms);
    parcels.push(await opened.spool.append(batch));
  }
  return parcels;
}

/** The power goes, and the agent starts again on what is left. */
async function cut(names: 'all' | 'none'): Promise<void> {
  const after = `after ${runs}`;
  disk.powerCut(join(directory, after), { bytes: () => 0, names: () => (names === 'all' ? 0.999 : 0) });
  await opened.close();
  opened = await open(after);
}

/** Rows of the batches that the next start finds, and what it says was lost. */
async function afterTheCut(names: 'all' | 'none'): Promise<{ come: number[]; lost: Record<string, number> }> {
  await cut(names);
  const come: number[] = [];
  for (let parcel = await opened.spool.next(NEVER); parcel !== undefined; parcel = await opened.spool.next(NEVER)) {
    come.push(parcel.batch.rows);
    opened.spool.settle(parcel, 'sent');
  }
  const totals = opened.accounting.all().totals.filter(({ outcome }) => outcome === 'spool_damaged' || outcome === 'died');
  return { come, lost: Object.fromEntries(totals.map(({ outcome, rows }) => [outcome, rows])) };
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tcplens-power-'));
  opened = await open('before');
});

afterEach(async () => {
  await opened.close();
  rmSync(directory, { recursive: true });
});

const SURVIVORS = ['all', 'none'] as const;

test.each(SURVIVORS)('batches that were flushed come, each once (of unflushed names %s survive)', async (names) => {
  await append(1, 20, 300);
  await opened.spool.flush(false);
  expect(await afterTheCut(names)).toEqual({ come: [1, 20, 300], lost: {} });
});

test.each(SURVIVORS)('what the flushed books say is done does not come again (of unflushed names %s survive)', async (names) => {
  const [first, second] = await append(1, 20, 300);
  await opened.spool.flush(true);
  for (const parcel of [first, second]) if (parcel) opened.spool.settle(parcel, 'sent');
  await opened.spool.flush(true);
  expect(await afterTheCut(names)).toEqual({ come: [300], lost: {} });
});

test.each(SURVIVORS)('a file that went because all of it is done is missed by nobody (of unflushed names %s survive)', async (names) => {
  const parcels = await append(1000, 2000);
  await opened.spool.flush(true);
  for (const parcel of parcels) opened.spool.settle(parcel, 'sent');
  // Files go in their turn, which is before that of another question.
  expect(await opened.spool.next(NEVER)).toBeUndefined();
  expect(await afterTheCut(names)).toEqual({ come: [], lost: {} });
});

test.each(SURVIVORS)('a power cut just after a start takes nothing of the books (of unflushed names %s survive)', async (names) => {
  const [first, second] = await append(1, 20, 300);
  await opened.spool.flush(true);
  for (const parcel of [first, second]) if (parcel) opened.spool.settle(parcel, 'sent');
  await opened.spool.flush(true);
  await cut(names);
  expect(await afterTheCut(names)).toEqual({ come: [300], lost: {} });
});

test('batches that come after a flush that failed are safe once they are flushed; those before it are lost by name', async () => {
  await append(1);
  disk.fault = 'no_sync';
  await opened.spool.flush(false);
  disk.fault = 'none';
  // For a second after that batches stay in memory.
  now_ms += 1000;
  await append(20);
  await opened.spool.flush(true);
  expect(await afterTheCut('none')).toEqual({ come: [20], lost: { spool_damaged: 1 } });
});

test('the books have what they say after a flush that failed', async () => {
  const [first, second] = await append(1, 20, 300);
  await opened.spool.flush(true);
  if (first) opened.spool.settle(first, 'sent');
  disk.fault = 'no_sync';
  await opened.spool.flush(true);
  disk.fault = 'none';
  if (second) opened.spool.settle(second, 'sent');
  await opened.spool.flush(true);
  expect(await afterTheCut('none')).toEqual({ come: [300], lost: {} });
});
