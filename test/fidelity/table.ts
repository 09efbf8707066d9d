// What is printed: the table of scenario × counter × what tcplens says × difference, and the rows that name causes.
import { rowLine } from '../../agent/text/row-text.ts';
import type { Line } from './accounts.ts';
import type { Scenario, Seen } from './scenario.ts';

const COLUMNS = [
  'scenario',
  'side',
  'source',
  'counter',
  'kernel',
  'rows',
  'namespace',
  'difference',
  'unattributed',
  'why they differ',
] as const;

/** The table as text, without lines that have only zeros. */
export function table(lines: readonly Line[]): string {
  const cells = lines.filter(({ kernel, rows, namespace }) => kernel || rows || namespace).map(cellsOf);
  const widths = COLUMNS.map((column, at) => Math.max(column.length, ...cells.map((row) => row[at]?.length ?? 0)));
  const text = (row: readonly string[]) =>
    row
      .map((cell, at) => (at < 4 || at === 9 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
      .trimEnd();
  return [text(COLUMNS), ...cells.map(text)].join('\n');
}

function cellsOf({ scenario, side, source, counter, kernel, rows, namespace, allowed, why }: Line): string[] {
  const said = rows ?? namespace ?? kernel;
  const shown = (value: number | undefined) => (value === undefined ? '' : String(value));
  const short = counter.replaceAll(/TcpExt(TCP)?/g, '').replaceAll(/\bTcp(?=[A-Z])/g, '');
  return [
    scenario,
    side,
    source,
    short,
    shown(kernel),
    shown(rows),
    shown(namespace),
    shown(kernel - said),
    allowed ? shown(allowed) : '',
    kernel === said ? '' : why,
  ];
}

const ROWS_MAX = 6;

/** The rows that name a scenario's cause, as `tcplens watch` prints them. */
export function causes({ id, name, causes: rowsOf }: Scenario, seen: Seen | Error | undefined): string {
  if (!seen || seen instanceof Error) return `${id} ${name}: did not run`;
  const rows = rowsOf(seen);
  const more = rows.length > ROWS_MAX ? [`… and ${rows.length - ROWS_MAX} more`] : [];
  return [`${id} ${name}`, ...rows.slice(0, ROWS_MAX).map(rowLine), ...more].join('\n    ');
}
