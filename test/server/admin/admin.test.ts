// `tcplens admin` as a process: on a directory that nobody uses, and beside a collector that does.
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Migrations, Retention } from '../../../server/api/admin.ts';
import { openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import { migrate } from '../../../server/storage/migrations.ts';
import { startCollector, type TestCollector, testDirectory } from '../support/collector.ts';
import { admin, parsed } from './admin-command.ts';

const directory = mkdtempSync(join(tmpdir(), 'tcplens-admin-'));
const data = join(directory, 'data');

beforeAll(async () => {
  const engine = await openEmbeddedEngine({ path: join(data, 'engine') });
  await migrate(engine, []);
  await engine.close();
});
afterAll(() => rmSync(directory, { recursive: true }));

test('migrations: what is pending is told by the exit code, and applied when asked', async () => {
  const before = await admin('migrations', '--data', data);
  expect(before).toMatchObject({ code: 3, stderr: '' });
  expect(before.stdout).toMatch(/^ *1 {2}tables +[0-9a-f]{16} {2}pending$/m);
  const applied = await admin('migrations', '--apply', '--json', '--data', data);
  expect(applied).toMatchObject({ code: 0, stderr: '' });
  expect(parsed<Migrations>(applied).migrations.every(({ state }) => state === 'applied')).toBe(true);
  const after = await admin('migrations', '--data', data);
  expect(after.stdout).toMatch(/^ *1 {2}tables +[0-9a-f]{16} {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/m);
});

test('retention: shown and changed', async () => {
  const shown = await admin('--data', data, 'retention');
  expect(shown).toMatchObject({ code: 0, stderr: '' });
  expect(shown.stdout).toMatch(/^rollup_1m +rollup_1m +0 +0 B {2}- +90 days$/m);
  const changed = parsed<Retention>(await admin('retention', 'set', 'rows', '7', '--json', '--data', data));
  expect(new Set(changed.tables.filter((table) => table.class === 'rows').map(({ days }) => days))).toEqual(new Set([7]));
  expect(changed.tables.find(({ table }) => table === 'rollup_1h')?.days).toBe(400);
  expect(shown.stdout).toMatch(/^audit +audit +0 +0 B {2}- +400 days$/m);
  expect((await admin('retention', 'set', 'audit', '90', '--data', data)).stdout).toMatch(/^audit +audit .* 90 days$/m);
});

test.each<[string[], number, RegExp]>([
  [['retention', 'set', 'rows', '0'], 2, /whole number of days/],
  [['retention', 'set', 'everything', '7'], 2, /Allowed choices are rows/],
  [['retention', '--data', '/nonexistent'], 1, /\/nonexistent has no tables: name the collector's --data/],
  [['link', '--data', '/nonexistent'], 1, /no collector runs on \/nonexistent: start one with tcplens serve/],
  [['link', '--data', data], 1, /no collector runs on/],
  [['retention', '--clickhouse', 'ftp://x'], 2, /"ftp:\/\/x" is not a URL/],
  [['migrations', '--clickhouse', 'http://127.0.0.1:1'], 1, /No ClickHouse answers at 127\.0\.0\.1:1/],
])('%j exits with %i and says why', async (args, code, says) => {
  const { stderr, ...ended } = await admin(...args);
  expect(ended).toEqual({ code, signal: null, stdout: '' });
  expect(stderr).toMatch(says);
});

test('beside a collector that holds the directory, the collector answers', async () => {
  const place = await testDirectory();
  let collector: TestCollector | undefined;
  try {
    const held = join(place.path, 'data');
    collector = await startCollector(held, {}, place.path);
    const migrations = await admin('migrations', '--data', held, '--json');
    expect(migrations).toMatchObject({ code: 0, stderr: '' });
    expect(new Set(parsed<Migrations>(migrations).migrations.map(({ state }) => state))).toEqual(new Set(['applied']));
    const changed = await admin('retention', 'set', 'accounting', '33', '--data', held);
    expect(changed.stdout).toMatch(/^stored +accounting .* 33 days$/m);
    const token = (await readFile(join(held, 'token'), 'utf8')).trim();
    const headers = { authorization: `Bearer ${token}` };
    const refused = await fetch(`${collector.url}/api/v1/admin/retention`, { method: 'POST', headers, body: 'class=rows&days=1' });
    expect(refused.status).toBe(415);
    const link = await admin('link', '--data', held);
    expect(link).toMatchObject({ code: 0, stderr: '' });
    const [, url = ''] = /^tcplens: open once.*: (http:\S+)$/m.exec(link.stdout) ?? [];
    expect((await fetch(url, { redirect: 'manual' })).status).toBe(303);
    const elsewhere = join(place.path, 'elsewhere');
    await rename(join(held, 'token'), elsewhere);
    const lacks = await admin('retention', '--data', held);
    expect(lacks).toMatchObject({ code: 1, stderr: expect.stringMatching(/token \(ENOENT.*run this as the user of the collector/) });
    expect(await admin('retention', '--data', held, '--token-file', elsewhere)).toMatchObject({ code: 0, stderr: '' });
  } finally {
    await collector?.stop();
    await place.remove();
  }
});
