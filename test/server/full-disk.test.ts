// A collector that is asked to end while its disk is full and the engine works on what does not fit: it ends, says what is left, and
// nothing of its own crashes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, expect, test } from 'vitest';
import { BATCH_BYTES_MAX } from '../../agent/contract/batch-envelope.ts';
import { canMount, SmallDisk } from '../faults/small-disk.ts';
import { root } from '../support/project-files.ts';
import { postBatch, rowsOf } from './support/agent.ts';
import { type TestDirectory, testDirectory, until } from './support/collector.ts';

let directory: TestDirectory;
let disk: SmallDisk;
afterEach(async () => {
  disk.unmount();
  await directory.remove();
});

/** As many rows as a batch may have. */
function manyRows(): Buffer {
  const row = rowsOf('sample', 1);
  return Buffer.concat(Array(Math.floor(BATCH_BYTES_MAX / row.length)).fill(row));
}

type Stopped = { code: number | null; signal: string | null; said: string };

/** @param signals how often it is asked, the second time as soon as it has said that it ends */
async function fillAndStop(signals: 1 | 2): Promise<Stopped> {
  directory = await testDirectory();
  disk = new SmallDisk(join(directory.path, 'disk'));
  disk.mount(32);
  const args = [join(root, 'cli.ts'), 'serve', '--listen', '127.0.0.1:0', '--data', join(disk.path, 'data')];
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let said = '';
  const stopping = Promise.withResolvers<void>();
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (said.includes('"stopping"')) stopping.resolve();
  });
  // Not its exit: what it has said last may still be on its way then.
  const closed = once(child, 'close');
  const [{ url }] = (await once(child, 'message')) as [{ url: string }];
  await until(
    () => said,
    (text) => text.includes('"ready"'),
  );
  const rows = manyRows();
  for (let sequence = 1; (await postBatch(url, 'sample', sequence, rows)).status === 200; sequence++);
  disk.fill();
  child.kill('SIGTERM');
  if (signals === 2) {
    // Without a look between: it ends by itself soon.
    await stopping.promise;
    child.kill('SIGTERM');
  }
  const [code, signal] = (await closed) as [number | null, string | null];
  return { code, signal, said };
}

test.skipIf(!canMount)('asked once, it ends with 0, and says that rows wait in the log', async () => {
  const { code, signal, said } = await fillAndStop(1);
  expect({ code, signal }).toEqual({ code: 0, signal: null });
  expect(said).toMatch(/acknowledged rows wait in the log.* the next start stores them/);
});

test.skipIf(!canMount)('asked twice, it ends at once with 1, and says so', async () => {
  const { code, signal, said } = await fillAndStop(2);
  expect({ code, signal }).toEqual({ code: 1, signal: null });
  expect(said).toContain('the log is whole: the next start goes on with it');
});
