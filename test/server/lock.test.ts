// One process a data directory: a second one is told who has it, and a killed one leaves nothing locked.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, chown, link, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { lockDataDirectory } from '../../server/lock.ts';
import { root } from '../support/project-files.ts';
import { runCommand } from '../support/run-command.ts';
import { startCollector, type TestDirectory, testDirectory } from './support/collector.ts';

const directories: TestDirectory[] = [];
afterEach(async () => {
  for (const directory of directories.splice(0)) await directory.remove();
});

async function newDirectory(): Promise<string> {
  const directory = await testDirectory();
  directories.push(directory);
  return directory.path;
}

const HOLD = `import { lockDataDirectory } from ${JSON.stringify(join(root, 'server/lock.ts'))};
lockDataDirectory(process.argv[1]);
process.stdout.write('held');
setInterval(() => undefined, 1000);`;

test('a directory that another process holds is refused, until that process is killed', async () => {
  const path = await newDirectory();
  const holder = spawn(process.execPath, ['--input-type=module', '-e', HOLD, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  expect(() => lockDataDirectory(path)).toThrow(
    expect.objectContaining({ code: 'data_dir_locked', message: expect.stringContaining(`process ${holder.pid}`) }),
  );
  const gone = once(holder, 'exit');
  holder.kill('SIGKILL');
  await gone;
  lockDataDirectory(path).release();
});

test('it is held within one process too, and free after release', async () => {
  const path = await newDirectory();
  const lock = lockDataDirectory(path);
  expect(() => lockDataDirectory(path)).toThrow(expect.objectContaining({ code: 'data_dir_locked' }));
  lock.release();
  lockDataDirectory(path).release();
});

test('a directory that cannot be one is named', async () => {
  const file = join(await newDirectory(), 'file');
  await writeFile(file, '');
  expect(() => lockDataDirectory(file)).toThrow(
    expect.objectContaining({ code: 'data_dir_unusable', message: expect.stringContaining(file) }),
  );
  await chmod(file, 0o600);
});

/** In the data directory, before anybody holds it. */
const planted: [string, (file: string, victim: string) => Promise<void>][] = [
  ['a symbolic link', (file, victim) => symlink(victim, file)],
  ['a link to nothing yet', (file, victim) => symlink(`${victim}.new`, file)],
  ['a hard link', (file, victim) => link(victim, file)],
];
test.each(['lock', 'lock.pid', 'lock.url'].flatMap((name) => planted.map(([what, plant]) => [name, what, plant] as const)))(
  '%s that is %s leads to nobody else’s file',
  async (name, _what, plant) => {
    const path = await newDirectory();
    const victim = join(await newDirectory(), 'victim');
    await writeFile(victim, 'precious', { mode: 0o640 });
    await plant(join(path, name), victim);
    try {
      const lock = lockDataDirectory(path);
      lock.announce('http://127.0.0.1:1');
      lock.release();
    } catch (error) {
      expect(error).toMatchObject({ code: 'data_dir_unusable', message: expect.stringMatching(/lock is .*remove it/) });
    }
    expect(await readFile(victim, 'utf8')).toBe('precious');
    expect(existsSync(`${victim}.new`)).toBe(false);
  },
);

test.skipIf(process.getuid?.() !== 0)('a data directory of somebody else is refused, with whose it is', async () => {
  const path = await newDirectory();
  await chown(path, 12345, 12345);
  expect(() => lockDataDirectory(path)).toThrow(
    expect.objectContaining({ code: 'data_dir_unusable', message: expect.stringContaining('belongs to user 12345') }),
  );
});

test('a second collector ends with exit code 1 and says why; the first one goes on', async () => {
  const path = await newDirectory();
  const collector = await startCollector(path);
  const second = runCommand(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    join(root, 'cli.ts'),
    'serve',
    '--data',
    path,
    '--listen',
    '127.0.0.1:0',
  ]);
  expect(second.code).toBe(1);
  expect(second.stderr).toContain(`another collector (process ${process.pid}) uses the data directory ${path}`);
  expect((await fetch(`${collector.url}/readyz`)).status).toBe(200);
  await collector.stop();
});
