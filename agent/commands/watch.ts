// `tcplens watch`: prints rows as a table or as JSON lines, straight from the source, without a collector.
import { Command } from 'commander';
import { KIND, type Kind } from '../../bpf/rows/rows.gen.ts';
import { SOURCE_OPTIONS, type SourceConfig } from '../config.ts';
import { isDetail } from '../contract/detail.ts';
import { ANY_NAMES } from '../filter/names.ts';
import { FILTER_OPTIONS } from '../filter/options.ts';
import { parseFilter } from '../filter/parse.ts';
import { Drain } from '../loop/drain.ts';
import { pump } from '../loop/pump.ts';
import { COMMON_OPTIONS } from '../process/common-options.ts';
import { TcplensError } from '../process/errors.ts';
import { addOptions, type OptionValues } from '../process/options.ts';
import { stopSignal } from '../process/stop-signal.ts';
import { oneOf } from '../process/units.ts';
import { openSource } from '../source/open-source.ts';
import type { Source } from '../source/source.ts';
import { sayUnseen, UnseenTold } from './unseen-told.ts';
import { Printer, WATCH_FORMATS } from './watch-printer.ts';

const OWN_OPTIONS = {
  ...FILTER_OPTIONS,
  format: {
    flags: '--format <format>',
    help: 'text, or ndjson: one JSON object a line, with the names of rows.h',
    parse: oneOf(WATCH_FORMATS),
    fallback: 'text',
  },
  duration: COMMON_OPTIONS.duration,
  limit: COMMON_OPTIONS.limit,
} as const;

const WATCH_OPTIONS = {
  ...SOURCE_OPTIONS,
  interval: { ...SOURCE_OPTIONS.interval, fallback: '2s' },
  ...OWN_OPTIONS,
} as const;

type WatchConfig = SourceConfig & OptionValues<typeof OWN_OPTIONS>;

const NOTES = `
A filter runs in the kernel, for the --duration: what it does not want is never copied. Example:
  tcplens watch retransmit --filter 'peer in 10.0.0.0/8 and port = 443 and class in (rto, fast)'
Over a --replay, which has no kernel, the same expression is evaluated here, and without budget.

Rows that did not fit into the kernel ring while the output was slow are counted as lost in the last line, and those
beyond a budget as withheld. A kind of which a hook is not attached is told first and last, and the exit code is then 1,
or 78 where nothing that was asked for can be seen.`;

export function command(): Command {
  const watch = new Command('watch')
    .description('prints rows live, without a collector; ends with an account of what was lost')
    .argument('[kind...]', KIND.join(', '))
    .addHelpText('after', NOTES);
  return addOptions(watch, WATCH_OPTIONS).action(async (kinds: string[], config: WatchConfig) => {
    const all = KIND.filter((kind) => config.replay !== undefined || !isDetail(kind));
    const wanted = kinds.length === 0 ? all : kinds.map((kind) => parseKind(watch, kind));
    const detail = wanted.find(isDetail);
    if (detail !== undefined && config.filter === undefined && config.replay === undefined)
      watch.error(`error: ${detail} rows are written only of what a filter asks for: add --filter, such as 'port = 443'`);
    await runWatch(new Set(wanted), config);
  });
}

function parseKind(watch: Command, text: string): Kind {
  const kind = KIND.find((name) => name === text);
  return kind ?? watch.error(`error: "${text}" is no kind of row: choose from ${KIND.join(', ')}`);
}

async function runWatch(kinds: ReadonlySet<Kind>, config: WatchConfig): Promise<void> {
  for (const expression of config.filter ?? []) parseFilter(expression, ANY_NAMES, [...kinds]);
  const source = await openSource(config);
  try {
    await watchSource(source, kinds, config);
  } finally {
    source.rows.close();
  }
}

/** @throws CannotRunError, AgentError at the end, where rows that were asked for could not be seen */
export async function watchSource(source: Source, kinds: ReadonlySet<Kind>, config: WatchConfig): Promise<void> {
  const { filter: expressions, filterBudget: budget, duration: duration_ms } = config;
  const { rows } = source;
  const unseen = new UnseenTold(source, kinds, sayUnseen);
  unseen.look();
  if (unseen.is_all) unseen.end();
  const filters = expressions && source.filter({ expressions, kinds: [...kinds], budget, duration_ms });
  source.restrict(config.ownNetns);
  const stop = new AbortController();
  const print = new Printer({ kinds, format: config.format, limit: config.limit, filters, done: () => stop.abort() });
  // The reader of stdout has gone, as in `watch | head`: the account goes to stderr, and the rings are freed.
  process.stdout.prependOnceListener('error', () => {
    process.stderr.write(`${print.account(rows)}\n`);
    endAfter(unseen);
    rows.close();
  });
  const signals = [stop.signal, stopSignal(), ...(duration_ms === undefined ? [] : [AbortSignal.timeout(duration_ms)])];
  // All kinds are drained, also those that are not printed: their rings would fill up.
  const drain = new Drain(rows, (kind, drained) => {
    if (kinds.has(kind)) print.rows(kind, filters === undefined ? drained : filters.wanted(kind, drained));
  });
  const onSweep = () => {
    unseen.look();
    if (unseen.is_all) stop.abort();
  };
  await pump({ source: rows, drain, interval_ms: config.interval, stop: AbortSignal.any(signals), onSweep });
  unseen.look();
  process.stdout.write(`${print.account(rows)}\n`);
  unseen.end();
}

/** Ends the process with the exit code for rows that could not be seen, if there were any: nothing runs after this handler. */
function endAfter(unseen: UnseenTold): void {
  try {
    unseen.end();
  } catch (error) {
    if (!(error instanceof TcplensError)) throw error;
    process.stderr.write(`tcplens: ${error.message}\n`);
    process.exit(error.exitCode);
  }
}
