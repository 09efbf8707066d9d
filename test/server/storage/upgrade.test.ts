// An upgrade over a database that an earlier version filled: what was stored stays, what is new begins.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Kind } from '../../../bpf/rows/rows.gen.ts';
import { openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import { insertReports } from '../../../server/storage/entities.ts';
import { MIGRATIONS, migrate } from '../../../server/storage/migrations.ts';
import type { Engine, Segment } from '../../../server/storage/store.ts';
import { TierRefresh } from '../../../server/storage/tier-refresh.ts';
import { type RowValues, rowBytes } from '../../support/row-bytes.ts';
import { report, toldOf } from './report.ts';

const NOW_MS = Date.now();
const ago = (seconds: number) => BigInt(NOW_MS - seconds * 1000) * 1_000_000n;
const minuteAgo = (seconds: number) => Math.floor((NOW_MS / 1000 - seconds) / 60) * 60;

/** An empty database as each earlier version made it. */
const MADE_BY = {
  1: async (engine: Engine) => {
    const tables = readFileSync(join(import.meta.dirname, 'version-1.sql'), 'utf8').split(/;\n(?:\n|$)/);
    const statements = MIGRATIONS.slice(0, 2).flatMap((migration) => migration.statements);
    for (const sql of [...tables.filter((text) => text.trim() !== ''), ...statements]) await engine.define(sql);
    await engine.define(
      'CREATE TABLE migration (number UInt32, name String, checksum String, applied_at DateTime64(3) DEFAULT now64(3)) ENGINE = ReplacingMergeTree ORDER BY number',
    );
    await engine.command(
      "INSERT INTO migration (number, name, checksum) VALUES (1, 'entities', '0053f2abed56420e'), (2, 'rollup_1m', '263dcd21ea865c73')",
    );
  },
  3: (engine: Engine) => migrate(engine, MIGRATIONS.slice(0, 3)),
} as const satisfies Record<number, (engine: Engine) => Promise<void>>;

/** What the rollup of each knew of the row's unattributed segments. */
const SEEN_BEFORE = { 1: 0, 3: 2 } as const;

/** A row, and accounts of two runs: one told twice; of one that is long over only the newest figures are left. */
async function fill(engine: Engine): Promise<void> {
  const columns =
    'time_ns, host_id, connection_id, comm, role, owner, local_port, peer_port, event, end_reason, total_retrans, unattributed';
  await engine.command(
    `INSERT INTO connection (${columns}) VALUES (fromUnixTimestamp64Nano(toInt64(${ago(300)}), 'UTC'), 1, 7, 'nginx', 'server', 'file_table', 443, 5000, 'close', 'rst_sent', 9, 2)`,
  );
  for (const [name, segments] of [
    ['fast', 6],
    ['tlp', 2],
    ['syn', 1],
  ]) {
    await engine.command(
      `INSERT INTO retransmit (time_ns, host_id, connection_id, comm, role, class, segments) VALUES (fromUnixTimestamp64Nano(toInt64(${ago(300)}), 'UTC'), 1, 9, 'lossy', 'client', '${name}', ${segments})`,
    );
  }
  const at = (seconds: number) => `fromUnixTimestamp64Milli(toInt64(${NOW_MS - seconds * 1000}))`;
  const account = '(host_id, epoch, kind, at, seen, sent, queued, ring_lost, rejected)';
  await engine.command(
    `INSERT INTO account_history ${account} VALUES (1, 170, 'sample', ${at(180)}, 60, 50, 5, 5, 0), (1, 170, 'sample', ${at(60)}, 100, 90, 0, 10, 0)`,
  );
  await engine.command(`INSERT INTO account ${account} VALUES (1, 100, 'sample', ${at(60 * 86_400)}, 1000, 990, 0, 7, 3)`);
}

describe.each([1, 3] as const)('from version %i', (version) => {
  const directory = mkdtempSync(join(tmpdir(), 'tcplens-upgrade-'));
  let engine: Engine;

  async function insert(kind: Kind, rows: readonly RowValues[]): Promise<Segment> {
    const path = join(directory, `${kind}.rows`);
    writeFileSync(path, Buffer.concat(rows.map((row) => rowBytes(kind, { time_ns: ago(60), host_id: 1, ...row }))));
    const segment = { kind, path, rows: rows.length, token: `upgrade/${kind}`, batches: [] };
    await engine.insertSegment(segment);
    return segment;
  }

  beforeAll(async () => {
    engine = await openEmbeddedEngine({ path: join(directory, 'engine') });
    await MADE_BY[version](engine);
    await fill(engine);
    await migrate(engine);
  });
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
    expect(
      await engine.query(
        "SELECT comm, service_port, closed, resets, unattributed, dropped, rolled_rows FROM rollup_1m WHERE comm = 'nginx'",
      ),
    ).toEqual([{ comm: 'nginx', service_port: 443, closed: 1, resets: 1, unattributed: SEEN_BEFORE[version], dropped: 0, rolled_rows: 0 }]);
    expect(await engine.query('SELECT host_id, kind, sum(rows) AS rows FROM stored GROUP BY host_id, kind ORDER BY kind')).toEqual([
      { host_id: 1, kind: 'connection', rows: 1 },
      { host_id: 1, kind: 'retransmit', rows: 3 },
    ]);
  });

  test('what was lost before is judged by its classes, and does not read as nothing', async () => {
    const lost = () =>
      engine.query(
        "SELECT sum(retrans_data) AS data, sum(retrans_fast + retrans_tlp + retrans_syn) AS all FROM rollup_1m WHERE comm = 'lossy'",
      );
    await expect.poll(lost, { timeout: 20_000 }).toEqual([{ data: 6, all: 9 }]);
  });

  test('accounts since an agent’s start are what it told a minute; their sums are as they were', async () => {
    const sums = await engine.query(
      'SELECT epoch, kind, outcome, sum(rows) AS rows FROM accounting FINAL GROUP BY epoch, kind, outcome ORDER BY epoch, outcome',
    );
    const told = (epoch: number, outcome: string, rows: number) => ({ epoch, kind: 'sample', outcome, rows });
    expect(sums).toEqual([
      told(100, 'rejected', 3),
      told(100, 'ring_lost', 7),
      told(100, 'seen', 1000),
      told(100, 'sent', 990),
      told(170, 'ring_lost', 10),
      told(170, 'seen', 100),
      told(170, 'sent', 90),
    ]);
    const seen = await engine.query(
      "SELECT toUnixTimestamp(minute) AS minute, rows FROM accounting FINAL WHERE epoch = 170 AND outcome = 'seen' ORDER BY minute",
    );
    expect(seen).toEqual([
      { minute: minuteAgo(180), rows: 60 },
      { minute: minuteAgo(60), rows: 40 },
    ]);
    expect(await engine.query('SELECT count() AS n FROM report WHERE epoch = 170')).toEqual([{ n: 2 }]);
    const hours = await engine.query('SELECT DISTINCT toStartOfHour(at) AS hour, host_id FROM report ORDER BY hour, host_id');
    expect(await engine.query('SELECT hour, host_id FROM report_1h FINAL ORDER BY hour, host_id')).toEqual(hours);
    expect(
      await engine.query("SELECT name FROM system.tables WHERE name LIKE 'account%' AND database = currentDatabase() ORDER BY name"),
    ).toEqual([{ name: 'accounting' }, { name: 'accounting_1h' }]);
  });

  test('rows that come in afterwards fill the new columns, each once', async () => {
    const connection = {
      connection_id: 8,
      comm: 'curl',
      role: 1,
      owner: 4,
      peer_port: 443,
      event: 1,
      retrans_data_rest: 4,
      retrans_spurious_rest: 3,
      turn_max_us: 70,
      unattributed: 1,
    };
    const segments = [
      await insert('connection', [connection]),
      await insert('reset', [{ direction: 1 }, { direction: 2 }]),
      await insert('drop', [{ reason: 'netfilter_drop', location: 'nft_do_chain' }]),
      await insert('listener', [{ state: 10, local_port: 80, overflows: 3, drops: 4, accepted: 6 }]),
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
      'listener_overflows',
      'listener_drops',
      'listen_overflows',
      'zero_windows',
      'host_retrans',
      'host_unattributed',
      'namespace_rows',
    ];
    const rolledUp = () =>
      engine.query(`SELECT ${sums.map((name) => `sum(${name}) AS ${name}`).join(', ')}, max(turn_max_us) AS turn_max_us FROM rollup_1m`);
    const expected = {
      closed: 2,
      spurious: 3,
      unattributed: SEEN_BEFORE[version] + 1,
      resets_sent: 1,
      resets_received: 1,
      dropped: 1,
      accepted: 6,
      listener_overflows: 3,
      listener_drops: 4,
      listen_overflows: 5,
      zero_windows: 2,
      host_retrans: 30,
      host_unattributed: 7,
      namespace_rows: 1,
      turn_max_us: 70,
    };
    expect(await rolledUp()).toEqual([expected]);
    for (const segment of segments) await engine.insertSegment(segment);
    expect(await rolledUp()).toEqual([expected]);
    expect(await engine.query("SELECT owner FROM connection WHERE comm = 'curl'")).toEqual([{ owner: 'io' }]);
    expect(await engine.query('SELECT reason, location FROM drop')).toEqual([{ reason: 'netfilter_drop', location: 'nft_do_chain' }]);
    expect(await engine.query('SELECT service_port FROM rollup_1m WHERE listener_rows = 1')).toEqual([{ service_port: 80 }]);
  });

  test('a later report adds to what was carried over', async () => {
    await insertReports(engine, [report({ accounting: toldOf('sample', { seen: 200, withheld: 40 }) })]);
    expect(await engine.query("SELECT sum(rows) AS seen FROM accounting FINAL WHERE outcome = 'seen'")).toEqual([{ seen: 1300 }]);
  });

  test('hours are made of minutes from before and after', async () => {
    await new TierRefresh(engine).run(NOW_MS + 2 * 3_600_000);
    const sums = 'SELECT sum(closed) AS closed, sum(rolled_rows) AS rows, sum(host_retrans) AS host_retrans FROM';
    expect(await engine.query(`${sums} rollup_1h`)).toEqual(await engine.query(`${sums} rollup_1m`));
    expect(await engine.query(`${sums} rollup_1h`)).toEqual([{ closed: 2, rows: 6, host_retrans: 30 }]);
  });

  test('a second start changes nothing, and a retry of what came before it is still one', async () => {
    const segment = await insert('sample', [{ data_segs_out: 10 }]);
    await engine.close();
    engine = await openEmbeddedEngine({ path: join(directory, 'engine') });
    await migrate(engine);
    await engine.insertSegment(segment);
    expect(await engine.query('SELECT sum(data_segs_out) AS n FROM rollup_1m')).toEqual([{ n: 10 }]);
  });
});
