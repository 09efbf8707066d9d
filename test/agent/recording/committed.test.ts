// The recordings of test/recordings: they can be read, name their cause, and tell nothing of the machine they were made on.
import { statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Losses } from '../../../agent/recording/losses.ts';
import { Recording } from '../../../agent/recording/read.ts';
import { fileOf, RECORDINGS, readRows, recorded } from '../../recordings/recordings.ts';

const BYTES_MAX = 200 * 1024;
/** Those of test/support/netns.ts, and no address at all. */
const TEST_ADDRESS = /^(10\.77\.0\.[12]|fd77::[12]|0\.0\.0\.0|::)$/;

test('each that is listed is there, and no other', () => {
  expect(recorded().sort()).toEqual(Object.keys(RECORDINGS).sort());
});

test.each(recorded())('%s can be read to its end, and is small', (name) => {
  const recording = new Recording(fileOf(name));
  const losses = new Losses();
  const parts = [...recording.parts(losses)];
  recording.close();
  expect(parts.at(-1)?.sort).toBe('end');
  expect(losses).toMatchObject({ cut_at: undefined, ended: true, counted: true });
  expect(statSync(fileOf(name)).size).toBeLessThanOrEqual(BYTES_MAX);
});

test.each(recorded())('%s has rows that name the cause', (name) => {
  expect(RECORDINGS[name]?.causes(readRows(fileOf(name)))).not.toEqual([]);
});

test.each(recorded())('%s tells nothing of the machine it was made on', (name) => {
  const recording = new Recording(fileOf(name));
  expect(recording.header.kernel).toMatch(/^\d+\.\d+$/);
  const names = [...recording.parts()].filter((part) => part.sort === 'names').flatMap((part) => part.names.processes);
  recording.close();
  expect(names.map(({ command }) => command).filter((command) => /(^|\s)\//.test(command))).toEqual([]);
  for (const row of Object.values(readRows(fileOf(name))).flat()) {
    expect(row.host_id).toBe(0n);
    expect(row.local_addr).toMatch(TEST_ADDRESS);
    expect(row.peer_addr).toMatch(TEST_ADDRESS);
  }
});
