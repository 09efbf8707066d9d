// A batch that is sound and cannot be unpacked for want of memory: refused in a way that has it sent again, or its rows would be lost.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FINAL_REFUSALS } from '../../../agent/contract/batch-envelope.ts';
import { compileC } from '../../support/compile-c.ts';
import { root } from '../../support/project-files.ts';
import { missingCommand, runCommand } from '../../support/run-command.ts';

const directory = mkdtempSync(join(tmpdir(), 'tcplens-unpack-'));
const missing = missingCommand(['gcc']);
let preloaded = '';
beforeAll(() => {
  if (missing === undefined) preloaded = compileC(join(root, 'test/server/ingest/no-memory.c'), directory, ['-shared', '-fPIC']);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const ROWS = 900_000;
const large = zstdCompressSync(Buffer.alloc(ROWS, 'rows'));
/** RFC 8878, 3.1.1.1: the same blocks behind a header that has a window of 4 MiB and no length, so zstd needs memory for the window. */
const windowed = Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 12 << 3]), large.subarray(9)]);

test.for([
  { it: 'a small body has no decompressor', body: zstdCompressSync(Buffer.alloc(600, 'rows')), rows: 600, sizes: '65536:262144' },
  { it: 'a large body has no decompressor', body: large, rows: ROWS, sizes: '65536:262144' },
  { it: 'its rows have no room', body: large, rows: ROWS, sizes: `${ROWS}:${ROWS + 100}` },
  { it: 'its window has no room', body: windowed, rows: ROWS, sizes: '4194304:9000000', cause: 'ZSTD_error_memory_allocation' },
])('$it: it is refused for now, and unpacked when there is memory', ({ body, rows, sizes, cause = expect.any(String) }, context) => {
  context.skip(missing !== undefined, `${missing} is not installed`);
  const { stdout, stderr } = runCommand(
    process.execPath,
    [join(root, 'test/server/ingest/unpack-starved.ts'), body.toString('base64'), sizes],
    { env: { ...process.env, LD_PRELOAD: preloaded } },
  );
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({ starved: { code: 'out_of_memory', status: 503, cause }, fed: { length: rows } });
});

test('it is not among the refusals for good', () => {
  expect(FINAL_REFUSALS).not.toContain('out_of_memory');
});
