// An agent that starts again and again while no collector is there: the runs that it remembers stay few, and what was seen is still
// told, once.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Accounting } from '../../../agent/accounts/accounting.ts';
import { createLog } from '../../../agent/process/log.ts';
import { boundRuns } from '../../../agent/spool/old-runs.ts';
import { type Opened, openSpool } from '../../../agent/spool/open.ts';

const CAPS = { bytes_max: 1024 ** 3, age_ms_max: 7 * 86_400_000 };
const HOST = { name: 'h', machine: 'm', kernel: 'k', agent_version: 'v' };
const BATCH = { host_id: '00000000000000ff', kind: 'sample', schema: 'sample/1', cut_at_ms: 1_700_000_000_000, payload: Buffer.alloc(100) };
const RUNS = 220;
/** As many as are remembered, and the one that runs. */
const REMEMBERED = 101;

const directory = mkdtempSync(join(tmpdir(), 'tcplens-old-runs-'));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const epochOf = (start: number) => start.toString(16).padStart(16, '0');

function open(start: number): Promise<Opened> {
  return openSpool({
    directory,
    caps: CAPS,
    memory_bytes: 16 * 1024,
    run: { epoch: epochOf(start), host_id: BATCH.host_id, host: HOST },
    log: createLog('silent'),
    flush_ms: Number.POSITIVE_INFINITY,
    now_ms: () => BATCH.cut_at_ms + start * 10_000,
  });
}

/** What a collector adds up: the largest figure that it was told of each entry. */
function told({ accounting, runs }: Opened): Map<string, number> {
  const entries = new Map<string, number>();
  for (const { epoch, minute_ms, outcome, rows } of accounting.untold(new Set(runs.keys()))) {
    const key = `${epoch} ${minute_ms} ${outcome}`;
    entries.set(key, Math.max(entries.get(key) ?? 0, rows));
  }
  return entries;
}

const sum = (entries: ReadonlyMap<string, number>, outcome: string) =>
  [...entries].reduce((all, [key, rows]) => all + (key.endsWith(` ${outcome}`) ? rows : 0), 0);

test('of many runs few are remembered, and all their rows are told', async () => {
  let seen = 0;
  /** What a collector has though it never said so. */
  let posted = new Map<string, number>();
  for (let start = 1; start <= RUNS; start++) {
    const opened = await open(start);
    const epoch = epochOf(start);
    opened.accounting.add(epoch, 'sample', 'seen', start, BATCH.cut_at_ms + start * 10_000);
    seen += start;
    // One has a batch that waits for ever, of one a report was on its way.
    if (start === 3) opened.spool.release(await opened.spool.append({ ...BATCH, epoch, sequence: 1, rows: 3 }));
    if (start === 60) posted = told(opened);
    await opened.spool.flush(true);
    expect(opened.runs.size).toBeLessThanOrEqual(REMEMBERED);
    await opened.close();
  }
  const last = await open(RUNS + 1);
  const all = new Map([...posted, ...told(last)]);
  expect(sum(all, 'seen')).toBe(seen);
  // All have died with their run but those that wait.
  expect(sum(all, 'died')).toBe(seen - 3);
  expect([...last.spool.waiting()]).toEqual([{ epoch: epochOf(3), kind: 'sample', rows: 3, sequences: [[1, 2]] }]);
  expect(last.runs.has(epochOf(3)) && last.runs.has(epochOf(60))).toBe(true);
  expect(statSync(join(directory, 'books')).size).toBeLessThan(256 * 1024);
  await last.close();
});

test('where a collector may have something of each, the oldest are forgotten, and it is said how much', () => {
  const runs = new Map([1, 2, 3, 4, 5].map((n) => [epochOf(n), { epoch: epochOf(n), host_id: BATCH.host_id, host: HOST }]));
  const accounting = new Accounting();
  for (const epoch of runs.keys()) accounting.add(epoch, 'sample', 'seen', 10, BATCH.cut_at_ms);
  accounting.untold(new Set(runs.keys()));
  expect(boundRuns(runs, new Set([epochOf(1)]), accounting, 3)).toBe(20);
  expect([...runs.keys()]).toEqual([1, 4, 5].map(epochOf));
  expect(accounting.all().posted).toEqual([1, 4, 5].map(epochOf));
});
