// The collector's options: one table, from which come the command line, its help, the environment's names and the types.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { isLoopback } from '../agent/process/loopback.ts';
import { StartError } from './errors.ts';
import { retentionSize } from './retention-size.ts';

const MIB = 1024 * 1024;

export type ListenAddress = { host: string; port: number };

/** `check` turns text into the value or throws with what is wrong; a default is text, checked like any other. */
export const OPTIONS = {
  listen: {
    argument: 'host:port',
    default: '127.0.0.1:8600',
    help: 'address of the dashboards, the API and the agents; loopback only, since nobody has to log in yet',
    check: listenAddress,
  },
  data: { argument: 'directory', default: '.data', help: 'where the log and the embedded engine keep their files', check: directory },
  clickhouse: {
    argument: 'url',
    default: '',
    help: 'http(s)://user:password@host:8123/database of a ClickHouse server; without it, the engine inside this process',
    check: clickhouseUrl,
  },
  cluster: {
    argument: 'name',
    default: '',
    help: 'cluster that the server of --clickhouse belongs to: tables are made replicated and, over its shards, distributed',
    check: clusterName,
  },
  log_max: { argument: 'MiB', default: '2048', help: 'rows that may wait in the log while the store is away', check: mebibytes },
  in_flight_max: { argument: 'MiB', default: '64', help: 'batches that may be in memory at once', check: mebibytes },
  retention_size: {
    argument: 'size',
    default: '80%',
    help: 'how large the tables may get, as in 500GB or 80% (of their disk): beyond it the oldest day goes',
    check: retentionSize,
  },
  log_level: {
    argument: 'level',
    default: 'info',
    help: 'least severe messages to print: fatal, error, warn, info, debug, trace or silent',
    check: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
  },
} as const satisfies Record<string, OptionRow>;

type OptionRow = { argument: string; default: string; help: string; check: (text: string) => unknown };
type OptionName = keyof typeof OPTIONS;

/** What the options come to. Sizes in bytes. */
export type Config = { readonly [Name in OptionName]: ReturnType<(typeof OPTIONS)[Name]['check']> };

/** Adds the options to a command. Its action then gets their texts, which `readConfig` turns into a Config. */
export function addOptions(command: Command): Command {
  for (const name of Object.keys(OPTIONS) as OptionName[]) {
    const { argument, default: text, help, check } = OPTIONS[name];
    const option = new Option(`${flagOf(name)} <${argument}>`, help).env(`TCPLENS_${name.toUpperCase()}`);
    // The text stays the value: `up` hands it on to `serve` as it was given.
    option.argParser((given: string) => {
      try {
        check(given);
        return given;
      } catch (error) {
        throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
      }
    });
    command.addOption(text === '' ? option : option.default(text));
  }
  return command;
}

/** The Config of what commander collected, defaults where it has nothing. */
export function readConfig(texts: Record<string, unknown>): Config {
  const checked = (Object.keys(OPTIONS) as OptionName[]).map((name) => [name, OPTIONS[name].check(textOf(texts, name))]);
  const config = Object.fromEntries(checked) as Config;
  if (config.cluster === undefined || config.clickhouse) return config;
  throw new StartError(
    'cluster_without_server',
    '--cluster needs --clickhouse, the URL of one of its servers: the engine inside this process has no others.',
  );
}

/** The command line that gives another process the same options. */
export function optionArguments(texts: Record<string, unknown>): string[] {
  return (Object.keys(OPTIONS) as OptionName[]).flatMap((name) => {
    const text = textOf(texts, name);
    return text === '' ? [] : [flagOf(name), text];
  });
}

function flagOf(name: OptionName): string {
  return `--${name.replaceAll('_', '-')}`;
}

/** Commander names `--log-max` logMax. */
function textOf(texts: Record<string, unknown>, name: OptionName): string {
  const camel = name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
  return String(texts[camel] ?? OPTIONS[name].default);
}

function listenAddress(text: string): ListenAddress {
  const found = /^(?:\[([0-9a-f:]+)\]|([^:[\]]+)):(\d{1,5})$/i.exec(text);
  const host = found?.[1] ?? found?.[2];
  const port = Number(found?.[3]);
  if (!host || port > 65_535) throw new Error('It must be host:port, as in 127.0.0.1:8600 or [::1]:8600.');
  if (!isLoopback(host)) {
    throw new Error(
      `${host} is not a loopback address: there is no authentication yet, so anybody who reaches the port could read and write. ` +
        'Listen on 127.0.0.1 and let a proxy that asks for credentials, or an ssh tunnel, carry it further.',
    );
  }
  return { host, port };
}

function clickhouseUrl(text: string): URL | undefined {
  if (text === '') return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol)) throw new Error('It must be a URL, as in http://127.0.0.1:8123/tcplens.');
  return url;
}

function clusterName(text: string): string | undefined {
  if (text === '') return undefined;
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(text)) throw new Error('It must be a name of letters, digits and _, as in remote_servers.');
  return text;
}

function mebibytes(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 4 || count > 1024 * 1024) throw new Error('It must be a whole number of MiB from 4 to 1048576.');
  return count * MIB;
}

function directory(text: string): string {
  // ClickHouse takes these as patterns where it reads the log's files, and knows no way to say that they are not.
  if (text === '' || /[*?{}]/.test(text)) throw new Error('It must be a path without * ? { and }.');
  return text;
}

function oneOf<const Value extends string>(...values: Value[]): (text: string) => Value {
  return (text) => {
    const value = values.find((candidate) => candidate === text);
    if (value === undefined) throw new Error(`It must be one of ${values.join(', ')}.`);
    return value;
  };
}
