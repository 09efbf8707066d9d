// Batches on their way to the spool: what memory has no room for is dropped, and in the accounts.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLog } from '../../../agent/process/log.ts';
import { type Opened, openSpool } from '../../../agent/spool/open.ts';
import { Intake } from '../../../agent/uplink/intake.ts';

const EPOCH = '00000000000000aa';
const HOST_ID = '00000000000000ff';
const HOST = { name: 'h', machine: 'm', kernel: 'k', agent_version: 'v' };

let directory: string;
let opened: Opened;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tcplens-intake-'));
  opened = await openSpool({
    directory,
    caps: { bytes_max: 1024 ** 3, age_ms_max: 7 * 86_400_000 },
    memory_bytes: 1024 ** 2,
    run: { epoch: EPOCH, host_id: HOST_ID, host: HOST },
    log: createLog('silent'),
    flush_ms: Number.POSITIVE_INFINITY,
  });
});

afterEach(async () => {
  await opened.close();
  rmSync(directory, { recursive: true });
});

test('what memory has no room for is dropped by its name, the rest is in the spool, and all that was seen is one of both', async () => {
  const { spool, accounting } = opened;
  const came: number[] = [];
  const onParcel = ({ batch }: { batch: { rows: number } }) => came.push(batch.rows);
  const intake = new Intake({ host_id: HOST_ID, epoch: EPOCH, spool, accounting, memory_bytes: 1000, onParcel });
  const batch = (sequence: number, rows: number, length: number) => ({
    kind: 'sample' as const,
    sequence,
    rows,
    bytes: Buffer.alloc(length),
  });

  // A batch alone is taken whatever its size; beside another one it has to fit.
  const taken = [intake.take(batch(1, 3, 5000)), intake.take(batch(2, 50, 100)), intake.take(batch(3, 700, 100))];
  await Promise.all(taken);
  await intake.settled();
  await intake.take(batch(4, 11, 100));
  await intake.settled();

  expect(came).toEqual([3, 11]);
  expect(accounting.all().totals).toContainEqual(
    expect.objectContaining({ epoch: EPOCH, kind: 'sample', outcome: 'memory_dropped', rows: 750 }),
  );
  expect(intake.bytes).toBe(0);
});
