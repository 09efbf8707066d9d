// The collector's options in one table: the command line, its help, the names in the environment and the types are made from it.
import { COMMON_OPTIONS } from '../agent/process/common-options.ts';
import { ConfigError } from '../agent/process/errors.ts';
import type { OptionTable, OptionValues } from '../agent/process/options.ts';
import { parseCount, parseDuration } from '../agent/process/units.ts';
import { checkDoor, DOOR_OPTIONS } from './door/options.ts';
import { StartError } from './errors.ts';
import { retentionSize } from './retention-size.ts';

const MIB = 1024 * 1024;
const parseMebibytes = parseCount(4, 1024 * 1024);
const mebibytes = (text: string): number => parseMebibytes(text) * MIB;

/** Options that say where the tables are. */
export const STORE_OPTIONS = {
  data: {
    flags: '--data <directory>',
    help: 'where the log and the embedded engine keep their files',
    parse: directory,
    fallback: '.data',
    env: 'TCPLENS_DATA',
  },
  clickhouse: {
    flags: '--clickhouse <url>',
    help: 'http(s)://user:password@host:8123/database of a ClickHouse server; without it, the engine inside this process',
    parse: clickhouseUrl,
    env: 'TCPLENS_CLICKHOUSE',
  },
  cluster: {
    flags: '--cluster <name>',
    help: 'cluster that the server of --clickhouse belongs to: tables are made replicated and, over its shards, distributed',
    parse: clusterName,
    env: 'TCPLENS_CLUSTER',
  },
} as const satisfies OptionTable;

export const COLLECTOR_OPTIONS = {
  ...DOOR_OPTIONS,
  ...STORE_OPTIONS,
  logMax: {
    flags: '--log-max <MiB>',
    help: 'rows that may wait in the log while the store is away',
    parse: mebibytes,
    fallback: '2048',
    env: 'TCPLENS_LOG_MAX',
  },
  inFlightMax: {
    flags: '--in-flight-max <MiB>',
    help: 'batches that may be in memory at once',
    parse: mebibytes,
    fallback: '64',
    env: 'TCPLENS_IN_FLIGHT_MAX',
  },
  retentionSize: {
    flags: '--retention-size <size>',
    help: 'how large the tables may get, as in 500GB or 80% (of their disk): beyond it the oldest day goes',
    parse: retentionSize,
    fallback: '80%',
    env: 'TCPLENS_RETENTION_SIZE',
  },
  retireAfter: {
    flags: '--retire-after <duration>',
    help: 'how long a host has to be silent to leave the list of hosts, as one that autoscaling has removed',
    parse: parseDuration,
    fallback: '24h',
    env: 'TCPLENS_RETIRE_AFTER',
  },
  logLevel: COMMON_OPTIONS.logLevel,
} as const satisfies OptionTable;

/** The parsed options. Sizes in bytes, durations in ms. */
export type Config = OptionValues<typeof COLLECTOR_OPTIONS>;

/** @throws StartError where options contradict each other */
export function checkConfig({ cluster, clickhouse, ...config }: Config): void {
  checkDoor(config);
  if (cluster === undefined || clickhouse !== undefined) return;
  throw new StartError(
    'cluster_without_server',
    '--cluster needs --clickhouse, the URL of one of its servers: the engine inside this process has no others.',
  );
}

function clickhouseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url !== null && ['http:', 'https:'].includes(url.protocol)) return url;
  throw new ConfigError('bad_value', `"${text}" is not a URL: write it like http://127.0.0.1:8123/tcplens`);
}

function clusterName(text: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(text)) return text;
  throw new ConfigError('bad_value', `"${text}" is not the name of a cluster: it has letters, digits and _, as in remote_servers`);
}

function directory(text: string): string {
  // ClickHouse's file() takes these characters as patterns, and they cannot be escaped.
  if (text !== '' && !/[*?{}]/.test(text)) return text;
  throw new ConfigError('bad_value', `"${text}" is not a directory for this: it must be a path without * ? { and }`);
}
