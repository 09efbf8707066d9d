// A recording of an earlier version, from before rows had filters, spurious retransmissions or time in each state:
// earlier.tcplens has its rows and layouts, earlier.ndjson what that version itself read in them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { rowJson } from '../../../agent/exports/row-json.ts';
import { Recording } from '../../../agent/recording/read.ts';
import { type Column, KINDS, type Kind } from '../../../bpf/rows/rows.gen.ts';
import { runCommand } from '../../support/run-command.ts';

const earlier = (extension: string) => join(import.meta.dirname, `earlier.${extension}`);

test('every column that existed is equal, every new one says that nothing is known', () => {
  const expected = readFileSync(earlier('ndjson'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown> & { kind: Kind });
  const recording = new Recording(earlier('tcplens'));
  const found = [...recording.parts()]
    .filter((part) => part.sort === 'rows')
    .flatMap(({ kind, rows }) => {
      const { size, read } = KINDS[kind];
      const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
      return Array.from(
        { length: rows.length / size },
        (_, index) => JSON.parse(rowJson(read(view, index * size))) as Record<string, unknown>,
      );
    });
  recording.close();
  expect(new Set(expected.map(({ kind }) => kind))).toEqual(new Set(['retransmit', 'connection', 'state_change', 'sample']));
  expect(found).toHaveLength(expected.length);
  for (const [index, old] of expected.entries()) {
    const unknown = (KINDS[old.kind].columns as readonly Column[]).filter(({ name }) => name !== 'pad' && !(name in old)).map(unknownOf);
    expect(unknown.length).toBeGreaterThan(0);
    expect(found[index]).toEqual({ ...old, ...Object.fromEntries(unknown) });
  }
});

/** What a column shows that was not recorded. */
function unknownOf({ name, type }: Column): [string, unknown] {
  if (name === 'uid') return [name, 0xffffffff];
  if (name === 'snd_ssthresh') return [name, 0x7fffffff];
  if (name === 'listener_id') return [name, '0'];
  if (type === 'Bool') return [name, false];
  if (type.startsWith('FixedString')) return [name, ''];
  if (type.startsWith('Enum8')) return [name, /'(\w+)' = 0/.exec(type)?.[1]];
  return [name, 0];
}

test('whoever looks at it is told what it does not know', () => {
  const watch = (...args: string[]) =>
    runCommand(process.execPath, ['cli.ts', 'watch', 'sample', '--replay', earlier('tcplens'), '--speed', '0', ...args]);
  const unknown = /^sample rows do not know uid, filters, .* and \d+ more, which tcplens \S+ did not record$/;
  const account = JSON.parse(watch('--format', 'ndjson').stdout.trimEnd().split('\n').at(-1) ?? '') as { notices: string[] };
  expect(account.notices).toContainEqual(expect.stringMatching(unknown));
  expect(watch('--format', 'text').stdout.split('\n')).toContainEqual(expect.stringMatching(unknown));
});
