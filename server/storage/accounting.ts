// What became of rows, as agents and collectors tell it: one figure a minute, host, run of the agent, kind and outcome.
import type { CheckedReport } from '../ingest/report-check.ts';
import type { Engine, HostAccountingEntry, LostRows } from './engine.ts';

/** 64 bits in hex, as JSONEachRow wants them. */
export const decimal = (hex: string) => BigInt(`0x${hex}`).toString();

/** What a report says about its host, in the agent's own words. */
export function told({ host_id, accounting }: CheckedReport): HostAccountingEntry[] {
  return accounting.map((entry) => ({ ...entry, host_id }));
}

/** Of as many days as one insert takes: the engine makes no more than 100 partitions at once. */
const DAYS_AT_ONCE_MAX = 90;
const DAY_MS = 24 * 3600 * 1000;

/** The same objects in as few parts as can be inserted. @param msOf since the epoch, of the day that an object belongs to */
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

/** As both tables have it: whole minutes in s, and ids in decimal. */
function asStored({ minute_ms, host_id, epoch, ...entry }: HostAccountingEntry): object {
  return { minute: Math.floor(minute_ms / 60_000) * 60, host_id: decimal(host_id), epoch: decimal(epoch), ...entry };
}

/** Each figure is the largest so far, and the largest counts: repeating and reordering change nothing. */
export async function insertAccounting(engine: Pick<Engine, 'insertObjects'>, entries: readonly HostAccountingEntry[]): Promise<void> {
  for (const part of insertable(entries, ({ minute_ms }) => minute_ms)) {
    await engine.insertObjects('accounting', part.map(asStored));
  }
}

/** The largest count of a batch and outcome is the one that counts: `lost` keeps it. */
export async function insertLost(engine: Pick<Engine, 'insertObjects'>, entries: readonly LostRows[]): Promise<void> {
  if (entries.length > 0) await engine.insertObjects('lost', entries.map(asStored));
}
