// An upgrade over a database that an earlier version filled: what was stored stays, what is new begins.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Kind } from '../../../bpf/rows.gen.ts';
import { openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import { insertReport } from '../../../server/storage/entities.ts';
import { MIGRATIONS, migrate } from '../../../server/storage/migrations.ts';
import type { Engine, Segment } from '../../../server/storage/store.ts';
import { type RowValues, rowBytes } from '../../support/row-bytes.ts';
import { report } from './report.ts';

const NOW_MS = Date.now();
const ago = (seconds: number) => BigInt(NOW_MS - seconds * 1000) * 1_000_000n;
const directory = mkdtempSync(join(tmpdir(), 'tcplens-upgrade-'));
let engine: Engine;

/** What version 1 of the tables held: rows, what they were rolled up to, and an account. */
async function fillVersion1(): Promise<void> {
  const tables = readFileSync(join(import.meta.dirname, 'version-1.sql'), 'utf8').split(/;\n(?:\n|$)/);
  const statements = MIGRATIONS.slice(0, 2).flatMap((migration) => migration.statements);
  for (const sql of [...tables.filter((text) => text.trim() !== ''), ...statements]) await engine.command(engine.place(sql));
  await engine.command(
    'CREATE TABLE migration (number UInt32, name String, checksum String, applied_at DateTime64(3) DEFAULT now64(3)) ENGINE = ReplacingMergeTree ORDER BY number',
  );
  await engine.command(
    "INSERT INTO migration (number, name, checksum) VALUES (1, 'entities', '0053f2abed56420e'), (2, 'rollup_1m', '263dcd21ea865c73')",
  );
  const columns =
    'time_ns, host_id, connection_id, comm, role, owner, local_port, peer_port, event, end_reason, total_retrans, unattributed';
  await engine.command(
    `INSERT INTO connection (${columns}) VALUES (fromUnixTimestamp64Nano(toInt64(${ago(300)}), 'UTC'), 1, 7, 'nginx', 'server', 'file_table', 443, 5000, 'close', 'rst_sent', 9, 2)`,
  );
  await engine.command(
    `INSERT INTO account_history (host_id, epoch, kind, at, seen, sent, ring_lost) VALUES (1, 170, 'sample', fromUnixTimestamp64Milli(toInt64(${NOW_MS - 60_000})), 100, 90, 10)`,
  );
}

async function insert(kind: Kind, rows: readonly RowValues[]): Promise<Segment> {
  const path = join(directory, `${kind}.rows`);
  writeFileSync(path, Buffer.concat(rows.map((row) => rowBytes(kind, { time_ns: ago(60), host_id: 1, ...row }))));
  const segment = { kind, path, rows: rows.length, token: `upgrade/${kind}` };
  await engine.insertSegment(segment);
  return segment;
}

beforeAll(async () => {
  engine = await openEmbeddedEngine({ path: join(directory, 'engine') });
  await fillVersion1();
  await migrate(engine);
}, 60_000);
afterAll(async () => {
  await engine.close();
  rmSync(directory, { recursive: true });
});

test('rows, rollup and account are as they were; what they did not know is 0', async () => {
  expect(
    await engine.query(
      'SELECT comm, owner, end_reason, total_retrans, unattributed, uid, retrans_spurious, congestion_control FROM connection',
    ),
  ).toEqual([
    {
      comm: 'nginx',
      owner: 'file_table',
      end_reason: 'rst_sent',
      total_retrans: 9,
      unattributed: 2,
      uid: 0,
      retrans_spurious: 0,
      congestion_control: '',
    },
  ]);
  expect(await engine.query('SELECT comm, service_port, closed, resets, unattributed, dropped FROM rollup_1m')).toEqual([
    { comm: 'nginx', service_port: 443, closed: 1, resets: 1, unattributed: 0, dropped: 0 },
  ]);
  expect(await engine.query('SELECT seen, sent, ring_lost, withheld FROM account FINAL')).toEqual([
    { seen: 100, sent: 90, ring_lost: 10, withheld: 0 },
  ]);
});

test('rows that come in afterwards fill the new columns, each once', async () => {
  const connection = { connection_id: 8, comm: 'curl', role: 1, owner: 4, peer_port: 443, event: 1, retrans_spurious: 3, unattributed: 1 };
  const segments = [
    await insert('connection', [connection]),
    await insert('reset', [{ direction: 1 }, { direction: 2 }]),
    await insert('drop', [{ reason: 'netfilter_drop', location: 'nft_do_chain' }]),
    await insert('listener', [{ state: 10, local_port: 80, drops: 4, accepted: 6 }]),
    await insert('namespace', [{ listen_overflows: 5, to_zero_window: 2, retrans_segs: 30, unattributed: 7 }]),
  ];
  const sums = [
    'closed',
    'spurious',
    'unattributed',
    'resets_sent',
    'resets_received',
    'dropped',
    'accepted',
    'listener_drops',
    'listen_overflows',
    'zero_windows',
    'host_retrans',
    'host_unattributed',
    'namespace_rows',
  ];
  const rolledUp = () => engine.query(`SELECT ${sums.map((name) => `sum(${name}) AS ${name}`).join(', ')} FROM rollup_1m`);
  const expected = {
    closed: 2,
    spurious: 3,
    unattributed: 1,
    resets_sent: 1,
    resets_received: 1,
    dropped: 1,
    accepted: 6,
    listener_drops: 4,
    listen_overflows: 5,
    zero_windows: 2,
    host_retrans: 30,
    host_unattributed: 7,
    namespace_rows: 1,
  };
  expect(await rolledUp()).toEqual([expected]);
  for (const segment of segments) await engine.insertSegment(segment);
  expect(await rolledUp()).toEqual([expected]);
  expect(await engine.query("SELECT owner FROM connection WHERE comm = 'curl'")).toEqual([{ owner: 'io' }]);
  expect(await engine.query('SELECT reason, location FROM drop')).toEqual([{ reason: 'netfilter_drop', location: 'nft_do_chain' }]);
  expect(await engine.query('SELECT service_port FROM rollup_1m WHERE listener_rows = 1')).toEqual([{ service_port: 80 }]);
});

test('a later report tells what was withheld', async () => {
  const account = { seen: 200, sent: 150, queued: 0, ring_lost: 10, withheld: 40, queue_dropped: 0, rejected: 0 };
  await insertReport(engine, report({ accounts: { sample: account } }));
  expect(await engine.query('SELECT seen, withheld FROM account FINAL')).toEqual([{ seen: 200, withheld: 40 }]);
});

test('a second start changes nothing, and a retry of what came before it is still one', async () => {
  const segment = await insert('sample', [{ data_segs_out: 10 }]);
  await engine.close();
  engine = await openEmbeddedEngine({ path: join(directory, 'engine') });
  await migrate(engine);
  await engine.insertSegment(segment);
  expect(await engine.query('SELECT sum(data_segs_out) AS n FROM rollup_1m')).toEqual([{ n: 10 }]);
});
