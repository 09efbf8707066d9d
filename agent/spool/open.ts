// Opens the directory of a spool: locks it, recovers what earlier runs have left in it, and composes the parts.
import type { Layout } from '../../bpf/rows/layout.ts';
import { Accounting } from '../accounts/accounting.ts';
import { type Disk, REAL_DISK } from '../durable/disk.ts';
import type { Log } from '../process/log.ts';
import { Bookkeeper } from './bookkeeper.ts';
import type { Run } from './books-check.ts';
import { booksOf, readBooks } from './books-state.ts';
import type { Caps } from './caps.ts';
import { DeadLetters } from './dead-letters.ts';
import { DiskSpool } from './disk-spool.ts';
import { keepLayouts, ownLayouts } from './kept-layouts.ts';
import { lockSpool } from './lock.ts';
import { boundRuns } from './old-runs.ts';
import { recover } from './recover.ts';
import { SegmentReader } from './segment-reader.ts';
import { Segments } from './segments.ts';
import { Spool } from './spool.ts';

export type OpenOptions = {
  /** undefined: batches are kept in memory only */
  directory: string | undefined;
  caps: Caps;
  memory_bytes: number;
  /** this run of the agent */
  run: Run;
  log: Log;
  disk?: Disk;
  flush_ms?: number;
  now_ms?: () => number;
};

export type Opened = {
  spool: Spool;
  accounting: Accounting;
  /** this run, and earlier ones that still have batches to send or accounting to report */
  runs: Map<string, Run>;
  /** by schema: this version's layouts, and those of older batches in the spool as far as they are known */
  layouts: Map<string, Layout>;
  dead_letters: DeadLetters | undefined;
  /** Forgets earlier runs whose batches are all done and whose accounting is all reported. */
  forgetEnded(): void;
  close(): Promise<void>;
};

/** @throws CannotRunError `spool_locked`, `spool_untrusted`, `spool_unusable`, `spool_of_other_version` */
export async function openSpool({ directory, caps, run, ...options }: OpenOptions): Promise<Opened> {
  const accounting = new Accounting();
  const runs = new Map([[run.epoch, run]]);
  if (directory === undefined) {
    const spool = new Spool({ ...options, accounting, disk: undefined });
    const close = () => spool.close();
    return { spool, accounting, runs, layouts: ownLayouts(), dead_letters: undefined, forgetEnded: () => {}, close };
  }
  const { disk = REAL_DISK, log, now_ms = Date.now } = options;
  const unlock = lockSpool(directory);
  const state = await readBooks(disk, directory).catch((error: unknown) => {
    unlock();
    throw error;
  });
  const { segments: left, next_number, hosts, schemas, notices } = await recover(disk, directory, state, accounting, now_ms());
  for (const notice of notices) log.warn(notice);
  for (const { epoch } of accounting.all().totals) runs.set(epoch, state.runs.get(epoch) ?? { ...run, epoch });
  for (const [epoch, host_id] of hosts) runs.set(epoch, state.runs.get(epoch) ?? { ...run, epoch, host_id });
  runs.delete(run.epoch);
  const forgotten = boundRuns(runs, new Set(hosts.keys()), accounting);
  if (forgotten > 0) log.warn({ rows: forgotten }, 'more earlier runs than are remembered: what became of the oldest rows was not told');
  runs.set(run.epoch, run);
  const segments = new Segments(disk, directory, caps, left, next_number);
  const keeper = new Bookkeeper({ books: booksOf(disk, directory), accounting, segments, runs });
  const reader = new SegmentReader(disk, directory);
  const on_disk = new DiskSpool({
    segments,
    reader,
    keeper,
    caps,
    count: (batches, outcome) => accounting.settle(batches, outcome, now_ms()),
  });
  const spool = new Spool({ ...options, accounting, disk: on_disk });
  await spool.flush(true);
  return {
    spool,
    accounting,
    runs,
    layouts: await keepLayouts(disk, directory, schemas),
    dead_letters: new DeadLetters(disk, directory),
    forgetEnded() {
      const alive = new Set([run.epoch, ...accounting.untoldEpochs(), ...[...spool.waiting()].map(({ epoch }) => epoch)]);
      for (const epoch of [...runs.keys()]) if (!alive.has(epoch)) keeper.forget(epoch);
    },
    async close() {
      await spool.close();
      unlock();
    },
  };
}
