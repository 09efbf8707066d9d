// Whose directory a spool may be in, and that no link in it leads an agent that is root to the files of others.
import { chmodSync, chownSync, lchownSync, mkdirSync, mkdtempSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { REAL_DISK } from '../../../agent/durable/disk.ts';
import { lockSpool } from '../../../agent/spool/lock.ts';

const NOBODY = 65_534;
const is_root = process.getuid?.() === 0;

function newDirectory(mode = 0o700): string {
  const spool = join(mkdtempSync(join(tmpdir(), 'tcplens-trust-')), 'spool');
  mkdirSync(spool);
  chmodSync(spool, mode);
  return spool;
}

type Refused = { it: string; root: boolean; prepare: () => string; code?: string; why: RegExp };
const refused: Refused[] = [
  { it: 'others may write to', root: false, prepare: () => newDirectory(0o707), why: /others may write to/ },
  { it: 'a group may write to', root: false, prepare: () => newDirectory(0o770), why: /others may write to/ },
  {
    it: 'lies in one that others may write to',
    root: false,
    prepare: () => {
      const spool = newDirectory();
      chmodSync(dirname(spool), 0o777);
      return spool;
    },
    why: /others may write to/,
  },
  {
    it: 'is of another user',
    root: true,
    prepare: () => {
      const spool = newDirectory();
      chownSync(spool, NOBODY, NOBODY);
      return spool;
    },
    why: /belongs to user 65534/,
  },
  {
    it: 'lies in one of another user',
    root: true,
    prepare: () => {
      const spool = newDirectory();
      chownSync(dirname(spool), NOBODY, NOBODY);
      return spool;
    },
    why: /belongs to user 65534/,
  },
  {
    it: 'is behind a link of another user',
    root: true,
    prepare: () => {
      const spool = newDirectory();
      symlinkSync(spool, `${spool}-link`);
      lchownSync(`${spool}-link`, NOBODY, NOBODY);
      return `${spool}-link`;
    },
    why: /belongs to user 65534/,
  },
  {
    it: 'has a link for its lock',
    root: false,
    prepare: () => {
      const spool = newDirectory();
      symlinkSync(join(dirname(spool), 'victim'), join(spool, 'lock'));
      return spool;
    },
    code: 'spool_unusable',
    why: /lock is a link or no file: remove it/,
  },
];

test.for(refused)('a directory that $it is refused', ({ root, prepare, why, code = 'spool_untrusted' }, context) => {
  if (root && !is_root) return context.skip('needs root: files of another user');
  const spool = prepare();
  const error = { code, exitCode: 78, message: expect.stringMatching(why) };
  expect(() => lockSpool(spool)).toThrow(expect.objectContaining(error));
  expect(() => lockSpool(spool)).toThrow(/: give a directory (with|that can with) --spool/);
});

test('one that is readable by others, behind a link of its own, or not there yet is taken', () => {
  const spool = newDirectory(0o755);
  symlinkSync('spool', `${spool}-link`);
  lockSpool(`${spool}-link/../spool-link`)();
  const missing = join(spool, 'not', 'there');
  lockSpool(missing)();
  expect(statSync(missing).mode & 0o777).toBe(0o700);
});

test('where nothing can be made it says so and goes on', () => {
  const error = { code: 'spool_unusable', message: expect.stringContaining('--spool none') };
  expect(() => lockSpool('/proc/tcplens')).toThrow(expect.objectContaining(error));
});

test.each(['read', 'new', 'any'] as const)('a link is not followed: %s', async (how) => {
  const spool = newDirectory();
  const victim = join(dirname(spool), 'victim');
  writeFileSync(victim, 'of somebody else');
  symlinkSync(victim, join(spool, 'books'));
  await expect(REAL_DISK.open(join(spool, 'books'), how)).rejects.toThrow(/ELOOP|EEXIST/);
  expect(readFileSync(victim, 'utf8')).toBe('of somebody else');
});
