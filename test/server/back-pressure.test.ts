// More than the collector has memory for: it says when to come back instead of taking it.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KINDS } from '../../bpf/rows/rows.gen.ts';
import { type Answer, headersOf, postBatch, rowsOf } from './support/agent.ts';
import { newCollector, startCollector, type TestCollector, type TestDirectory, testDirectory, until } from './support/collector.ts';
import { headOf, rawHttp, statusOf } from './support/raw-http.ts';

const MIB = 1024 * 1024;

let directory: TestDirectory;
let collector: TestCollector;
beforeAll(async () => {
  directory = await testDirectory();
  collector = await startCollector(directory.path, { inFlightMax: '4' });
});
afterAll(async () => {
  await collector.stop();
  await directory.remove();
});

/** Bytes that bodies of batches hold. */
async function bytesInFlight(): Promise<number> {
  const text = await (await fetch(`${collector.url}/metrics`)).text();
  return Number(/^tcplens_collector_in_flight\S*road="rows"\S* (\d+)$/m.exec(text)?.[1]);
}

test('a body that is slow gives way to a batch that needs its memory, and reads why when all of it is there', async () => {
  const head = headOf(collector.url, 'POST /v1/rows', { ...headersOf('sample', 1), 'content-length': MIB });
  const slow = rawHttp(collector.url, Buffer.concat([Buffer.from(head), Buffer.alloc(MIB - 1)]));
  await until(bytesInFlight, (bytes) => bytes === MIB);
  // More than the 16 KiB that are left of this host's share: addresses at random do not compress.
  const rows = rowsOf('sample', 2000, () => ({
    connection_id: randomBytes(4).readUInt32LE(),
    local_addr: `10.${randomBytes(3).join('.')}`,
    peer_addr: `10.${randomBytes(3).join('.')}`,
    local_port: randomBytes(2).readUInt16LE(),
    peer_port: randomBytes(2).readUInt16LE(),
  }));
  const answers: Answer[] = [];
  await until(
    async () => answers.push(await postBatch(collector.url, 'sample', 3, rows)),
    () => answers.at(-1)?.status !== 429,
  );
  expect(answers.at(-1)).toMatchObject({ status: 200, body: { rows: 2000, duplicate: false } });
  for (const { body, headers } of answers.slice(0, -1)) {
    expect(body).toMatchObject({ code: 'too_many_bytes_in_flight' });
    expect(headers.get('retry-after')).toBe('1');
  }
  slow.socket.write('x');
  expect(statusOf(await until(slow.answer, (text) => text.includes('in_flight')))).toBe(429);
  slow.socket.destroy();
  await until(bytesInFlight, (bytes) => bytes === 0);
});

test('more batches at once than there is memory to unpack wait for their turn and are all taken', async () => {
  // 60 MiB of rows in bodies of a few kB.
  const size = KINDS.sample.size;
  const rows = Buffer.alloc(Math.floor(MIB / size) * size);
  const one = rowsOf('sample', 1);
  for (let at = 0; at < rows.length; at += size) one.copy(rows, at);
  const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => postBatch(collector.url, 'sample', 100 + index, rows)));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  await until(bytesInFlight, (bytes) => bytes === 0);
});

test('while a backlog waits for the store, more of it gets a code of its own, and rows of now are taken', async () => {
  const away = await testDirectory();
  const waiting = newCollector(away.path, { logMax: '4' });
  // Its store is never opened: what it takes stays in the log.
  const url = await waiting.start();
  try {
    const hour_ago = BigInt(Date.now() - 3_600_000) * 1_000_000n;
    const late = rowsOf('sample', 2000, () => ({ time_ns: hour_ago }));
    expect(await postBatch(url, 'sample', 1, late)).toMatchObject({ status: 200 });
    const refused = await postBatch(url, 'sample', 2, late);
    expect(refused).toMatchObject({ status: 429, body: { code: 'log_full_late' } });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await postBatch(url, 'sample', 3, rowsOf('sample', 2000))).toMatchObject({ status: 200 });
  } finally {
    await waiting.stop(10_000);
    await away.remove();
  }
});
