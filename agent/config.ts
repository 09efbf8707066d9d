// The tables of the agent's options. Every command takes its options from here or from process/common-options.ts.
import { join } from 'node:path';
import { numberIn, wordsIn } from './contract/setting-form.ts';
import { HOOKS, OPTIONAL_ATTRIBUTES, SETTING_NAMES, SETTINGS } from './contract/settings.ts';
import { parseJoinLine } from './enrolment/join-line.ts';
import { DEFAULT_BUDGETS, parseBudgets } from './kernel/budget.ts';
import { COMMON_OPTIONS } from './process/common-options.ts';
import type { OptionTable, OptionValues } from './process/options.ts';
import { parseCount, parseHostId, parsePercent, parseUrls } from './process/units.ts';

/** The number that a setting's text means, in ms or bytes. */
const numberOf = (name: 'ring-bytes' | 'spool-bytes' | 'spool-age' | 'queue-bytes' | 'black-box') => (text: string) =>
  numberIn(SETTINGS[name].form, text);

const parsePins = (text: string) => (text === 'all' ? SETTING_NAMES : wordsIn(SETTING_NAMES, text));

/** Options of a source: the kernel, or a recording. */
export const SOURCE_OPTIONS = {
  interval: COMMON_OPTIONS.interval,
  ringBytes: {
    flags: '--ring-bytes <size>',
    help: SETTINGS['ring-bytes'].help,
    parse: numberOf('ring-bytes'),
    fallback: '16MiB',
  },
  budget: {
    flags: '--budget <list>',
    help: SETTINGS.budget.help,
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
    help: SETTINGS.refuse.help,
    parse: (text: string) => wordsIn(HOOKS, text),
    fallback: 'none',
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
    help: SETTINGS['metric-attributes'].help,
    parse: (text: string) => wordsIn(OPTIONAL_ATTRIBUTES, text),
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
    help: SETTINGS['spool-bytes'].help,
    parse: numberOf('spool-bytes'),
    fallback: '1GiB',
  },
  spoolAge: {
    flags: '--spool-age <duration>',
    help: SETTINGS['spool-age'].help,
    parse: numberOf('spool-age'),
    fallback: '7d',
  },
  queueBytes: {
    flags: '--queue-bytes <size>',
    help: SETTINGS['queue-bytes'].help,
    parse: numberOf('queue-bytes'),
    fallback: '64MiB',
  },
  blackBox: {
    flags: '--black-box <size>',
    help: SETTINGS['black-box'].help,
    parse: numberOf('black-box'),
    fallback: '0B',
  },
  cpuBudget: {
    flags: '--cpu-budget <percent>',
    help: SETTINGS['cpu-budget'].help,
    parse: parsePercent,
    fallback: '2%',
  },
  config: {
    flags: '--config <file>',
    help: 'file with settings, as lines like interval=5s; the command line and the environment come before it',
    parse: String,
    env: 'TCPLENS_CONFIG',
  },
  pin: {
    flags: '--pin <settings>',
    help: 'settings that no collector may change here, with commas, or "all"',
    parse: parsePins,
    fallback: 'none',
    env: 'TCPLENS_PIN',
  },
  logLevel: COMMON_OPTIONS.logLevel,
  exitWithParent: COMMON_OPTIONS.exitWithParent,
} as const satisfies OptionTable;

/** `began_ms`: when the replay of several hosts began, the same for all of them. */
export type SourceConfig = OptionValues<typeof SOURCE_OPTIONS> & { began_ms?: number };
export type AgentConfig = SourceConfig & OptionValues<typeof AGENT_OPTIONS>;

/**
 * The spool's directory; undefined: batches are kept in memory only, as by default in a replay, which can be repeated. Each identity that a
 * collector has given the host has a spool of its own: batches kept under another identity are not this one's.
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
