// What a row costs the collector as it comes from more and more agents: always as many rows, in batches as small as agents cut
// them, sent as fast as they are acknowledged. Only the number of hosts changes.
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CollectorProcess } from '../collector-process.ts';
import { newSent, Sender, sendBatches } from '../ingest/send.ts';
import { quantile } from '../quantile.ts';
import { type Batch, Cutter, hostOf, placed, type Recorded, rowsOf } from '../recorded-rows.ts';

export type FleetCost = {
  agents: number;
  rows: number;
  rows_a_batch: number;
  rows_per_s: number;
  cpu_us_per_row: number;
  ack_p99_ms: number;
};

const IN_FLIGHT = 32;
/** Between two cuts of one agent. */
const APART_MS = 1000;

export async function fleetCost(directory: string, recordings: readonly Recorded[], agents: number, rows: number): Promise<FleetCost> {
  const batches = fleetBatches(recordings, agents, rows);
  const data = mkdtempSync(join(directory, 'fleet-'));
  const collector = await CollectorProcess.start(data);
  const sender = new Sender(collector.url, IN_FLIGHT);
  try {
    const sent = newSent();
    const before_s = collector.cpu_s;
    const began_ms = performance.now();
    await sendBatches(sender, batches, IN_FLIGHT, sent);
    await collector.insertedAll(rowsOf(batches));
    const seconds = (performance.now() - began_ms) / 1000;
    const cpu_us_per_row = ((collector.cpu_s - before_s) * 1e6) / sent.rows;
    return {
      agents,
      rows: sent.rows,
      rows_a_batch: sent.rows / batches.length,
      rows_per_s: sent.rows / seconds,
      cpu_us_per_row,
      ack_p99_ms: quantile(sent.ack_ms, 0.99),
    };
  } finally {
    sender.close();
    await collector.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

/** The agents in turn cut one recording after the other, until there are enough rows. */
function fleetBatches(recordings: readonly Recorded[], agents: number, rows: number): Batch[] {
  const epoch = BigInt(Date.now());
  const cutters = Array.from({ length: agents }, (_, index) => new Cutter(hostOf(index), epoch));
  const mean = recordings.reduce((sum, recorded) => sum + recorded.rows, 0) / recordings.length;
  const begin_ms = Date.now() - 60_000 - Math.ceil(rows / mean / agents) * APART_MS;
  const batches: Batch[] = [];
  for (let cut = 0, made = 0; made < rows; cut++) {
    const [agent, turn] = [cut % agents, Math.floor(cut / agents)];
    const recorded = recordings[(agent + turn) % recordings.length];
    if (!recorded) break;
    const place = { host_id: hostOf(agent), start_ns: BigInt(begin_ms + turn * APART_MS) * 1_000_000n, copy: cut };
    const frames = recorded.frames.map((frame) => ({ kind: frame.kind, rows: placed(frame, recorded, place) }));
    batches.push(...(cutters[agent]?.cut(frames) ?? []));
    made += recorded.rows;
  }
  return batches;
}
