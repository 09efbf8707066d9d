// The output of `tcplens watch`: rows as a table or as JSON lines, and at the end an account of all of them.
import { KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { eachKind } from '../accounts/ledger.ts';
import { rowJson } from '../exports/row-json.ts';
import type { FilterAccount, FilterRun } from '../filter/run.ts';
import { escapeControls } from '../process/terminal-text.ts';
import type { RowSource } from '../source/row-source.ts';
import { rowLine, TABLE_HEADER } from '../text/row-text.ts';

export const WATCH_FORMATS = ['text', 'ndjson'] as const;

export type PrinterOptions = {
  kinds: ReadonlySet<Kind>;
  format: (typeof WATCH_FORMATS)[number];
  /** after so many rows nothing more is printed */
  limit: number | undefined;
  filters: FilterRun | undefined;
  /** called when the limit is reached */
  done: () => void;
};

/** Writes rows as they are drained, and counts them. */
export class Printer {
  readonly #kinds: ReadonlySet<Kind>;
  readonly #format: PrinterOptions['format'];
  readonly #filters: FilterRun | undefined;
  readonly #done: () => void;
  readonly #counts = eachKind(() => ({ drained: 0, printed: 0 }));
  readonly #began = performance.now();
  #left: number;

  constructor({ kinds, format, limit = Number.POSITIVE_INFINITY, filters, done }: PrinterOptions) {
    this.#kinds = kinds;
    this.#format = format;
    this.#left = limit;
    this.#filters = filters;
    this.#done = done;
    if (format === 'text') process.stdout.write(`${TABLE_HEADER}\n`);
  }

  rows(kind: Kind, rows: Uint8Array): void {
    const { size, read } = KINDS[kind];
    const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
    const count = rows.length / size;
    const printed = Math.min(count, this.#left);
    const write = this.#format === 'text' ? rowLine : rowJson;
    let text = '';
    for (let at = 0; at < printed * size; at += size) text += `${write(read(view, at))}\n`;
    // A write to a pipe or a file blocks until the reader takes it; rows for which the ring has no room meanwhile are counted as lost there.
    process.stdout.write(text);
    this.#counts[kind].drained += count;
    this.#counts[kind].printed += printed;
    this.#left -= printed;
    if (this.#left === 0) this.#done();
  }

  /** The last lines: how many rows of each kind were seen, printed and lost, and each filter's counters. */
  account(source: RowSource): string {
    const counters = source.counters();
    const { notices } = source;
    const kinds = [...this.#kinds].map((kind) => {
      const { drained, printed } = this.#counts[kind];
      const { ring_lost: lost, withheld } = counters[kind];
      return { kind, seen: drained + lost + withheld, printed, lost, withheld };
    });
    const loss = kinds.reduce((sum, { lost }) => sum + lost, 0);
    const duration_ms = Math.round(performance.now() - this.#began);
    const filters = this.#filters?.account();
    if (this.#format === 'ndjson') {
      const byKind = Object.fromEntries(kinds.map(({ kind, ...counts }) => [kind, counts]));
      const account = { kind: 'accounting', duration_ms, kinds: byKind, loss, filters, ...(notices.length > 0 && { notices }) };
      return escapeControls(JSON.stringify(account));
    }
    const text = kinds.map(({ kind, seen, printed, lost, withheld }) => {
      return `${kind}: ${seen} seen, ${printed} printed, ${lost} lost${withheld === 0 ? '' : `, ${withheld} withheld`}`;
    });
    return [
      ...(filters ?? []).map(filterLine),
      ...notices.map(escapeControls),
      `${text.join('; ')} (${(duration_ms / 1000).toFixed(1)} s)`,
    ].join('\n');
  }
}

function filterLine({ filter, evaluated, matched, passed, over_budget, expired }: FilterAccount): string {
  const counts = `${evaluated} evaluated, ${matched} matched, ${passed} passed, ${over_budget} over budget`;
  return `filter ${escapeControls(filter)}: ${counts}${expired ? ', expired' : ''}`;
}
