// Whatever arrives at the agents' paths: an answer that says why, nothing stored, and a collector that goes on.
import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { connect } from 'node:net';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FINAL_REFUSALS } from '../../agent/contract/batch-envelope.ts';
import { type Layout, layoutOf } from '../../bpf/rows/layout.ts';
import { KIND } from '../../bpf/rows/rows.gen.ts';
import { schemaOf } from '../../bpf/rows/schema.ts';
import { HOST, headersOf, post, postBatch, postLayouts, postReport, report, rowsOf } from './support/agent.ts';
import { countRows, startCollector, type TestCollector, type TestDirectory, testDirectory, withStore } from './support/collector.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

let directory: TestDirectory;
let collector: TestCollector;
let sequence = 0;

beforeAll(async () => {
  directory = await testDirectory();
  collector = await startCollector(directory.path);
});
afterAll(async () => directory.remove());

type Case = { code: string; status: number; body?: Buffer; rows?: Buffer; headers?: Record<string, string | undefined> };

async function check({ code, status, body, rows = rowsOf('state_change', 3), headers = {} }: Case): Promise<void> {
  const sent = Object.entries({ ...headersOf('state_change', ++sequence), ...headers }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const bytes = body ?? zstdCompressSync(rows);
  const answer = await post(`${collector.url}/v1/rows`, Object.fromEntries(sent), bytes);
  const { digest, ...problem } = answer.body;
  expect(problem).toEqual({ code, message: expect.stringMatching(/.{10}/) });
  // What was not read to its end has none, so that an agent does not give it up.
  expect([createHash('sha256').update(bytes).digest('hex'), undefined]).toContain(digest);
  if (FINAL_REFUSALS.some((each) => each === code) && bytes.length < 2 * MIB && bytes.length > 0) expect(digest).toBeDefined();
  expect(answer.status).toBe(status);
}

const good = rowsOf('state_change', 3);
const packed = zstdCompressSync(good);
const changed = (at: number) => Buffer.from(packed.map((byte, index) => (index === at ? byte ^ 0xff : byte)));

test.each<[string, Case]>([
  ['a layout that nobody has told', { code: 'layout_unknown', status: 409, headers: { 'tcplens-schema': 'state_change/000000000000' } }],
  ['a kind of a later version', { code: 'kind_unknown', status: 409, headers: { 'tcplens-schema': 'tunnel/000000000000' } }],
  ['a schema that is none', { code: 'header_invalid', status: 400, headers: { 'tcplens-schema': '../../state_change' } }],
  [
    'a schema that is another kind’s',
    { code: 'length_not_whole_rows', status: 422, headers: { 'tcplens-schema': headersOf('sample', 1)['tcplens-schema'] } },
  ],
  ['no schema', { code: 'header_missing', status: 400, headers: { 'tcplens-schema': undefined } }],
  ['no host id', { code: 'header_missing', status: 400, headers: { 'tcplens-host-id': undefined } }],
  ['no epoch', { code: 'header_missing', status: 400, headers: { 'tcplens-epoch': undefined } }],
  ['no sequence', { code: 'header_missing', status: 400, headers: { 'tcplens-sequence': undefined } }],
  ['a host id that is none', { code: 'header_invalid', status: 400, headers: { 'tcplens-host-id': '../../etc/passwd' } }],
  ['a sequence of 0', { code: 'header_invalid', status: 400, headers: { 'tcplens-sequence': '0' } }],
  ['a sequence beyond 2^53', { code: 'header_invalid', status: 400, headers: { 'tcplens-sequence': '9999999999999999' } }],
  ['half a row more', { code: 'length_not_whole_rows', status: 422, rows: Buffer.concat([good, good.subarray(0, 60)]) }],
  ['no rows', { code: 'body_empty', status: 400, rows: Buffer.alloc(0) }],
  [
    'one row of another host',
    { code: 'host_mismatch', status: 422, rows: rowsOf('state_change', 3, (index) => ({ host_id: index === 2 ? HOST + 1n : HOST })) },
  ],
  [
    'a host that differs in its upper half',
    { code: 'host_mismatch', status: 422, rows: rowsOf('state_change', 1, () => ({ host_id: HOST ^ (1n << 63n) })) },
  ],
  [
    'one row of another kind',
    { code: 'kind_mismatch', status: 422, rows: rowsOf('state_change', 3, (index) => ({ kind: index === 1 ? 0 : 2 })) },
  ],
  ['no zstd', { code: 'zstd_corrupt', status: 400, body: good }],
  ['garbage', { code: 'zstd_corrupt', status: 400, body: randomBytes(5000) }],
  ['no body', { code: 'body_empty', status: 400, body: Buffer.alloc(0) }],
  ['a truncated frame', { code: 'zstd_corrupt', status: 400, body: packed.subarray(0, -3) }],
  ['a frame with a changed byte', { code: 'zstd_corrupt', status: 400, body: changed(0) }],
  ['two frames', { code: 'zstd_trailing_bytes', status: 400, body: Buffer.concat([packed, packed]) }],
  ['garbage behind the frame', { code: 'zstd_trailing_bytes', status: 400, body: Buffer.concat([packed, Buffer.from('more')]) }],
  ['rows of more than a batch', { code: 'too_large', status: 413, rows: Buffer.alloc(2 * MIB, good) }],
  ['a body of more than a batch', { code: 'too_large', status: 413, body: randomBytes(2 * MIB) }],
])('/v1/rows refuses %s', (_name, bad) => check(bad));

test('a frame that asks for 128 MiB of memory to be unpacked is refused', async () => {
  const greedy = zerosFrame(128 * 1024, 27);
  // Nothing else is wrong with it.
  expect(zstdDecompressSync(greedy)).toHaveLength(128 * 1024);
  await check({ code: 'zstd_corrupt', status: 400, body: greedy });
});

test('a 1 GB zip bomb costs neither memory nor time', async () => {
  const bomb = zerosFrame(GIB, 20);
  expect(bomb.length).toBeLessThan(MIB);
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 1);
  const began = performance.now();
  for (let round = 0; round < 5; round++) await check({ code: 'too_large', status: 413, body: bomb });
  clearInterval(watch);
  console.log(`5 bombs of 1 GB: ${Math.round(performance.now() - began)} ms, ${Math.round((most - before) / MIB)} MiB more at most`);
  expect(most - before).toBeLessThan(128 * MIB);
});

