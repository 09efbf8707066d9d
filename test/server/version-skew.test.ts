// Agents of other versions, and a log that another version has left: their rows come through with the values that they had.
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32, zstdCompressSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import type { Disk } from '../../agent/durable/disk.ts';
import { layoutOf } from '../../bpf/rows/layout.ts';
import { KIND, KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { schemaOf } from '../../bpf/rows/schema.ts';
import { Layouts } from '../../server/ingest/layouts.ts';
import { BatchSpans } from '../../server/log/batch-spans.ts';
import { JOURNAL_FORMAT } from '../../server/log/journal-record.ts';
import { Log } from '../../server/log/log.ts';
import { segmentPath } from '../../server/log/segment-name.ts';
import { journalText } from '../agent/durable/journal-text.ts';
import { startedOrDead, TornDisk } from '../agent/durable/torn-disk.ts';
import { segmentBytes } from '../support/segment-bytes.ts';
import { EPOCH, HOST_HEX, headersOf, post, postLayouts, rowsOf } from './support/agent.ts';
import { countRows, startCollector, type TestDirectory, testDirectory, withStore } from './support/collector.ts';
import { inLayout, otherLayout, withoutMissing } from './support/versions.ts';

const SEEDS = [0, 1, 2, 3, 4, 5];
const LIMITS = { segment_bytes_max: 1 << 20, log_bytes_max: 1 << 24, journal_bytes_max: 1 << 20 };

const directories: TestDirectory[] = [];
afterEach(async () => {
  for (const directory of directories.splice(0)) await directory.remove();
});
async function newDirectory(): Promise<string> {
  const directory = await testDirectory();
  directories.push(directory);
  return directory.path;
}

test('a schema id is what the columns make it: the generator and the collector agree', () => {
  const versions = Array.from({ length: 64 }, (_, index) => index + 1);
  for (const kind of KIND) expect(versions.map((version) => schemaOf(layoutOf(kind), version))).toContain(KINDS[kind].schema);
});

test.each([0, 3])(
  'agents of another version (%i): refused, told, taken, with their values; after a restart known at once',
  async (seed) => {
    const data = await newDirectory();
    const collector = await startCollector(data);
    const expected: [Kind, Buffer][] = [];
    for (const kind of KIND) {
      const layout = otherLayout(kind, seed);
      const rows = rowsOf(kind, 3, (index) => ({ connection_id: index + 1, netns: 7, pid: 41 + index }));
      const body = zstdCompressSync(inLayout(rows, kind, layout));
      const headers = { ...headersOf(kind, 1), 'tcplens-schema': layout.schema };
      expect(await post(`${collector.url}/v1/rows`, headers, body)).toMatchObject({ status: 409, body: { code: 'layout_unknown' } });
      expect(await postLayouts(collector.url, { layouts: [layout] })).toMatchObject({ status: 200, body: { known: 1 } });
      const named = { schema: layout.schema, host_id: HOST_HEX, epoch: EPOCH, sequence: 1 };
      const digest = createHash('sha256').update(body).digest('hex');
      const expected_receipt = { ...named, digest, rows: 3, duplicate: false, quarantined: 0 };
      expect((await post(`${collector.url}/v1/rows`, headers, body)).body).toEqual(expected_receipt);
      expect((await post(`${collector.url}/v1/rows`, headers, body)).body).toMatchObject({ duplicate: true });
      expected.push([kind, withoutMissing(rows, kind, layout)]);
    }
    await collector.stop();
    const again = await startCollector(data);
    const layout = otherLayout('sample', seed);
    const late = zstdCompressSync(inLayout(rowsOf('sample', 1), 'sample', layout));
    expect((await post(`${again.url}/v1/rows`, { ...headersOf('sample', 2), 'tcplens-schema': layout.schema }, late)).status).toBe(200);
    await again.stop();
    await withStore(data, async (store) => {
      for (const [kind, rows] of expected)
        expect([kind, await countRows(store, kind)]).toEqual([kind, rows.length / KINDS[kind].size + (kind === 'sample' ? 1 : 0)]);
      const stored = await store.query<{ pid: number; srtt: number; comm: string }>(
        'SELECT pid, srtt_us AS srtt, toString(comm) AS comm FROM state_change ORDER BY connection_id',
      );
      const view = (rows: Buffer) =>
        Array.from({ length: 3 }, (_, row) =>
          KINDS.state_change.read(new DataView(rows.buffer, rows.byteOffset), row * KINDS.state_change.size),
        );
      const [, bytes = Buffer.alloc(0)] = expected.find(([kind]) => kind === 'state_change') ?? [];
      expect(stored.map(({ pid, srtt }) => [pid, srtt])).toEqual(view(bytes).map(({ pid, srtt_us }) => [pid, srtt_us]));
    });
  },
);

test.each(SEEDS)('every kind of rows of another version (%i) keeps its values, and says where nothing is known', async (seed) => {
  const layouts = new Layouts(join(await newDirectory(), 'layouts'));
  await layouts.start();
  await layouts.learn(
    HOST_HEX,
    KIND.map((kind) => otherLayout(kind, seed)),
  );
  for (const kind of KIND) {
    const layout = otherLayout(kind, seed);
    const rows = rowsOf(kind, 3, (index) => ({ connection_id: index + 1, pid: 41 + index, uid: 1000 }));
    const converted = layouts.of(layout.schema).conversion?.convert(inLayout(rows, kind, layout), new Map());
    expect([kind, Buffer.from(converted ?? [])]).toEqual([kind, withoutMissing(rows, kind, layout)]);
  }
});

const KEPT_KIND = 'connection';

/** A log in the words of another version: one segment of five rows, and the layout that it was written in. */
async function leaveLog(data: string, seed: number): Promise<{ layouts: Layouts; expected: Buffer }> {
  const layout = otherLayout(KEPT_KIND, seed);
  const rows = rowsOf(KEPT_KIND, 5, (index) => ({ connection_id: index + 1 }));
  const packed = inLayout(rows, KEPT_KIND, layout);
  const of = (bytes: Buffer, size: number) => Array.from({ length: 5 }, (_, row) => bytes.subarray(row * size, (row + 1) * size));
  const identity = { epoch: EPOCH, sequence: 4 };
  const bytes = segmentBytes(of(packed, layout.size), identity);
  const left = {
    kind: KEPT_KIND,
    segment: SEGMENT,
    schema: layout.schema,
    row_bytes: layout.size + 32,
    length: bytes.length,
    crc: crc32(bytes),
  };
  await mkdir(join(data, 'log', KEPT_KIND), { recursive: true });
  await writeFile(segmentPath(join(data, 'log'), left), bytes);
  const record = { t: 'segment', ...left, batches: BatchSpans.of(BATCHES).toText() };
  await writeFile(join(data, 'log', 'journal'), journalText(JOURNAL_FORMAT.format, [record]));
  const layouts = new Layouts(join(data, 'layouts'));
  await layouts.start();
  await layouts.learn(HOST_HEX, [layout]);
  return { layouts, expected: segmentBytes(of(withoutMissing(rows, KEPT_KIND, layout), KINDS[KEPT_KIND].size), identity) };
}

const SEGMENT = '1-a-00000001';
const BATCHES = [{ host_id: HOST_HEX, epoch: EPOCH, sequence: 4, rows: 5, sent_rows: 5 }];

function logIn(data: string, disk?: Disk): Log {
  const beside = { quarantine: join(data, 'quarantine'), dead_letter: join(data, 'dead-letter') };
  return new Log({ directory: join(data, 'log'), ...beside, ...LIMITS, ...(disk && { disk }) });
}

async function checkConverted(log: Log, expected: Buffer): Promise<void> {
  expect(log.sealed).toMatchObject([{ segment: `${SEGMENT}.s`, schema: KINDS[KEPT_KIND].schema, batches: BATCHES }]);
  expect(await readFile(log.sealed[0]?.path ?? '')).toEqual(expected);
}

test.each(SEEDS)('what the version before (%i) left in the log is read by its layout', async (seed) => {
  const data = await newDirectory();
  const { layouts, expected } = await leaveLog(data, seed);
  for (const replaced of [[{ segment: SEGMENT }], []]) {
    const log = logIn(data);
    expect(await log.start((schema) => layouts.conversion(schema))).toMatchObject({ set_aside: [], damaged_lines: 0, replaced });
    await checkConverted(log, expected);
    await log.close();
  }
});

test('wherever the first start after an upgrade is cut short, the next one has the same rows under the same name', async () => {
  for (let after = 1; ; after++) {
    const data = await newDirectory();
    const { layouts, expected } = await leaveLog(data, 1);
    const disk = new TornDisk(data, { faults: [{ after, fault: 'crash' }], random: [0.9, 0.1, 0.5] });
    const log = logIn(data, disk);
    await startedOrDead(
      log.start((schema) => layouts.conversion(schema)),
      disk,
    );
    const ended = !disk.dead;
    const target = await newDirectory();
    disk.powerCut(target);
    const next = logIn(target);
    expect(await next.start((schema) => layouts.conversion(schema))).toMatchObject({ set_aside: [] });
    await checkConverted(next, expected);
    await next.close();
    if (ended) break;
  }
});
