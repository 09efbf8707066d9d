// A month of many hosts in a collector's tables, made inside the engine from one copy of the recordings: the copies differ in
// time, host, connection, process, port and peer. Made once and kept, as long as its days are not about to expire.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KIND, KINDS, type Kind } from '../../../bpf/rows/rows.gen.ts';
import { quote, rawStructure, storedColumns } from '../../../server/storage/columns.ts';
import { openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import type { Engine } from '../../../server/storage/engine.ts';
import { IDENTITY } from '../../../server/storage/identity.ts';
import { MIGRATIONS, migrate } from '../../../server/storage/migrations.ts';
import { createRowTable } from '../../../server/storage/row-tables.ts';
import { upkeepOf } from '../../../server/storage/upkeep.ts';
import { hostOf, placed, type Recorded } from '../recorded-rows.ts';

export type Filled = { data: string; from_ms: number; to_ms: number; rows: number; hosts: number; made_s: number };
export type Month = { rows: number; hosts: number; days: number };

/** The oldest day expires a day after it was made; a store that is older than this is made anew. */
const KEPT_MS = 18 * 3_600_000;
const DAY_MS = 86_400_000;
/** Rows of one statement, all kinds: bounds the engine's memory. */
const ROWS_A_STEP = 4_000_000;
const MERGES_S_MAX = 120;
const REPORT_MS = 10_000;

/** Of a host that is watched for long there are more sweeps' rows than the recordings' few seconds have: so many for each recorded one. */
const SWEEPS: Partial<Record<Kind, number>> = { sample: 12, listener: 3 };
const SWEEP_NS = 10_000_000_000n;

/** @param say hears what is being done, a line each */
export async function filled(
  directory: string,
  recordings: readonly Recorded[],
  month: Month,
  say: (line: string) => void,
): Promise<Filled> {
  const shape = createHash('sha256')
    .update(JSON.stringify([month, SWEEPS, MIGRATIONS, KIND.map(createRowTable)]))
    .digest('hex')
    .slice(0, 12);
  const data = join(directory, `query-${month.rows}-${shape}`);
  const note = join(data, 'made.json');
  if (existsSync(note)) {
    const found = JSON.parse(readFileSync(note, 'utf8')) as Filled;
    if (Date.now() - found.to_ms < KEPT_MS) return { ...found, data };
  }
  // Of other shapes, or too old.
  for (const name of readdirSync(directory).filter((each) => each.startsWith(`query-${month.rows}-`)))
    rmSync(join(directory, name), { recursive: true });
  mkdirSync(data, { recursive: true });
  const began_ms = performance.now();
  const engine = await openEmbeddedEngine({ path: join(data, 'engine') });
  try {
    await migrate(engine);
    const made = await fill(engine, recordings, month, data, say);
    await tidy(engine, say);
    const filled = { ...made, data, made_s: Math.round((performance.now() - began_ms) / 1000) };
    writeFileSync(note, JSON.stringify(filled));
    return filled;
  } finally {
    await engine.close();
  }
}

/** One copy of all recordings, `first_ns` of each at 0, in a table a kind beside the kind's own. */
async function seed(engine: Engine, recordings: readonly Recorded[], data: string): Promise<number> {
  let rows = 0;
  for (const kind of KIND) {
    await engine.command(
      `CREATE TABLE seed_${kind} (recording UInt8, seed_row UInt32, ${storedColumns(kind)
        .map(({ name, type }) => `${name} ${type}`)
        .join(', ')}) ENGINE = Memory`,
    );
    for (const [index, recorded] of recordings.entries()) {
      const sweeps = Array.from({ length: SWEEPS[kind] ?? 1 }, (_, sweep) => BigInt(sweep) * SWEEP_NS);
      const place = { host_id: 0n, copy: 0 };
      const frames = recorded.frames.filter((frame) => frame.kind === kind);
      const bytes = Buffer.concat(sweeps.flatMap((start_ns) => frames.map((frame) => placed(frame, recorded, { ...place, start_ns }))));
      if (bytes.length === 0) continue;
      const file = join(data, 'seed.rows');
      writeFileSync(file, bytes);
      const selects = storedColumns(kind).map(({ select }) => select);
      await engine.command(
        `INSERT INTO seed_${kind} SELECT ${[index, 'rowNumberInAllBlocks()', ...selects].join(', ')} FROM file(${quote(file)}, RowBinary, ${quote(rawStructure(kind))})`,
      );
      rmSync(file);
      rows += bytes.length / KINDS[kind].size;
    }
  }
  return rows;
}

async function fill(
  engine: Engine,
  recordings: readonly Recorded[],
  { rows, hosts, days }: Month,
  data: string,
  say: (line: string) => void,
) {
  const once = await seed(engine, recordings, data);
  const copies = Math.ceil(rows / once);
  const to_ms = Math.floor(Date.now() / 60_000) * 60_000;
  const from_ms = to_ms - days * DAY_MS + 2 * 3_600_000;
  const period_ns = BigInt(Math.floor(((to_ms - from_ms) * 1e6) / Math.ceil(copies / hosts)));
  const spread = { from_ns: BigInt(from_ms) * 1_000_000n, period_ns, apart_ns: period_ns / BigInt(recordings.length), hosts };
  const step = Math.max(hosts, Math.ceil(ROWS_A_STEP / once));
  for (let first = 0; first < copies; first += step) {
    const count = Math.min(step, copies - first);
    for (const kind of KIND) await engine.command(copyStatement(kind, spread, first, count));
    say(`${Math.round(((first + count) * once) / 1e6)} of ${Math.round(rows / 1e6)} million rows`);
  }
  for (const kind of KIND) await engine.command(`DROP TABLE seed_${kind} SYNC`);
  await upkeepOf(engine).makeMinutes(to_ms);
  for (const statement of reportStatements(hosts, from_ms, to_ms)) await engine.command(statement);
  return { from_ms, to_ms, rows: copies * once, hosts };
}

type Spread = { from_ns: bigint; period_ns: bigint; apart_ns: bigint; hosts: number };

/** As `placed` moves rows, in SQL; peers lie in sixteen networks of four hosts each. */
function copyStatement(kind: Kind, { from_ns, period_ns, apart_ns, hosts }: Spread, first: number, count: number): string {
  const another = (id: string) => `if(${id} = 0, 0, ${id} + bitShiftLeft(toUInt64(copy + 1), 32))`;
  const port = (name: string) => `if(${name} < 32768, ${name}, toUInt16(32768 + (${name} - 32768 + copy * 7919) % 28000))`;
  const moved: Partial<Record<string, string>> = {
    // As if each copy of a recording were a batch of its own.
    epoch: 'toUInt64(copy)',
    sequence: 'toUInt64(recording + 1)',
    batch_row: 'seed_row',
    time_ns: `fromUnixTimestamp64Nano(toInt64(${from_ns} + intDiv(copy, ${hosts}) * ${period_ns} + (copy % ${hosts}) * ${period_ns / BigInt(hosts)} + recording * ${apart_ns}) + toUnixTimestamp64Nano(time_ns), 'UTC')`,
    host_id: `toUInt64(${hostOf(0)} + (copy % ${hosts}) * ${hostOf(1) - hostOf(0)})`,
    connection_id: another('connection_id'),
    listener_id: another('listener_id'),
    local_port: port('local_port'),
    peer_port: port('peer_port'),
    pid: 'if(pid = 0, 0, toUInt32(pid + (copy % 4000) * 16))',
    peer_addr: `CAST(CAST(peer_addr AS UInt128) + (intDiv(copy, ${hosts}) % 16) * 256 + intDiv(copy, 16) % 4 AS IPv6)`,
  };
  const columns = [...storedColumns(kind), ...IDENTITY].map(({ name }) => name);
  return `INSERT INTO ${kind} (${columns.join(', ')})
SETTINGS async_insert = 0, insert_deduplicate = 0, max_partitions_per_insert_block = 0, max_threads = 2
SELECT ${columns.map((name) => `${moved[name] ?? name} AS moved_${name}`).join(', ')}
FROM seed_${kind} CROSS JOIN (SELECT number AS copy FROM numbers(${first}, ${count})) AS copies`;
}

/** What the hosts' agents have said meanwhile: who they are, that they are there, every ten seconds, and what they saw and sent. */
function reportStatements(hosts: number, from_ms: number, to_ms: number): string[] {
  const host = (index: string) => `toUInt64(${hostOf(0)} + (${index}) * ${hostOf(1) - hostOf(0)})`;
  const reports = Math.floor((to_ms - from_ms) / REPORT_MS);
  const settings = 'SETTINGS async_insert = 0, insert_deduplicate = 0, max_partitions_per_insert_block = 0';
  return [
    `INSERT INTO host (host_id, epoch, at, name, machine, kernel, agent_version, hooks) ${settings}
SELECT ${host('number')}, 1, fromUnixTimestamp64Milli(toInt64(${to_ms}), 'UTC'), concat('host-', toString(number)), 'x86_64', '6.18', 'bench', [] FROM numbers(${hosts})`,
    `INSERT INTO report (host_id, epoch, at, interval_ms) ${settings}
SELECT ${host(`number % ${hosts}`)}, 1, fromUnixTimestamp64Milli(toInt64(${from_ms} + intDiv(number, ${hosts}) * ${REPORT_MS}), 'UTC'), ${REPORT_MS} FROM numbers(${reports * hosts})`,
    `INSERT INTO accounting (minute, host_id, epoch, kind, outcome, rows) ${settings}
SELECT minute, s.host_id, 1, s.kind, arrayJoin(['seen', 'sent']), sum(s.rows) FROM stored AS s FINAL GROUP BY minute, s.host_id, s.kind`,
  ];
}

/** Waits for the merges, then makes hours and days. */
async function tidy(engine: Engine, say: (line: string) => void): Promise<void> {
  say('merging, then hours and days');
  for (let second = 0; second < MERGES_S_MAX; second++) {
    const [found] = await engine.query<{ merges: number }>('SELECT count() AS merges FROM system.merges');
    if (second > 2 && Number(found?.merges) === 0) break;
    await sleep(1000);
  }
  await upkeepOf(engine).refresh(Date.now());
}
