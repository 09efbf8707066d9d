import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { formatLine, readLines } from '../../../server/log/journal-line.ts';
import type { JournalRecord } from '../../../server/log/journal-record.ts';

const first: JournalRecord = { t: 'inserted', segment: 'a-1' };
const second: JournalRecord = {
  t: 'cursor',
  host_id: '0'.repeat(16),
  epoch: 'f'.repeat(16),
  kind: 'sample',
  ranges: [[1, 9]],
  closed_up_to: 0,
};
const [one, two] = [formatLine(first), formatLine(second)];
/** A line whose checksum fits, whatever it says. */
const sealed = (json: string) => `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;

test('a line is its CRC-32 and JSON', () => {
  // The CRC is Python's: zlib.crc32(b'{"t":"inserted","segment":"a-1"}').
  expect(one).toBe('b3c84026 {"t":"inserted","segment":"a-1"}\n');
});

test.each([
  ['whole', one + two, [first, second], 0, 0],
  ['empty', '', [], 0, 0],
  ['cut within a line', one + two.slice(0, 20), [first], 20, 0],
  ['cut before the line end', one + two.slice(0, -1), [first], two.length - 1, 0],
  ['torn: zeros where the last line should be', `${one}${'\0'.repeat(30)}\n`, [first], 31, 0],
  ['damaged in its last line', one + two.replace('ranges', 'rangez'), [first], 0, 1],
  ['of another version in one line', `${sealed('{"t":"split","segment":"a-1"}')}${one}`, [first], 0, 1],
  ['of a later version in one line', `${sealed('{"t":"moved","segment":"a-1"}')}${one}`, [first], 0, 1],
  ['no JSON in a whole line', `${sealed('{"t":"split"')}${sealed('{"t":}')}${one}`, [first], 0, 2],
  ['damaged in the middle', one + one.replace('a-1', 'a-2') + two, [first, second], 0, 1],
])('reads a journal that is %s', (_name, text, records, torn_tail_bytes, damaged_lines) => {
  expect(readLines(text)).toEqual({ records, torn_tail_bytes, damaged_lines });
});

test('cut anywhere, it yields the whole lines before the cut and nothing else', () => {
  for (let length = 0; length <= one.length + two.length; length++) {
    const { records, damaged_lines } = readLines((one + two).slice(0, length));
    const whole = length >= one.length + two.length ? 2 : length >= one.length ? 1 : 0;
    expect(records).toEqual([first, second].slice(0, whole));
    expect(damaged_lines).toBe(0);
  }
});
