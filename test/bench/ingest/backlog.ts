// What happens after an outage: an agent sends a day's rows as fast as they are acknowledged, while others' rows go on to arrive.
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CollectorProcess } from '../collector-process.ts';
import { type Recorded, rowsOf } from '../recorded-rows.ts';
import { type LiveRows, liveRows } from './live-rows.ts';
import { newSent, Sender, sendBatches } from './send.ts';
import { fullBatches } from './throughput.ts';

export type BacklogRun = {
  hours: number;
  rows: number;
  /** of the backlog, from the first request until the store has the last row */
  seconds: number;
  times_real_time: number;
  rows_per_s: number;
  /** the same live rows before it and beside it */
  before: LiveRows;
  beside: LiveRows;
};

const IN_FLIGHT_MAX = 4;
const SOCKETS = 64;
/** Hosts of the two runs of live rows; the backlog's is the first. */
const FROM = { before: 100, beside: 200 } as const;

/** @param hours of one host's traffic, at the rate at which the recordings were made */
export async function backlog(directory: string, recordings: readonly Recorded[], hours: number, live_s: number): Promise<BacklogRun> {
  const apart_ms = recordings.reduce((sum, { span_ms }) => sum + span_ms, 0);
  const batches = fullBatches(recordings, { hosts: 1, copies: Math.ceil((hours * 3_600_000) / apart_ms), apart_ms });
  const rows = rowsOf(batches);
  const data = mkdtempSync(join(directory, 'backlog-'));
  const collector = await CollectorProcess.start(data);
  const sender = new Sender(collector.url, SOCKETS);
  try {
    const end_ms = Date.now() + live_s * 1000;
    const before = await liveRows(sender, collector.url, recordings, { going: () => Date.now() < end_ms, from: FROM.before });
    const stored = await collector.inserted();
    const progress = { done: false };
    const sent = newSent();
    const besides = liveRows(sender, collector.url, recordings, { going: () => !progress.done, from: FROM.beside, sent });
    // The live rows have to be under way before the backlog can be in their way.
    await sleep(1000);
    const began = performance.now();
    await sendBatches(sender, batches, IN_FLIGHT_MAX, newSent());
    await collector.insertedAll(stored + rows + sent.rows);
    const seconds = (performance.now() - began) / 1000;
    progress.done = true;
    const beside = await besides;
    return { hours, rows, seconds, times_real_time: (hours * 3600) / seconds, rows_per_s: rows / seconds, before, beside };
  } finally {
    sender.close();
    await collector.stop();
    rmSync(data, { recursive: true, force: true });
  }
}
