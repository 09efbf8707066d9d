// An object's seal, made here by hand: only what is whole and of the same sources is opened.
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { PREBUILT } from '../../agent/kernel/ring-source.ts';
import { openObject } from '../../agent/loader-object.ts';
import { SHARED_HEADERS } from '../../bpf/rows/rows.gen.ts';
import { tries } from '../support/tries.ts';

const directory = mkdtempSync(join(tmpdir(), 'tcplens-object-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const path = join(directory, 'sample.bpf.o');
const BODY = Buffer.from(Array.from({ length: 300 }, (_, index) => (index * 37) % 256));
const OTHER_HEADERS = SHARED_HEADERS.replace(/^./, (first) => (first === '0' ? '1' : '0'));

function sealed(body: Buffer, headers = SHARED_HEADERS): Buffer {
  const digest = createHash('sha256').update(body).digest('hex');
  return Buffer.concat([body, Buffer.from(`tcplens object ${digest} ${headers}\n`)]);
}

function opened(file: Buffer): Uint8Array | string {
  writeFileSync(path, file);
  return openObject(path);
}

test.for([
  { it: 'with bytes of every value', body: BODY },
  { it: 'with nothing in it', body: Buffer.alloc(0) },
  { it: 'that holds a sealed object', body: sealed(BODY) },
])('an object $it is opened without its seal', ({ body }) => {
  expect(Buffer.from(opened(sealed(body)))).toEqual(body);
});

test('each prebuilt object is opened', () => {
  const objects = readdirSync(PREBUILT, { recursive: true, encoding: 'utf8' }).filter((name) => /\.s?o$/.test(name));
  expect(objects).toContain('sample.bpf.o');
  expect(objects.filter((name) => typeof openObject(join(PREBUILT, name)) === 'string')).toEqual([]);
});

const NOT_OURS = 'sample.bpf.o is cut short, or no object of tcplens';
const DAMAGED = 'sample.bpf.o is damaged: its bytes do not have the checksum at its end';

test.for([
  { it: 'without a byte', file: Buffer.alloc(0), reason: NOT_OURS },
  { it: 'without a seal', file: BODY, reason: NOT_OURS },
  { it: 'that lacks its last byte', file: sealed(BODY).subarray(0, -1), reason: NOT_OURS },
  { it: 'that lacks its first byte', file: sealed(BODY).subarray(1), reason: DAMAGED },
  { it: 'with a byte behind its seal', file: Buffer.concat([sealed(BODY), Buffer.from('x')]), reason: NOT_OURS },
  { it: 'with the seal of another', file: Buffer.concat([BODY, sealed(Buffer.from('other')).subarray(5)]), reason: DAMAGED },
  {
    it: 'of other sources',
    file: sealed(BODY, OTHER_HEADERS),
    reason: 'sample.bpf.o was built from other sources than the agent: run make gen bpf',
  },
])('an object $it is refused with the reason', ({ file, reason }) => {
  expect(opened(file)).toBe(reason);
});

test('a file that cannot be read is refused with the reason', () => {
  expect(openObject(join(directory, 'none.bpf.o'))).toBe('none.bpf.o cannot be read: ENOENT');
  expect(openObject(directory)).toMatch(/ cannot be read: EISDIR$/);
});

test('whichever byte has changed, it is not opened', () => {
  const file = sealed(BODY);
  fc.assert(
    fc.property(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = Buffer.from(file);
      changed[at] = (file[at] ?? 0) ^ change;
      expect(typeof opened(changed)).toBe('string');
    }),
    tries(200),
  );
});
