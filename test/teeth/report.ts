// The report of a run: a table with a line for each folder, and the mutants that survived.
import { FOLDERS, type Folder, type Mutant } from './mutant.ts';
import type { Tried } from './try-mutant.ts';

export type Judged = Tried & { folder: Folder; mutant: Mutant };

const FATES = ['killed', 'timeout', 'survived', 'invalid'] as const;

type Counts = Record<'mutants' | (typeof FATES)[number], number>;

function countsOf(judged: readonly Judged[]): Counts {
  const of = (fate: Tried['fate']) => judged.filter((each) => each.fate === fate).length;
  return { mutants: judged.length, killed: of('killed'), timeout: of('timeout'), survived: of('survived'), invalid: of('invalid') };
}

const row = (title: string, cells: readonly (string | number)[]): string =>
  title.padEnd(12) + cells.map((cell) => String(cell).padStart(10)).join('');

function listed(judged: readonly Judged[], fate: Tried['fate'], title: string): string[] {
  const lines = judged.filter((each) => each.fate === fate).map(({ mutant, detail }) => `  ${mutant.file}: ${mutant.why} ${detail}`);
  return lines.length > 0 ? ['', title, ...lines] : [];
}

/** The table, the mutants that no test noticed, and all results as one line of JSON. */
export function report(judged: readonly Judged[]): string {
  const folders = FOLDERS.map((folder) => ({ folder, ...countsOf(judged.filter((each) => each.folder === folder)) }));
  const all = countsOf(judged);
  const cells = (counts: Counts) => [counts.mutants, ...FATES.map((fate) => counts[fate])];
  return [
    '',
    row('', ['mutants', ...FATES]),
    ...folders.map((each) => row(each.folder, cells(each))),
    row('all', cells(all)),
    ...listed(judged, 'survived', 'survived, so a test is missing:'),
    ...listed(judged, 'invalid', 'says nothing of the tests:'),
    '',
    JSON.stringify({ teeth: { ...all, folders } }),
  ].join('\n');
}
