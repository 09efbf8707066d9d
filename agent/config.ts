// What can be set, where it is said and what it defaults to. Every command of the agent takes its options from here.
import { join } from 'node:path';
import { BATCH_BYTES_MAX } from './contract/batch-envelope.ts';
import { DEFAULT_BUDGETS, parseBudgets } from './kernel/budget.ts';
import { parseAttributes } from './metrics/connection-attributes.ts';
import { ConfigError } from './process/errors.ts';
import { LOG_LEVELS } from './process/log.ts';
import type { OptionSpec, OptionValues } from './process/options.ts';
import { oneOf, parseCount, parseDuration, parseEndpoint, parseHostId, parsePercent, parseSize, parseUrl } from './process/units.ts';

/** A batch of each kind must fit in several times, or the queue would drop what it was just given. */
const QUEUE_BYTES_MIN = 8 * BATCH_BYTES_MAX;

const SPOOL_BYTES_MIN = 16 * BATCH_BYTES_MAX;

function parseQueue(text: string): number {
  const size = parseSize(text);
  if (size < QUEUE_BYTES_MIN)
    throw new ConfigError('bad_value', `${text} is too small for a queue: give at least ${QUEUE_BYTES_MIN / BATCH_BYTES_MAX}MiB`);
  return size;
}

function parseSpool(text: string): number {
  const size = parseSize(text);
  if (size < SPOOL_BYTES_MIN) throw new ConfigError('bad_value', `${text} is too small for a spool: give at least 16MiB, or --spool none`);
  return size;
}

/** How rows are got: from the kernel, or from a recording. */
export const SOURCE_OPTIONS = {
  interval: {
    flags: '--interval <duration>',
    help: 'time between two sweeps over the live sockets',
    parse: parseDuration,
    fallback: '10s',
  },
  ringBytes: {
    flags: '--ring-bytes <size>',
    help: 'kernel memory for connection rows; the other kinds have a fraction of it each',
    parse: parseSize,
    fallback: '16MiB',
  },
  budget: {
    flags: '--budget <list>',
    help: 'rows a second that a kind may come to, or "none"; what goes beyond is counted as withheld',
    parse: parseBudgets,
    fallback: DEFAULT_BUDGETS,
  },
  ownNetns: { flags: '--own-netns', help: 'sample only the network namespace that it is started in, and keep no capability for others' },
  hostId: { flags: '--host-id <hex>', help: 'identity of this host, in place of the one derived from /etc/machine-id', parse: parseHostId },
  stateDir: {
    flags: '--state-dir <path>',
    help: 'where a host id is kept on machines without /etc/machine-id',
    parse: String,
    fallback: '/var/lib/tcplens',
    env: 'STATE_DIRECTORY',
  },
  replay: { flags: '--replay <file>', help: 'rows from a recording in place of the kernel; needs no root', parse: String },
  speed: { flags: '--speed <factor>', help: 'of a replay; 0 is as fast as it can be taken', parse: parseCount(0, 1000), fallback: '1' },
  loop: { flags: '--loop', help: 'begin the replay again when it ends' },
  refuse: {
    flags: '--refuse <hooks>',
    help: 'treat these hooks (with commas) as refused by the kernel',
    parse: (text: string) => text.split(','),
    fallback: '',
    hidden: true,
  },
} as const satisfies Record<string, OptionSpec>;

/** Where what is seen goes. */
export const AGENT_OPTIONS = {
  collector: { flags: '--collector <url>', help: 'tcplens collector to ship rows to', parse: parseUrl, env: 'TCPLENS_COLLECTOR' },
  otlp: {
    flags: '--otlp <url>',
    help: 'OTLP/HTTP receiver to export metrics to, without /v1/metrics',
    parse: parseUrl,
    env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
  },
  metrics: {
    flags: '--metrics <address>',
    help: 'where Prometheus finds /metrics, or "none"',
    parse: parseEndpoint,
    fallback: '127.0.0.1:8601',
  },
  metricAttributes: {
    flags: '--metric-attributes <list>',
    help: 'attributes that multiply series: server.port, tcplens.comm, or "none"',
    parse: parseAttributes,
    fallback: 'server.port',
  },
  spool: {
    flags: '--spool <directory>',
    help: 'where batches are kept until a collector has them, or "none": in memory only (default: agent/ in --state-dir; none for a replay)',
    parse: String,
    env: 'TCPLENS_SPOOL',
  },
  spoolBytes: {
    flags: '--spool-bytes <size>',
    help: 'disk that the spool may take; beyond it the oldest batches go',
    parse: parseSpool,
    fallback: '1GiB',
  },
  spoolAge: {
    flags: '--spool-age <duration>',
    help: 'how long a batch may wait in the spool',
    parse: parseDuration,
    fallback: '7d',
  },
  queueBytes: {
    flags: '--queue-bytes <size>',
    help: 'memory for batches that are not on disk: while they are compressed, while the disk takes none, or with --spool none',
    parse: parseQueue,
    fallback: '64MiB',
  },
  cpuBudget: {
    flags: '--cpu-budget <percent>',
    help: 'of one processor: sweeps come less often, down to a sixth, where the agent would use more',
    parse: parsePercent,
    fallback: '2%',
  },
  logLevel: { flags: '--log-level <level>', help: LOG_LEVELS.join(', '), parse: oneOf(LOG_LEVELS), fallback: 'info' },
  exitWithParent: { flags: '--exit-with-parent', help: 'stop when the IPC channel to the parent closes', hidden: true },
} as const satisfies Record<string, OptionSpec>;

export type SourceConfig = OptionValues<typeof SOURCE_OPTIONS>;
export type AgentConfig = SourceConfig & OptionValues<typeof AGENT_OPTIONS>;

/** The spool's directory; undefined where batches are kept in memory only. A recording can be replayed again. */
export function spoolDirectory({ spool, replay, stateDir }: Pick<AgentConfig, 'spool' | 'replay' | 'stateDir'>): string | undefined {
  if (spool === 'none') return undefined;
  return spool ?? (replay === undefined ? join(stateDir, 'agent') : undefined);
}
