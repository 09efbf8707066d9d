// All that is stored of a host goes, whatever table it is in, and nothing of another.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KIND } from '../../../bpf/rows/rows.gen.ts';
import { onCluster } from '../../../server/storage/cluster.ts';
import { openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import type { Engine } from '../../../server/storage/engine.ts';
import { storeOn } from '../../../server/storage/engine-store.ts';
import { HOST_TABLES } from '../../../server/storage/host-removal.ts';
import type { Store } from '../../../server/storage/store.ts';
import { rowBytes } from '../../support/row-bytes.ts';
import { segmentBytes } from '../../support/segment-bytes.ts';
import { waitFor } from '../../support/wait.ts';
import { report } from '../support/agent.ts';
import { type TestDirectory, testDirectory } from '../support/collector.ts';

const HOUR_MS = 3_600_000;
const GONE = 7n;
const STAYS = 8n;
const hex = (id: bigint) => id.toString(16).padStart(16, '0');

let directory: TestDirectory;
let engine: Engine;
let store: Store;
const defined: string[] = [];
beforeAll(async () => {
  directory = await testDirectory();
  const real = await openEmbeddedEngine({ path: join(directory.path, 'engine') });
  engine = {
    ...real,
    define: async (statement) => {
      defined.push(statement);
      await real.define(statement);
    },
  };
  store = storeOn(engine);
  await store.migrate();
  for (const host_id of [GONE, STAYS]) await fill(host_id);
  await store.upkeep.makeMinutes(Date.now());
  await store.upkeep.refresh(Date.now());
});
afterAll(async () => {
  await store.close();
  await directory.remove();
});

/** Rows of every kind, two days old, so that there are minutes, hours and days of them; and a report. */
async function fill(host_id: bigint): Promise<void> {
  const time_ns = BigInt(Date.now() - 48 * HOUR_MS) * 1_000_000n;
  for (const kind of KIND) {
    const path = join(directory.path, `${kind}-${host_id}.rows`);
    writeFileSync(path, segmentBytes([rowBytes(kind, { time_ns, host_id, connection_id: 1 })], { epoch: hex(1n), sequence: 1 }));
    const segment = { kind, path, rows: 1 };
    await store.insertSegment(segment);
    await store.noteLate([segment]);
  }
  const minute_ms = Math.floor(Date.now() / 60_000) * 60_000 - 48 * HOUR_MS;
  await store.insertReports([
    report({
      host_id: hex(host_id),
      processes: [{ pid: 1, started_at_ms: 1000, name: 'init', command: 'init', cgroup_id: '1' }],
      cgroups: [{ cgroup_id: '1', path: '/', container_id: '', unit: 'x.service' }],
      netns: [{ netns: '1', inode: 1, name: 'blue' }],
      accounting: [{ epoch: hex(1n), minute_ms, kind: 'sample', outcome: 'seen', rows: 1 }],
    }),
  ]);
  await store.insertLost([
    {
      host_id: hex(host_id),
      epoch: hex(1n),
      minute_ms,
      kind: 'sample',
      outcome: 'log_damaged',
      sequence: 1,
      reporter: '',
      rows: 1,
      sent_rows: 1,
    },
  ]);
}

const held = async (table: string, host_id: bigint) => {
  const [found] = await engine.query<{ n: number }>(
    `SELECT count() AS n FROM ${table} WHERE host_id = {host_id:UInt64}`,
    { host_id: String(host_id) },
    1,
  );
  return found?.n ?? 0;
};

/** An edge of the map is of the hosts at both its ends. */
const edges = async (host_id: bigint) => {
  const sql = 'SELECT count() AS n FROM map_1h WHERE {host_id:UInt64} IN (client_host, server_host)';
  const [found] = await engine.query<{ n: number }>(sql, { host_id: String(host_id) }, 1);
  return found?.n ?? 0;
};

test('every table that has hosts is named', async () => {
  const found = await engine.query<{ name: string }>(
    `SELECT t.name AS name FROM system.tables AS t INNER JOIN system.columns AS c ON c.table = t.name AND c.database = t.database
WHERE t.database = currentDatabase() AND c.name = 'host_id' AND t.engine LIKE '%MergeTree' ORDER BY name LIMIT 100`,
    {},
    100,
  );
  expect(found.map(({ name }) => name)).toEqual([...HOST_TABLES].sort());
});

test('rows, what was made of them, accounts and names are gone in the end, and those of another host are all there', async () => {
  const before = new Map<string, number>();
  for (const table of HOST_TABLES) before.set(table, await held(table, STAYS));
  for (const table of HOST_TABLES) expect([table, await held(table, GONE)]).toEqual([table, before.get(table)]);
  expect([...before].filter(([, rows]) => rows === 0)).toEqual([]);
  expect([await edges(GONE), await edges(STAYS)]).toEqual([1, 1]);
  defined.length = 0;
  await store.removeHost(String(GONE));
  for (const table of HOST_TABLES)
    await waitFor(
      `${table} without the host`,
      () => held(table, GONE),
      (rows) => rows === 0,
      50,
    );
  for (const table of HOST_TABLES) expect([table, await held(table, STAYS)]).toEqual([table, before.get(table)]);
  await waitFor(
    'the map without the host',
    () => edges(GONE),
    (found) => found === 0,
    50,
  );
  expect(await edges(STAYS)).toBe(1);
});

test('no row seems to be missing then, and a cluster knows each statement', async () => {
  expect((await store.upkeep.damage(Date.now())).missing_rows).toEqual([]);
  expect(defined).toHaveLength(HOST_TABLES.length + 1);
  for (const statement of defined)
    for (const one of onCluster(statement, 'fleet'))
      expect(one).toMatch(/^ALTER TABLE \w+ ON CLUSTER fleet DELETE WHERE (host_id|client_host) = 7\b/);
});

test('a host that comes back has its name again', async () => {
  await store.insertReports([report({ host_id: hex(GONE) })]);
  expect(await engine.query(`SELECT dictGet('host_name', 'name', tuple(toUInt64(7))) AS name`, {}, 1)).toEqual([{ name: 'web-1' }]);
});

test('an id that is no number is not written into a statement', async () => {
  await expect(store.removeHost('7 OR 1 = 1')).rejects.toThrow(SyntaxError);
});
