import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readIfThere, replaceWhole } from '../../../agent/durable/whole-file.ts';
import { type Lasting, TornDisk } from './torn-disk.ts';

const newRoot = () => mkdtempSync(join(tmpdir(), 'tcplens-whole-'));

test('a file that is not there is undefined, one that cannot be read is an error', async () => {
  const disk = new TornDisk(newRoot());
  expect(await readIfThere(disk, join(newRoot(), 'none'))).toBeUndefined();
  await expect(readIfThere(disk, newRoot())).rejects.toThrow();
});

test.each<Lasting>(['full', 'short', 'io', 'no_rename'])(
  'a disk that fails (%s) leaves the old content and nothing beside it',
  async (fault) => {
    const root = newRoot();
    const disk = new TornDisk(root);
    const path = join(root, 'file');
    await replaceWhole(disk, path, [Buffer.from('old')]);
    disk.fault = fault;
    await expect(replaceWhole(disk, path, [Buffer.from('new '), Buffer.from('content')])).rejects.toThrow();
    disk.fault = 'none';
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(root)).toEqual(['file']);
  },
);

test.each([0, 0.999])(
  'wherever the power is cut, the old content is there or the new one (%d of what was not flushed survives)',
  async (share) => {
    for (let after = 1, ended = false; !ended; after++) {
      const root = newRoot();
      const path = join(root, 'file');
      await replaceWhole(new TornDisk(root), path, [Buffer.from('old')]);
      const disk = new TornDisk(root, { faults: [{ after, fault: 'crash' }], random: [share] });
      ended = await replaceWhole(disk, path, [Buffer.from('new '), Buffer.from('content')]).then(
        () => true,
        () => false,
      );
      const left = join(newRoot(), 'left');
      disk.powerCut(left);
      expect(existsSync(join(left, 'file'))).toBe(true);
      const content = readFileSync(join(left, 'file'), 'utf8');
      expect(ended ? ['new content'] : ['old', 'new content']).toContain(content);
    }
  },
);
