// Filter expressions of any text. What is accepted says the same of rows as a tree and as the kernel's program; what is not, says where.
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FIELDS } from '../../../../agent/contract/language/fields.ts';
import { FilterError } from '../../../../agent/contract/language/filter-error.ts';
import { compileFilter } from '../../../../agent/filter/compile.ts';
import { parseFilter } from '../../../../agent/filter/parse.ts';
import { markRows, RecordedNames } from '../../../../agent/filter/recorded.ts';
import { Recording } from '../../../../agent/recording/read.ts';
import { HEAD_AT, KIND, KINDS } from '../../../../bpf/rows/rows.gen.ts';
import type { Row } from '../../../agent/filter/evaluators.ts';
import { type KernelFilters, kernelFilters } from '../../../support/kernel-filter.ts';
import { root } from '../../../support/project-files.ts';
import { missingCommand } from '../../../support/run-command.ts';
import { EXPRESSIONS } from '../../expressions.ts';
import { Found, must, type Target } from '../target.ts';

const ROWS_A_KIND = 4;
/** As deep as the length of an expression allows. */
const DEEP = [
  `${'('.repeat(2000)}pid = 1${')'.repeat(2000)}`,
  `${'not '.repeat(1000)}pid = 1`,
  '('.repeat(4096),
  `${'(not '.repeat(600)}pid = 1`,
];

/** Some of each kind that was recorded. */
function recordedRows(): Row[] {
  const rows: Row[] = [];
  for (const name of readdirSync(join(root, 'test/recordings')).filter((file) => file.endsWith('.tcplens'))) {
    const recording = new Recording(join(root, 'test/recordings', name));
    for (const part of recording.parts()) {
      if (part.sort !== 'rows' || part.kind === 'namespace') continue;
      const { kind } = part;
      const { size } = KINDS[kind];
      for (let at = 0; at < part.rows.length && rows.filter((row) => row.kind === kind).length < ROWS_A_KIND; at += size) {
        rows.push({ kind, row: part.rows.slice(at, at + size) });
      }
    }
    recording.close();
  }
  return rows;
}

const rows = recordedRows();
type Asked = { input: Uint8Array; program: Uint8Array; rows: readonly Row[]; answers: readonly boolean[] };
let asked: Asked[] = [];
const missing = missingCommand(['gcc']);
const kernel: KernelFilters | undefined = missing === undefined ? kernelFilters(mkdtempSync(join(tmpdir(), 'tcplens-fuzz-'))) : undefined;

function checkRefused(error: unknown, expression: string): void {
  if (!(error instanceof FilterError)) throw error;
  must(/^filter_[a-z_]+$/.test(error.code), `a code: ${error.code}`);
  must(error.column >= 1 && error.column <= expression.length + 1, `column ${error.column} is in the expression`);
}

function ask(input: Uint8Array, expression: string): void {
  const names = new RecordedNames();
  const filter = parseFilter(expression, names, KIND);
  const program = compileFilter(filter, expression, 1n);
  const mine = rows.map(({ kind, row }) => ({ kind, row: Uint8Array.from(row) }));
  const answers = mine.map(({ kind, row }) => {
    markRows([filter], names, kind, row, () => {});
    return Buffer.from(row).readUInt32LE(HEAD_AT.filters) === 1;
  });
  // The kernel's reasons are numbers; a recording's are known by their names, so the row gets the number that its name has.
  for (const { kind, row } of mine) numberReason(kind, row, names);
  asked.push({ input: Uint8Array.from(input), program, rows: mine, answers });
}

function numberReason(kind: keyof typeof KINDS, row: Uint8Array, names: RecordedNames): void {
  const columns = KINDS[kind].columns;
  const [code, reason] = ['reason_code', 'reason'].map((wanted) => columns.find(({ name }) => name === wanted));
  if (code === undefined || reason === undefined) return;
  const text = Buffer.from(row.subarray(reason.offset, reason.offset + reason.size))
    .toString()
    .replace(/\0.*$/s, '');
  Buffer.from(row.buffer, row.byteOffset, row.byteLength).writeUInt32LE(names.numberOf(text), code.offset);
}

export const target: Target = {
  covers: /^agent\/(filter|contract\/language)\//,
  seeds: () => [...EXPRESSIONS, ...DEEP].map((text) => Buffer.from(text)),
  words: [
    ...Object.keys(FIELDS),
    ' and ',
    ' or ',
    'not ',
    ' in ',
    '(',
    ')',
    ',',
    '"',
    '=',
    '!=',
    '<',
    '<=',
    '>',
    '>=',
    '-',
    '::',
    '/',
    '*',
    '\\',
    'ms',
    '10.0.0.1',
    '\u2028',
    '💥',
  ],
  run(input) {
    const expression = Buffer.from(input).toString();
    try {
      ask(input, expression);
    } catch (error) {
      checkRefused(error, expression);
    }
  },
  flush() {
    const all = asked;
    asked = [];
    if (kernel === undefined || all.length === 0) return;
    const said = kernel(all);
    for (const [index, { input, rows: of, answers }] of all.entries()) {
      const at = answers.findIndex((answer, row) => answer !== said[index]?.[row]);
      if (at >= 0) throw new Found(input, `${of[at]?.kind} row ${at}: the tree says ${answers[at]}, the kernel's program ${!answers[at]}`);
    }
  },
};
