// `tcplens admin backup` beside a collector that takes rows, and `restore` of what it made: the rows and accounts of one moment, which add up,
// and go on to add up when agents send again what came after.
import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StoreCheck } from '../../../server/admin/check-store.ts';
import { lockSnapshot } from '../../../server/admin/snapshot.ts';
import { accounting } from '../../../server/storage/queries/accounts.ts';
import type { Store } from '../../../server/storage/store.ts';
import { EPOCH, nowNs, postBatch, postReport, report, rowsOf } from '../support/agent.ts';
import { countRows, startCollector, type TestDirectory, testDirectory, withStore } from '../support/collector.ts';
import { admin, parsed } from './admin-command.ts';

const ROWS = 200;
const NOW_MS = Date.now();
const MINUTE_MS = Math.floor(NOW_MS / 60_000) * 60_000;
const batch = (sequence: number) => rowsOf('sample', ROWS, (index) => ({ time_ns: nowNs(), connection_id: sequence, srtt_us: index }));

let directory: TestDirectory;
let data: string;
let backup: string;
/** As they were sent, by sequence less 1. */
const batches: Buffer[] = [];
let acknowledgedBefore = 0;

/** Sends a batch, then says so, as an agent does. */
async function send(url: string): Promise<void> {
  const rows = batch(batches.length + 1);
  batches.push(rows);
  expect((await postBatch(url, 'sample', batches.length, rows)).status).toBe(200);
  const told = (['seen', 'sent'] as const).map((outcome) => ({
    epoch: EPOCH,
    minute_ms: MINUTE_MS,
    kind: 'sample',
    outcome,
    rows: batches.length * ROWS,
  }));
  expect((await postReport(url, report({ accounting: told }))).status).toBe(200);
}
async function told(store: Store): Promise<{ seen: number; sent: number }> {
  const { hosts } = await accounting(store, { from: MINUTE_MS, to: MINUTE_MS + 60_000 }, 10, NOW_MS);
  return { seen: hosts[0]?.seen ?? 0, sent: hosts[0]?.sent ?? 0 };
}

beforeAll(async () => {
  directory = await testDirectory();
  data = join(directory.path, 'data');
  backup = join(directory.path, 'backup');
  const { url, stop } = await startCollector(data);
  for (let sent = 0; sent < 20; sent++) await send(url);
  acknowledgedBefore = batches.length;
  let made: Awaited<ReturnType<typeof admin>> | undefined;
  const making = admin('backup', backup, '--data', data).then((finished) => {
    made = finished;
  });
  while (made === undefined) await send(url);
  await making;
  await stop();
  expect(made).toMatchObject({ code: 0, stderr: '' });
});
afterAll(() => directory.remove());

test('what was acknowledged before is in it, what was not sent is not, and its accounts add up', async () => {
  const restored = join(directory.path, 'restored');
  expect(await admin('restore', backup, '--data', restored)).toMatchObject({ code: 0, stderr: '' });
  const checked = await admin('check-store', '--json', '--data', restored);
  expect(checked).toMatchObject({ code: 0, stderr: '' });
  expect(parsed<StoreCheck>(checked)).toMatchObject({ troubles: [], log: { lost_rows: 0 } });
  const collector = await startCollector(restored);
  await collector.stop();
  const [stored, { seen, sent }] = await withStore(restored, async (store) => [await countRows(store, 'sample'), await told(store)]);
  expect(stored).toBeGreaterThanOrEqual(acknowledgedBefore * ROWS);
  expect(stored).toBeLessThanOrEqual(batches.length * ROWS);
  expect(stored % ROWS).toBe(0);
  expect(seen).toBe(sent);
  // A batch may be taken a moment before its agent says so.
  expect([0, ROWS]).toContain(stored - sent);
  const again = await startCollector(restored);
  for (const [index, rows] of batches.entries()) expect((await postBatch(again.url, 'sample', index + 1, rows)).status).toBe(200);
  await again.stop();
  expect(await withStore(restored, (store) => countRows(store, 'sample'))).toBe(batches.length * ROWS);
});

const manifestOf = (path: string) => JSON.parse(readFileSync(join(path, 'manifest.json'), 'utf8'));
const changed = (path: string, changes: object) =>
  writeFileSync(join(path, 'manifest.json'), JSON.stringify({ ...manifestOf(path), ...changes }));
const aFile = (path: string) => join(path, 'data/engine-tables.json');

/** In the manifest, too. */
function elsewhere(path: string): void {
  const link = 'engine/data/default/sample';
  rmSync(join(path, 'data', link));
  symlinkSync('/etc', join(path, 'data', link));
  changed(path, { links: { ...manifestOf(path).links, [link]: '/etc' } });
}

