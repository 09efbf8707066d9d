// What a spreadsheet reads, of names that hosts have chosen.
import { expect, test } from 'vitest';
import { csvOf } from '../../server/query/csv.ts';

test.each<[Parameters<typeof csvOf>[0]['rows'][number][number], string]>([
  ['nginx', 'nginx'],
  ['a "b", c', '"a ""b"", c"'],
  ['=HYPERLINK("x")', '"\'=HYPERLINK(""x"")"'],
  ['-1+1', "'-1+1"],
  ['\u001b[31m', '\\u001b[31m'],
  [null, ''],
  [-1.5, '-1.5'],
  [
    [
      [1, 2],
      [3, 4],
    ],
    '1:2 3:4',
  ],
])('%j', (value, text) => {
  expect(csvOf({ columns: [], rows: [[value]] })).toBe(`\r\n${text}\r\n`);
});
