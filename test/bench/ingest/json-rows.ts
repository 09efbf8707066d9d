// The same rows as most would send them: decoded, and inserted as JSONEachRow into the same tables of the same engine. What favours this side: it has no network, no check, no log, no flush and no acknowledgement.
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { zstdDecompressSync } from 'node:zlib';
import { KINDS, type Kind } from '../../../bpf/rows/rows.gen.ts';
import { openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import { migrate } from '../../../server/storage/migrations.ts';
import { type Batch, rowsOf } from '../recorded-rows.ts';

export type JsonRows = { rows: number; rows_per_s: number; rows_per_s_per_core: number };

/** Objects an insert: larger ones are slower, not faster. */
const BLOCK = 20_000;

export async function jsonEachRow(directory: string, batches: readonly Batch[]): Promise<JsonRows> {
  const path = mkdtempSync(join(directory, 'json-'));
  const engine = await openEmbeddedEngine({ path });
  try {
    await migrate(engine);
    const rows = rowsOf(batches);
    const raw = [...Map.groupBy(batches, ({ kind }) => kind)].map(
      ([kind, list]) => [kind, Buffer.concat(list.map(({ body }) => zstdDecompressSync(body)))] as const,
    );
    const cpu = process.cpuUsage();
    const began = performance.now();
    for (const [kind, bytes] of raw) {
      const block = BLOCK * KINDS[kind].size;
      for (let at = 0; at < bytes.length; at += block)
        await engine.insertObjects(kind, decode(kind, bytes.subarray(at, at + block), at / KINDS[kind].size));
    }
    const seconds = (performance.now() - began) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const counts = raw.map(([kind]) => `(SELECT count() FROM ${kind})`).join(' + ');
    const [stored] = await engine.query<{ rows: number }>(`SELECT ${counts} AS rows`);
    if (Number(stored?.rows) !== rows) throw new Error(`the engine took ${stored?.rows} of ${rows} rows as JSON`);
    return { rows, rows_per_s: rows / seconds, rows_per_s_per_core: (rows * 1e6) / (user + system) };
  } finally {
    await engine.close();
    rmSync(path, { recursive: true, force: true });
  }
}

/** @param first place of the first row: what makes a row one */
function decode(kind: Kind, bytes: Buffer, first: number): object[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / KINDS[kind].size }, (_, index) => {
    const { kind: _kind, ...row } = KINDS[kind].read(view, index * KINDS[kind].size);
    const values = Object.entries({ ...row, batch_row: first + index });
    return Object.fromEntries(values.map(([name, value]) => [name, jsonOf(name, value)]));
  });
}

/** As ClickHouse reads them from JSON. */
function jsonOf(name: string, value: unknown): unknown {
  if (typeof value === 'bigint')
    return name === 'time_ns' ? `${value / 1_000_000_000n}.${String(value % 1_000_000_000n).padStart(9, '0')}` : String(value);
  return name.endsWith('_addr') && typeof value === 'string' && !value.includes(':') ? `::ffff:${value}` : value;
}
