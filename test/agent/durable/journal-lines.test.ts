import { expect, test } from 'vitest';
import { firstLine, formatLine, lastLine, readLines } from '../../../agent/durable/journal-lines.ts';

type Value = { say: string };
const isValue = (value: unknown): value is Value => typeof value === 'object' && value !== null && 'say' in value;
const read = (text: string) => readLines(text, 'a test 1', isValue);

const [a, b, c] = ['a', 'b', 'c'].map((say) => ({ say }));
const [first, one, two, three] = [firstLine('a test 1'), formatLine(2, a), formatLine(3, b), formatLine(4, c)];
const end = lastLine(5);
const SOUND = { begins: true, damaged_lines: 0, torn_tail_bytes: 0, closed: false, other_format: false };

test('a line is its CRC-32, its number and JSON', () => {
  // The CRC is Python's: '%08x' % zlib.crc32(b'2 {"say":"a"}').
  expect(one).toBe('21898090 2 {"say":"a"}\n');
});

test.each([
  ['whole', first + one + two, { values: [a, b] }],
  ['closed', first + one + two + three + end, { values: [a, b, c], closed: true }],
  ['closed, and cut between lines', first + one + two + three, { values: [a, b, c] }],
  ['empty', '', { values: [], begins: false }],
  ['cut within a line', first + one + two.slice(0, 12), { values: [a], torn_tail_bytes: 12 }],
  ['cut before the line end', first + one + two.slice(0, -1), { values: [a], torn_tail_bytes: two.length - 1 }],
  ['cut within its first line', first.slice(0, -1), { values: [], torn_tail_bytes: first.length - 1, begins: false }],
  ['torn: zeros where the last line should be', `${first}${one}${'\0'.repeat(30)}\n`, { values: [a], torn_tail_bytes: 31 }],
  ['damaged in its last line', first + one + two.replace('say', 'sai'), { values: [a], damaged_lines: 1 }],
  ['damaged in the middle', first + one.replace('"a"', '"z"') + two, { values: [b], damaged_lines: 1 }],
  ['damaged in its first line', first.replace('test', 'tess') + one + end, { values: [a], begins: false, damaged_lines: 3 }],
  ['without its first line', one + two, { values: [a, b], begins: false, damaged_lines: 1 }],
  ['without a line in the middle', first + one + three + end, { values: [a, c], damaged_lines: 1 }],
  ['without two lines in the middle', first + three + end, { values: [c], damaged_lines: 2 }],
  ['with a line that is there twice', first + one + one + two, { values: [a, b], damaged_lines: 1 }],
  ['with a line whose damaged copy comes first', first + one.replace('"a"', '"z"') + two + one, { values: [b], damaged_lines: 2 }],
  ['of a later version in one line', first + formatLine(2, { sing: 'a' }) + two, { values: [b], damaged_lines: 1 }],
  ['of another format', firstLine('a test 2') + one, { values: [], begins: false, other_format: true }],
  ['of a time before lines had numbers', `3a6ef462 {"say":"a"}\n${one}`, { values: [], begins: false, other_format: true }],
])('reads a journal that is %s', (_name, text, expected) => {
  expect(read(text)).toEqual({ ...SOUND, ...expected });
});

test('cut anywhere, it yields the whole lines before the cut and nothing else, and was not closed', () => {
  const text = first + one + two + lastLine(4);
  expect(read(text).closed).toBe(true);
  for (let length = 0; length < text.length; length++) {
    const { values, damaged_lines, closed } = read(text.slice(0, length));
    const whole = [one, two].filter((_, index) => length >= first.length + one.length + index * two.length).length;
    expect([length, values, damaged_lines, closed]).toEqual([length, [a, b].slice(0, whole), 0, false]);
  }
});

test('one whose first line has changed by any bit is damaged, and not of another format', () => {
  for (let bit = 0; bit < 8 * (first.length - 1); bit++) {
    const bytes = Buffer.from(first);
    bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    expect(read(bytes.toString('latin1') + one), `bit ${bit}`).toMatchObject({ begins: false, other_format: false, values: [a] });
  }
});
