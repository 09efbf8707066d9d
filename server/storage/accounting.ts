// Stores what agents and collectors report of rows: one count by minute, host, run of the agent, kind and outcome.
import type { CheckedReport } from '../ingest/report-check.ts';
import type { Engine, HostAccountingEntry, HostLostBatches, LostRows } from './engine.ts';

/** A 64-bit id in hex as decimal digits, which JSONEachRow takes. */
export const decimal = (hex: string) => BigInt(`0x${hex}`).toString();

/** The counts of a report, with the id of its host. */
export function told({ host_id, accounting }: CheckedReport): HostAccountingEntry[] {
  return accounting.map((entry) => ({ ...entry, host_id }));
}

/** The lost batches of a report, with the id of its host. */
export function named({ host_id, lost = [] }: CheckedReport): HostLostBatches[] {
  return lost.map((entry) => ({ ...entry, host_id }));
}

/** Days in one insert: the engine refuses an insert into more than 100 partitions. */
const DAYS_AT_ONCE_MAX = 90;
const DAY_MS = 24 * 3600 * 1000;

/** Divides objects into as few inserts as possible. @param msOf ms since the epoch: the day that an object belongs to */
export function* insertable<Value>(objects: readonly Value[], msOf: (object: Value) => number): Generator<Value[]> {
  const days = Map.groupBy(objects, (object) => Math.floor(msOf(object) / DAY_MS));
  let part: Value[][] = [];
  for (const day of days.values()) {
    part.push(day);
    if (part.length < DAYS_AT_ONCE_MAX) continue;
    yield part.flat();
    part = [];
  }
  if (part.length > 0) yield part.flat();
}

/** An entry as both tables have it: the minute in seconds, and ids in decimal. */
function asStored({ minute_ms, host_id, epoch, ...entry }: HostAccountingEntry): object {
  return { minute: Math.floor(minute_ms / 60_000) * 60, host_id: decimal(host_id), epoch: decimal(epoch), ...entry };
}

/** Of several counts with the same key the largest is valid, so reports may be repeated and may arrive in any order. */
export async function insertAccounting(engine: Pick<Engine, 'insertObjects'>, entries: readonly HostAccountingEntry[]): Promise<void> {
  for (const part of insertable(entries, ({ minute_ms }) => minute_ms)) {
    await engine.insertObjects('accounting', part.map(asStored));
  }
}

/** The table `lost` keeps the largest count of each batch and outcome. */
export async function insertLost(engine: Pick<Engine, 'insertObjects'>, entries: readonly LostRows[]): Promise<void> {
  if (entries.length > 0) await engine.insertObjects('lost', entries.map(asStored));
}

/** Stores an agent's lost batches in the table `lost`, beside those of collectors. An entry has the sequence of its first batch. */
export async function insertLostBatches(engine: Pick<Engine, 'insertObjects'>, entries: readonly HostLostBatches[]): Promise<void> {
  const lost = entries.map((entry) => ({ ...entry, sequence: entry.sequences[0]?.[0] ?? 0, reporter: '', sent_rows: entry.rows }));
  await insertLost(engine, lost);
}
