// Layouts that agents tell: many at once, and from hosts that never stop telling.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Layout, layoutOf } from '../../../bpf/rows/layout.ts';
import { KIND } from '../../../bpf/rows/rows.gen.ts';
import { schemaOf } from '../../../bpf/rows/schema.ts';
import { headersOf, post, postLayouts, rowsOf } from '../support/agent.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory } from '../support/collector.ts';
import { inLayout, otherLayout } from '../support/versions.ts';

const MIB = 1024 * 1024;
/** Bytes that layouts may take on disk, this version's own aside. */
const LAYOUTS_BYTES_MAX = 8 * MIB;

let directory: TestDirectory;
let collector: TestCollector;
beforeEach(async () => {
  directory = await testDirectory();
  collector = await startCollector(directory.path);
});
afterEach(async () => {
  await collector.stop();
  await directory.remove();
});

const hostId = (number: number) => number.toString(16).padStart(16, '0');
const layoutsOf = (seed: number) => KIND.map((kind) => otherLayout(kind, seed));

/** As many columns as a layout may have, no other's: some 25 KiB. */
function bigLayout(number: number): Layout {
  const own = layoutOf('state_change');
  const more = Array.from({ length: 400 }, (_, index) => ({
    name: `later_${number}_${index}`,
    offset: own.size + index,
    size: 1,
    type: 'UInt8',
  }));
  const layout = { kind: own.kind, size: own.size + more.length, columns: [...own.columns, ...more] };
  return { ...layout, schema: schemaOf(layout, 1) };
}

async function bytesOnDisk(): Promise<number> {
  const names = await readdir(join(directory.path, 'layouts'));
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(directory.path, 'layouts', name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function sendRows(layout: Layout, sequence: number): Promise<number> {
  const rows = inLayout(rowsOf('sample', 1), 'sample', layout);
  const headers = { ...headersOf('sample', sequence), 'tcplens-schema': layout.schema };
  return (await post(`${collector.url}/v1/rows`, headers, zstdCompressSync(rows))).status;
}

test('200 agents tell the same layouts at once: each is told that they are known', async () => {
  const layouts = layoutsOf(1);
  const answers = await Promise.all(Array.from({ length: 200 }, (_, host) => postLayouts(collector.url, { layouts }, hostId(host + 1))));
  const statuses = Map.groupBy(answers, ({ status }) => status);
  expect([...statuses].map(([status, those]) => [status, those.length])).toEqual([[200, 200]]);
  expect(await sendRows(layouts[KIND.indexOf('sample')] as Layout, 1)).toBe(200);
});

test('a host that tells 1100 large layouts, and twenty that help it, take bounded room and nobody else’s', async () => {
  const honest = layoutsOf(2);
  const sample = honest[KIND.indexOf('sample')] as Layout;
  expect((await postLayouts(collector.url, { layouts: honest }, hostId(1))).status).toBe(200);
  expect(await sendRows(sample, 1)).toBe(200);
  const memory: number[] = [];
  for (let from = 0; from < 1100; from += 22) {
    const layouts = Array.from({ length: 22 }, (_, index) => bigLayout(from + index));
    expect((await postLayouts(collector.url, { layouts }, hostId(from < 660 ? 2 : 2 + from))).status).toBe(200);
    memory.push(process.memoryUsage().rss);
  }
  const half = memory.length / 2;
  const more = Math.max(...memory.slice(half)) - Math.max(...memory.slice(0, half));
  console.log(
    `1100 layouts: ${Math.round((await bytesOnDisk()) / MIB)} MiB on disk, ${Math.round(more / MIB)} MiB more memory for the second half`,
  );
  expect(await bytesOnDisk()).toBeLessThan(LAYOUTS_BYTES_MAX + MIB);
  // 550 of them, kept, took a quarter of a gigabyte; the test's own bodies are in it.
  expect(more).toBeLessThan(150 * MIB);
  // Its rows are there, so its layout is: nobody had to tell it again.
  expect(await sendRows(sample, 2)).toBe(200);
  // A new version is welcome, whatever others have told.
  const next = layoutsOf(3);
  expect((await postLayouts(collector.url, { layouts: next }, hostId(3))).status).toBe(200);
  expect(await sendRows(next[KIND.indexOf('sample')] as Layout, 3)).toBe(200);
  const text = await (await fetch(`${collector.url}/metrics`)).text();
  expect(text).toMatch(/^tcplens_collector_layouts_evicted\w*(?:\{[^}]*\})? [1-9]/m);
});

test('an agent that is upgraded again and again is never refused', async () => {
  for (let version = 0; version < 100; version++) {
    const own = layoutOf('sample');
    const layout = {
      kind: own.kind,
      size: own.size + 8,
      columns: [...own.columns, { name: `version_${version}`, offset: own.size, size: 8, type: 'UInt64' }],
    };
    expect((await postLayouts(collector.url, { layouts: [{ ...layout, schema: schemaOf(layout, 1) }] })).status).toBe(200);
  }
});
