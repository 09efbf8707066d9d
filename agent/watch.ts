// `tcplens watch`: rows on the terminal or as JSON lines, straight from the source, without a collector.
import { Command } from 'commander';
import { KIND, KINDS, type Kind } from '../bpf/rows.gen.ts';
import { eachKind } from './account.ts';
import { SOURCE_OPTIONS, type SourceConfig } from './config.ts';
import { Drain } from './drain.ts';
import { openSource } from './open-source.ts';
import { addOptions } from './options.ts';
import { pump } from './pump.ts';
import { rowJson, rowLine, TABLE_HEADER } from './row-text.ts';
import type { RowSource } from './source.ts';
import { stopSignal } from './stop-signal.ts';
import { oneOf, parseCount, parseDuration } from './units.ts';

const FORMATS = ['text', 'ndjson'] as const;

const WATCH_OPTIONS = {
  ...SOURCE_OPTIONS,
  interval: { ...SOURCE_OPTIONS.interval, fallback: '2s' },
  format: {
    flags: '--format <format>',
    help: 'text, or ndjson: one JSON object a line, with the names of rows.h',
    parse: oneOf(FORMATS),
    fallback: 'text',
  },
  duration: { flags: '--duration <duration>', help: 'stop after this long', parse: parseDuration },
  limit: { flags: '--limit <rows>', help: 'stop after this many rows', parse: parseCount(1, Number.MAX_SAFE_INTEGER) },
} as const;

type WatchConfig = SourceConfig & { format: (typeof FORMATS)[number]; duration?: number; limit?: number };

export function command(): Command {
  const watch = new Command('watch')
    .description('prints rows live, without a collector; ends with an account of what was lost')
    .argument('[kind...]', KIND.join(', '))
    .addHelpText('after', '\nRows that did not fit into the kernel ring while the output was slow are counted as lost in the last line.');
  return addOptions(watch, WATCH_OPTIONS).action(async (kinds: string[], config: WatchConfig) => {
    const wanted = kinds.length === 0 ? [...KIND] : kinds.map((kind) => parseKind(watch, kind));
    await runWatch(new Set(wanted), config);
  });
}

function parseKind(watch: Command, text: string): Kind {
  const kind = KIND.find((name) => name === text);
  return kind ?? watch.error(`error: "${text}" is no kind of row: choose from ${KIND.join(', ')}`);
}

async function runWatch(kinds: ReadonlySet<Kind>, config: WatchConfig): Promise<void> {
  const source = await openSource(config);
  const stop = new AbortController();
  const print = new Printer(kinds, config, () => stop.abort());
  // The reader has gone, as in `watch | head`: the account still goes to someone, and the rings are freed.
  process.stdout.prependOnceListener('error', () => {
    process.stderr.write(`${print.account(source)}\n`);
    source.close();
  });
  const signals = [stop.signal, stopSignal(), ...(config.duration === undefined ? [] : [AbortSignal.timeout(config.duration)])];
  // All kinds are drained, whatever is shown: a ring that nobody empties only fills.
  const drain = new Drain(source, (kind, rows) => {
    if (kinds.has(kind)) print.rows(kind, rows);
  });
  try {
    await pump({ source, drain, interval_ms: config.interval, stop: AbortSignal.any(signals) });
    process.stdout.write(`${print.account(source)}\n`);
  } finally {
    source.close();
  }
}

/** Writes rows as they are drained and keeps count of them. */
class Printer {
  readonly #kinds: ReadonlySet<Kind>;
  readonly #format: WatchConfig['format'];
  readonly #done: () => void;
  readonly #counts = eachKind(() => ({ drained: 0, printed: 0 }));
  readonly #began = performance.now();
  #left: number;

  constructor(kinds: ReadonlySet<Kind>, { format, limit = Number.POSITIVE_INFINITY }: WatchConfig, done: () => void) {
    this.#kinds = kinds;
    this.#format = format;
    this.#left = limit;
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
    // To a pipe or a file this waits for the reader; rows that the ring cannot hold meanwhile are counted there.
    process.stdout.write(text);
    this.#counts[kind].drained += count;
    this.#counts[kind].printed += printed;
    this.#left -= printed;
    if (this.#left === 0) this.#done();
  }

  /** The last line: what was seen, printed and lost of each kind that was asked for. */
  account(source: RowSource): string {
    const counters = source.counters();
    const kinds = [...this.#kinds].map((kind) => {
      const lost = counters[kind].ring_lost;
      return { kind, seen: this.#counts[kind].drained + lost, printed: this.#counts[kind].printed, lost };
    });
    const loss = kinds.reduce((sum, { lost }) => sum + lost, 0);
    const duration_ms = Math.round(performance.now() - this.#began);
    if (this.#format === 'ndjson') {
      const byKind = Object.fromEntries(kinds.map(({ kind, ...counts }) => [kind, counts]));
      return JSON.stringify({ kind: 'accounting', duration_ms, kinds: byKind, loss });
    }
    const text = kinds.map(({ kind, seen, printed, lost }) => `${kind}: ${seen} seen, ${printed} printed, ${lost} lost`).join('; ');
    return `${text} (${(duration_ms / 1000).toFixed(1)} s)`;
  }
}
