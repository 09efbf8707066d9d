// README prints the collector's limits as the code has them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LIMITS, type Limit } from '../../server/limits.ts';
import { root } from '../support/project-files.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

function printed({ number, unit }: Limit): string {
  if (unit === 'ms') return `${number / 1000} s`;
  if (unit === 'share') return `${number * 100} % of \`--in-flight-max\``;
  if (unit === 'count') return String(number);
  return number % MIB === 0 ? `${number / MIB} MiB` : `${number / KIB} KiB`;
}

test('the table of limits in README is the one that the collector keeps to', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const section = readme.split('\n## ').find((text) => text.startsWith('Limits\n')) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| '));
  const head = ['| what | limit | per | beyond |', '| --- | --- | --- | --- |'];
  expect(rows).toEqual([
    ...head,
    ...Object.values<Limit>(LIMITS).map((limit) => `| ${limit.what} | ${printed(limit)} | ${limit.per} | ${limit.beyond} |`),
  ]);
});