/** One frame of zeros as RFC 8878 has it, of RLE blocks: a compressor would need the zeros first. */
function zerosFrame(bytes: number, windowLog: number): Buffer {
  const block = 128 * 1024;
  // Magic number; no content size, no checksum; the window's exponent, less 10, in the upper five bits.
  const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, (windowLog - 10) << 3]);
  const blocks = Array.from({ length: bytes / block }, (_, index) => {
    const last = index === bytes / block - 1 ? 1 : 0;
    const header = Buffer.alloc(4);
    header.writeUIntLE(last | (1 << 1) | (block << 3), 0, 3);
    return header;
  });
  return Buffer.concat([head, ...blocks]);
}

test.each(['GET', 'PUT', 'DELETE', 'PATCH'])('/v1/rows does not take %s', async (method) => {
  const response = await fetch(`${collector.url}/v1/rows`, { method });
  expect(response.status).toBe(405);
  expect(response.headers.get('allow')).toBe('POST');
  expect(await response.json()).toMatchObject({ code: 'method_not_allowed' });
});

test('a body of unknown length is refused before it is read', async () => {
  const url = new URL(`${collector.url}/v1/rows`);
  const status = await new Promise((resolve, reject) => {
    const sending = request(
      url,
      { method: 'POST', headers: { 'transfer-encoding': 'chunked', ...headersOf('sample', 1) } },
      ({ statusCode }) => resolve(statusCode),
    );
    sending.on('error', reject);
    sending.end('x');
  });
  expect(status).toBe(411);
});

test('what is not HTTP is refused', async () => {
  const { port, hostname } = new URL(collector.url);
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.end(randomBytes(2000)));
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
});

test.each<[string, unknown, number, string]>([
  ['no JSON', '{"host_id":', 400, 'request_invalid'],
  ['an array', [], 400, 'request_invalid'],
  ['nothing', '', 400, 'body_empty'],
  ['a key that is every object’s ancestor', `{"__proto__":{"a":1},${JSON.stringify(report()).slice(1)}`, 400, 'request_invalid'],
  ['a host id in decimal', { ...report(), host_id: '81985529216486895' }, 400, 'request_invalid'],
  ['text in place of a number', { ...report(), at_ms: 'now' }, 400, 'request_invalid'],
  ['a time in the year 33658', report({ at_ms: 1_000_000_000_000_000 }), 422, 'time_out_of_window'],
])('/v1/report refuses %s', async (_name, body, status, code) => {
  const answer = await postReport(collector.url, body);
  const { digest: _, ...problem } = answer.body;
  expect(problem).toEqual({ code, message: expect.stringMatching(/.{5}/) });
  expect(answer.status).toBe(status);
});