const unsound: [what: string, spoil: (path: string) => void, says: RegExp][] = [
  ['was cut off before its manifest', (path) => rmSync(join(path, 'manifest.json')), /has no manifest\.json, so it was cut off/],
  ['lacks a file', (path) => rmSync(aFile(path)), /is not as it was written: 1 files are missing, changed or new \(engine-tables\.json\)/],
  ['has a file that was cut', (path) => truncateSync(aFile(path), 1), /1 files are missing, changed or new/],
  ['has a file with more in it', (path) => appendFileSync(aFile(path), 'x'), /1 files are missing, changed or new/],
  ['has half a manifest', (path) => truncateSync(join(path, 'manifest.json'), 100), /has no sound manifest\.json/],
  [
    'has another format',
    (path) => changed(path, { format: 2, tcplens: '9.0.0' }),
    /made by tcplens 9\.0\.0, in a format that this version does not read/,
  ],
  ['has a file of another', (path) => writeFileSync(join(path, 'data/x'), ''), /1 files are missing, changed or new \(x\)/],
  ['has a link elsewhere', (path) => elsewhere(path), /is not as it was written/],
];
test.each(unsound)('a backup that %s is refused, and nothing is made', async (what, spoil, says) => {
  const spoiled = join(directory.path, what);
  cpSync(backup, spoiled, { recursive: true, verbatimSymlinks: true });
  spoil(spoiled);
  const to = join(directory.path, 'refused');
  const { code, stdout, stderr } = await admin('restore', spoiled, '--data', to);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(says);
  expect(await admin('check-store', '--data', to)).toMatchObject({ code: 1, stderr: expect.stringContaining('is no data directory') });
});

test('a directory that has something is neither backed up to nor restored to', async () => {
  const onto = await admin('restore', backup, '--data', data);
  expect(onto).toMatchObject({ code: 1, stderr: expect.stringContaining('is not empty, and a restore makes a new data directory') });
  const over = await admin('backup', backup, '--data', data);
  expect(over).toMatchObject({ code: 1, stderr: expect.stringContaining('is not empty, and a backup is written to a new directory') });
});

test('a restore that was cut off is no data directory', async () => {
  const half = join(directory.path, 'half');
  mkdirSync(join(half, 'restoring'), { recursive: true });
  await expect(startCollector(half)).rejects.toMatchObject({
    code: 'data_dir_unusable',
    message: expect.stringContaining('restore the backup again'),
  });
});

test('a log that is damaged is named, and left as it is', async () => {
  const damaged = join(directory.path, 'damaged');
  cpSync(data, damaged, { recursive: true, verbatimSymlinks: true });
  const journal = join(damaged, 'log/journal');
  writeFileSync(journal, readFileSync(journal).fill(0, 10, 20));
  const before = readFileSync(journal);
  const { code, stdout } = await admin('check-store', '--data', damaged);
  expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringMatching(/^The log is damaged: 1 lines of the journal/m) });
  expect(readFileSync(journal)).toEqual(before);
});

test('beside a collector a check says what to do, and a server is told its own way', async () => {
  const collector = await startCollector(data);
  try {
    const refused = await admin('check-store', '--data', data);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/a collector uses .*: stop it first/) });
  } finally {
    await collector.stop();
  }
  for (const args of [['check-store'], ['backup', 'x'], ['restore', 'x']])
    expect(await admin(...args, '--clickhouse', 'http://127.0.0.1:1')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('its own BACKUP'),
    });
});

test.each([
  ['backup', () => ['backup', '/proc/no/backup', '--data', data]],
  ['restore', () => ['restore', backup, '--data', '/proc/no/data']],
])('%s into a directory that cannot be made ends, and says so', async (_, args) => {
  const ended = await admin(...args());
  expect(ended).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/\/proc\/no\/\w+ cannot be made \(ENOENT.*: name another directory/),
  });
});

test('while one backup is copied another is told to wait; what a killed one has left keeps nobody waiting', async () => {
  const { url, stop } = await startCollector(data);
  try {
    const authorization = `Bearer ${readFileSync(join(data, 'token'), 'utf8').trim()}`;
    const ask = () =>
      fetch(`${url}/api/v1/admin/snapshot`, { method: 'POST', headers: { 'content-type': 'application/json', authorization }, body: '{}' });
    const copying = lockSnapshot(data);
    expect((await ask()).status).toBe(200);
    expect((await ask()).status).toBe(409);
    const refused = await admin('backup', join(directory.path, 'second'), '--data', data);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('another backup is being copied from') });
    expect(existsSync(join(data, 'snapshot/engine'))).toBe(true);
    writeFileSync(join(data, 'snapshot/left'), 'of the first');
    // As the kernel does when it is killed.
    copying();
    expect(await admin('backup', join(directory.path, 'second'), '--data', data)).toMatchObject({ code: 0, stderr: '' });
    expect(Object.keys(manifestOf(join(directory.path, 'second')).files)).not.toContain('left');
    expect(existsSync(join(data, 'snapshot'))).toBe(false);
  } finally {
    await stop();
  }
});

test('a snapshot that is left keeps nobody waiting where no collector runs', async () => {
  mkdirSync(join(data, 'snapshot'));
  expect(await admin('backup', join(directory.path, 'alone'), '--data', data)).toMatchObject({ code: 0, stderr: '' });
});

test('a snapshot that nobody has taken away goes with the next start', async () => {
  mkdirSync(join(data, 'snapshot'), { recursive: true });
  const { stop } = await startCollector(data);
  await stop();
  expect(existsSync(join(data, 'snapshot'))).toBe(false);
});
