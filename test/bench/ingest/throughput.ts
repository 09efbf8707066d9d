// As fast as it goes: full batches of recorded rows through the collector, and what a row costs it.
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CollectorProcess } from '../collector-process.ts';
import { type Batch, Cutter, type Frame, hostOf, placed, type Recorded, rowsOf } from '../recorded-rows.ts';
import { newSent, Sender, sendBatches } from './send.ts';

export type Throughput = {
  rows: number;
  rows_per_s: number;
  /** of the collector's processor time until the last row was in its tables, the engine's included */
  rows_per_s_per_core: number;
  /** with what the engine's merges took afterwards, until it was quiet */
  rows_per_s_per_core_merged: number;
  cores: number;
  peak_rss_mib: number;
  /** the sender's own share of a core */
  sender_cores: number;
};

/** Requests at once: few, as from a few agents with much to send. */
const CONCURRENCY = 16;
/** Share of the batches that go ahead. */
const WARM = 0.1;

/** Copies of every recording, one after the other on each of so many hosts, the newest a minute old. */
export type Wanted = { hosts: number; copies: number; apart_ms: number };

/** Full batches, those of all hosts in turns. */
export function fullBatches(
  recordings: readonly Recorded[],
  { hosts, copies, apart_ms }: Wanted,
  idOf: (index: number) => bigint = hostOf,
): Batch[] {
  const begin_ms = Date.now() - 60_000 - copies * apart_ms;
  const perHost = Array.from({ length: hosts }, (_, index) => {
    const frames: Frame[] = [];
    for (let copy = 0; copy < copies; copy++) {
      const place = { host_id: idOf(index), start_ns: BigInt(begin_ms + copy * apart_ms) * 1_000_000n, copy: copy * hosts + index };
      for (const recorded of recordings)
        for (const frame of recorded.frames) frames.push({ kind: frame.kind, rows: placed(frame, recorded, place) });
    }
    return new Cutter(idOf(index), BigInt(Date.now())).cut(frames);
  });
  const most = Math.max(...perHost.map((batches) => batches.length));
  return Array.from({ length: most }, (_, turn) => perHost.flatMap((batches) => batches.slice(turn, turn + 1))).flat();
}

/** Batches for a collector that has just been started; with it they may ask who sends them. */
export type Sends = { options: readonly string[]; batches: (collector: CollectorProcess) => Promise<readonly Batch[]> };

export async function throughput(directory: string, sends: Sends | readonly Batch[]): Promise<Throughput> {
  const { options, batches: made } = 'options' in sends ? sends : { options: [], batches: async () => sends };
  const data = mkdtempSync(join(directory, 'throughput-'));
  const collector = await CollectorProcess.start(data, ...options);
  const batches = await made(collector);
  const sender = new Sender(collector.url, CONCURRENCY);
  try {
    // A collector runs for weeks: what its first rows compile and load is not a row's cost.
    const warm = batches.slice(0, Math.ceil(batches.length * WARM));
    await sendBatches(sender, warm, CONCURRENCY, newSent());
    await collector.insertedAll(rowsOf(warm));
    const measured = batches.slice(warm.length);
    const rows = rowsOf(measured);
    const before_s = collector.cpu_s;
    const own = process.cpuUsage();
    const began = performance.now();
    await sendBatches(sender, measured, CONCURRENCY, newSent());
    const { user, system } = process.cpuUsage(own);
    const sending_s = (performance.now() - began) / 1000;
    await collector.insertedAll(rowsOf(batches));
    const seconds = (performance.now() - began) / 1000;
    const cpu_s = collector.cpu_s - before_s;
    const merges_s = await collector.settle();
    return {
      rows,
      rows_per_s: rows / seconds,
      rows_per_s_per_core: rows / cpu_s,
      rows_per_s_per_core_merged: rows / (cpu_s + merges_s),
      cores: cpu_s / seconds,
      peak_rss_mib: collector.peak_rss_mib,
      sender_cores: (user + system) / 1e6 / sending_s,
    };
  } finally {
    sender.close();
    await collector.stop();
    rmSync(data, { recursive: true, force: true });
  }
}