const own = layoutOf('state_change');
/** Of a layout under the schema that is made from it. */
const named = (columns: Layout['columns'], size = own.size): Layout => {
  const layout = { kind: own.kind, size, columns };
  return { ...layout, schema: schemaOf(layout, 1) };
};
const changedType = named(own.columns.map((column) => (column.name === 'comm' ? { ...column, type: 'Decimal(9, 2)' } : column)));

test.each<[string, unknown, number, string]>([
  ['no list', { layouts: own }, 400, 'request_invalid'],
  ['an empty list', { layouts: [] }, 400, 'request_invalid'],
  ['text', { layouts: ['state_change'] }, 409, 'layout_refused'],
  ['a schema that its columns do not make', { layouts: [{ ...own, schema: 'state_change/000000000000' }] }, 409, 'layout_refused'],
  ['the schema of another kind', { layouts: [{ ...own, kind: 'sample' }] }, 409, 'layout_refused'],
  ['rows without a time', { layouts: [named(own.columns.filter(({ name }) => name !== 'time_ns'))] }, 409, 'layout_refused'],
  ['a column behind the row', { layouts: [named(own.columns, 64)] }, 409, 'layout_refused'],
  ['33 layouts', { layouts: new Array(33).fill(own) }, 400, 'request_invalid'],
])('/v1/layouts refuses %s', async (_name, body, status, code) => {
  const answer = await postLayouts(collector.url, body);
  const { digest: _, ...problem } = answer.body;
  expect(problem).toEqual({ code, message: expect.stringMatching(/.{5}/) });
  expect(answer.status).toBe(status);
});

test('/v1/layouts wants to know whose they are', async () => {
  const json = { 'content-type': 'application/json' };
  const body = Buffer.from(JSON.stringify({ layouts: [own] }));
  expect(await post(`${collector.url}/v1/layouts`, json, body)).toMatchObject({ status: 400, body: { code: 'header_missing' } });
});

test('rows of a layout that cannot be read are refused, with the column and whom to upgrade', async () => {
  expect((await postLayouts(collector.url, { layouts: [changedType] }, '00000000000000cc')).status).toBe(200);
  await check({ code: 'layout_refused', status: 409, headers: { 'tcplens-schema': changedType.schema } });
  const answer = await post(`${collector.url}/v1/rows`, { ...headersOf('state_change', 1), 'tcplens-schema': changedType.schema }, packed);
  expect(answer.body['message']).toMatch(/state_change\.comm .* upgrade the agent/);
});

test('/v1/report takes only JSON', async () => {
  const answer = await post(`${collector.url}/v1/report`, { 'content-type': 'text/plain' }, Buffer.from(JSON.stringify(report())));
  expect(answer).toMatchObject({ status: 415, body: { code: 'media_type_unsupported' } });
});

test('each refusal is counted by its reason', async () => {
  const text = await (await fetch(`${collector.url}/metrics`)).text();
  for (const reason of ['layout_unknown', 'host_mismatch', 'zstd_corrupt', 'too_large', 'time_out_of_window', 'method_not_allowed']) {
    expect(text).toMatch(new RegExp(`^tcplens_collector_refused\\w*\\{[^}]*reason="${reason}"[^}]*\\} [1-9]`, 'm'));
  }
});

test('after all this a good batch is stored, and nothing but it', async () => {
  const answer = await postBatch(collector.url, 'state_change', ++sequence, good);
  expect(answer).toMatchObject({ status: 200, body: { rows: 3, duplicate: false } });
  await collector.stop();
  const counts = await withStore(directory.path, async (store) => {
    const found: Record<string, number> = {};
    for (const table of [...KIND, 'host', 'process']) found[table] = await countRows(store, table);
    return found;
  });
  const nothing = Object.fromEntries([...KIND, 'host', 'process'].map((table) => [table, 0]));
  expect(counts).toEqual({ ...nothing, state_change: 3 });
});
