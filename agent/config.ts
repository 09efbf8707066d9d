// The tables of the agent's options. Every command takes its options from here or from process/common-options.ts.
import { join } from 'node:path';
import { BATCH_BYTES_MAX } from './contract/batch-envelope.ts';
import { parseJoinLine } from './enrolment/join-line.ts';
import { DEFAULT_BUDGETS, parseBudgets } from './kernel/budget.ts';
import { parseAttributes } from './metrics/connection-attributes.ts';
import { COMMON_OPTIONS } from './process/common-options.ts';
import { ConfigError } from './process/errors.ts';
import type { OptionTable, OptionValues } from './process/options.ts';
import { parseCount, parseDuration, parseHostId, parsePercent, parseSize, parseUrls } from './process/units.ts';

/** Room for several batches of each kind: a smaller queue would drop batches that it was just given. */
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

/** Options of a source: the kernel, or a recording. */
export const SOURCE_OPTIONS = {
  interval: COMMON_OPTIONS.interval,
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
  ownNetns: { flags: '--own-netns', help: 'watch only the network namespace that it is started in, and keep no capability for others' },
  hostId: { flags: '--host-id <hex>', help: 'identity of this host, in place of the one derived from /etc/machine-id', parse: parseHostId },
  stateDir: {
    flags: '--state-dir <path>',
    help: 'where a host id is kept on machines without /etc/machine-id',
    parse: String,
    fallback: '/var/lib/tcplens',
    env: 'STATE_DIRECTORY',
  },
  replay: COMMON_OPTIONS.replay,
  speed: { flags: '--speed <factor>', help: 'of a replay; 0 is as fast as it can be taken', parse: parseCount(0, 1000), fallback: '1' },
  loop: COMMON_OPTIONS.loop,
  refuse: {
    flags: '--refuse <hooks>',
    help: 'treat these hooks (with commas) as refused by the kernel',
    parse: (text: string) => text.split(','),
    fallback: '',
    hidden: true,
  },
} as const satisfies OptionTable;

/** Options of an agent: where rows and metrics go. */
export const AGENT_OPTIONS = {
  collector: {
    flags: '--collector <urls>',
    help: 'tcplens collector to ship rows to; of several, with commas, the agent prefers one and uses the others while that is away',
    parse: parseUrls,
    env: 'TCPLENS_COLLECTOR',
  },
  join: {
    flags: '--join <line>',
    help: 'the line that "tcplens admin enrol" prints on the collector: lets this host in, once',
    parse: parseJoinLine,
    env: 'TCPLENS_JOIN',
  },
  rejoin: { flags: '--rejoin', help: 'with --join: take back the identity that this machine had before it was installed anew' },
  clientCert: {
    flags: '--client-cert <file>',
    help: 'certificate, PEM, for collectors that ask agents for one (--agent-client-ca)',
    parse: String,
    env: 'TCPLENS_CLIENT_CERT',
  },
  clientKey: { flags: '--client-key <file>', help: 'private key of --client-cert, PEM', parse: String, env: 'TCPLENS_CLIENT_KEY' },
  otlp: COMMON_OPTIONS.otlp,
  metrics: COMMON_OPTIONS.metrics,
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
  logLevel: COMMON_OPTIONS.logLevel,
  exitWithParent: COMMON_OPTIONS.exitWithParent,
} as const satisfies OptionTable;

export type SourceConfig = OptionValues<typeof SOURCE_OPTIONS>;
export type AgentConfig = SourceConfig & OptionValues<typeof AGENT_OPTIONS>;

/**
 * The spool's directory; undefined: batches are kept in memory only, as by default in a replay, which can be repeated. A host that a
 * collector has given an identity has one of its own for each: what it kept under another is not this one's.
 */
export function spoolDirectory(
  { spool, replay, stateDir }: Pick<AgentConfig, 'spool' | 'replay' | 'stateDir'>,
  member?: string,
): string | undefined {
  if (spool === 'none') return undefined;
  if (spool !== undefined) return member === undefined ? spool : join(spool, member);
  if (replay !== undefined) return undefined;
  return join(stateDir, member === undefined ? 'agent' : `agent-${member}`);
}
