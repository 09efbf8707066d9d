// `tcplens ask`: any question to a collector, as a table, JSON or a file.
import process from 'node:process';
import { Command } from 'commander';
import { ConfigError } from '../agent/process/errors.ts';
import { addOptions } from '../agent/process/options.ts';
import { escapeControls } from '../agent/process/terminal-text.ts';
import type { Differs } from './api/differs.ts';
import type { Explored, ExploreNames } from './api/explore.ts';
import { API } from './api.ts';
import { answerText, differsText, namesText } from './ask/answer-text.ts';
import { ASK_OPTIONS, type AskConfig } from './ask/options.ts';
import { openClient } from './open-client.ts';

const NOTES = `
The filter says of which rows, in the language that the pages and investigations have too; without one, of all. Examples:
  tcplens ask --by process,peer --last 1h
  tcplens ask 'service_port = 443 and label.env = prod' --metrics retransmit_ratio,rtt_p99,bytes_sent --by host --earlier 1d
  tcplens ask 'host = web-1' --metrics connects --step 60 --csv
  tcplens ask --metrics failed_connects --last 1h --differs
  tcplens ask --names`;

export function command(): Command {
  const ask = new Command('ask').argument('[filter]', 'of which rows').addHelpText('after', NOTES);
  return addOptions(ask, ASK_OPTIONS).action((filter: string | undefined, config: AskConfig) => {
    checkOptions(ask, config);
    return answer(filter, config);
  });
}

/** Options that have no effect beside another one. */
const WITHOUT_EFFECT = {
  names: ['differs', 'metrics', 'by', 'last', 'from', 'to', 'step', 'earlier', 'top', 'sort', 'order', 'csv', 'parquet'],
  differs: ['by', 'step', 'earlier', 'sort', 'order', 'csv', 'parquet'],
  json: ['csv', 'parquet'],
  csv: ['parquet'],
  from: ['last'],
} as const satisfies Partial<Record<keyof AskConfig, readonly (keyof AskConfig)[]>>;

/** @throws ConfigError `bad_value` where an option would have no effect */
function checkOptions(command: Command, config: AskConfig): void {
  const given = (Object.keys(ASK_OPTIONS) as (keyof AskConfig)[]).filter((name) => command.getOptionValueSource(name) === 'cli');
  for (const [one, others] of Object.entries(WITHOUT_EFFECT) as [keyof AskConfig, readonly (keyof AskConfig)[]][]) {
    const other = given.includes(one) ? others.find((name) => given.includes(name)) : undefined;
    if (other !== undefined)
      throw new ConfigError('bad_value', `${flagOf(one)} and ${flagOf(other)} do not go together: leave one of them out`);
  }
  if (config.to !== undefined && config.from === undefined) throw new ConfigError('bad_value', '--to needs --from');
}

const flagOf = (name: keyof AskConfig): string => ASK_OPTIONS[name].flags.split(' ')[0] ?? name;

/** @throws StartError `not_ready` with the collector's refusal, or the reason why it cannot be reached */
async function answer(filter: string | undefined, config: AskConfig): Promise<void> {
  const client = openClient(config);
  if (config.names) return print(config, await client.ask<ExploreNames>(API.explore_names), namesText);
  if (config.differs) return print(config, await client.ask<Differs>(differsPath(filter, config)), differsText);
  if (config.parquet !== undefined) return client.download(explorePath(filter, config, 'parquet'), config.parquet);
  if (config.csv) return client.print(explorePath(filter, config, 'csv'), process.stdout);
  return print(config, await client.ask<Explored>(explorePath(filter, config, 'json')), answerText);
}

function print<Answer extends object>({ json }: AskConfig, answer: Answer, textOf: (answer: Answer) => string): void {
  process.stdout.write(json ? `${escapeControls(JSON.stringify(answer))}\n` : textOf(answer));
}

function timesOf({ from, to, last }: AskConfig) {
  const now_ms = Date.now();
  return { from: from ?? now_ms - last, to: to ?? now_ms };
}

function explorePath(filter: string | undefined, config: AskConfig, format: 'json' | 'csv' | 'parquet'): string {
  const { metrics, by, step, earlier, top, sort, order } = config;
  return pathOf(API.explore, {
    ...timesOf(config),
    filter,
    metrics,
    by,
    step,
    earlier: earlier && Math.round(earlier / 1000),
    top,
    sort,
    order,
    format,
  });
}

const differsPath = (filter: string | undefined, config: AskConfig): string =>
  pathOf(API.explore_differs, { ...timesOf(config), filter, metric: config.metrics, top: config.top });

function pathOf(path: string, query: Record<string, string | number | undefined>): string {
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as [string, string]]));
  return `${path}?${new URLSearchParams(given)}`;
}
