// The options of `tcplens investigate`.
import { SOURCE_OPTIONS } from '../config.ts';
import { DETAILS } from '../contract/detail.ts';
import { parseBudget } from '../kernel/budget.ts';
import { COMMON_OPTIONS } from '../process/common-options.ts';
import type { OptionValues } from '../process/options.ts';
import { oneOf, parseCount, parseDuration, parseUrl } from '../process/units.ts';

export const OWN_OPTIONS = {
  for: { flags: '--for <duration>', help: 'how long it looks', parse: parseDuration, fallback: '30s' },
  detail: {
    flags: '--detail <level>',
    help: 'rows; stacks: with the kernel’s stack at each drop, reset, retransmission and zero window; progress: and each segment that comes to a socket; packets: and the headers at network devices',
    parse: oneOf(DETAILS),
    fallback: 'packets',
  },
  userStacks: {
    flags: '--user-stacks',
    help: 'with the stacks also the process’s own functions, where its system call led there and it was compiled with frame pointers',
  },
  rowBudget: { flags: '--row-budget <budget>', help: 'rows a second of each host, or "none"', parse: parseBudget, fallback: '20000/s' },
  rowsMax: { flags: '--rows-max <rows>', help: 'a host stops after so many', parse: parseCount(1, 10_000_000), fallback: '1000000' },
  pcapng: { flags: '--pcapng <file>', help: 'write the headers there, with what is known of each packet, for Wireshark', parse: String },
  report: { flags: '--report <file>', help: 'write what was found there, as HTML that needs no network', parse: String },
  ndjson: { flags: '--ndjson <file>', help: 'write all rows there: one JSON object a line, with the names of rows.h', parse: String },
  recording: {
    flags: '--recording <file>',
    help: 'write all of it there, to be judged again anywhere: investigate --replay FILE',
    parse: String,
  },
  json: COMMON_OPTIONS.json,
} as const;

export const REPLAY_OPTIONS = {
  replay: {
    flags: '--replay <file>',
    help: 'judge the investigation of this recording again; needs no kernel, no collector and no root',
    parse: String,
  },
} as const;
/** The options that are allowed with --replay. */
export const RESULT_OPTIONS = ['pcapng', 'report', 'ndjson', 'json'] as const;

/** The host id in rows of this host: nobody else reads them. */
export const HOST_ID = 1n;

export const COLLECTOR_OPTIONS = {
  collector: { flags: '--collector <url>', help: 'look at hosts of this collector, in place of this one', parse: parseUrl },
  hosts: { flags: '--hosts <expression>', help: 'which of them, by name, id or label: label.env = prod (default: all)', parse: String },
  note: { flags: '--note <text>', help: 'what it is for, kept beside it in the collector', parse: String },
  tokenFile: COMMON_OPTIONS.tokenFile,
  ca: COMMON_OPTIONS.ca,
} as const;

const { replay: _replay, speed: _speed, loop: _loop, hostId: _hostId, stateDir: _stateDir, ...SOURCE } = SOURCE_OPTIONS;
export const HOST_OPTIONS = { ...SOURCE, interval: { ...SOURCE.interval, fallback: '2s' } } as const;

type OwnConfig = OptionValues<typeof OWN_OPTIONS>;
export type HostConfig = OptionValues<typeof HOST_OPTIONS> & OwnConfig;
type CollectorConfig = OptionValues<typeof COLLECTOR_OPTIONS>;
export type InvestigateConfig = HostConfig & CollectorConfig & OptionValues<typeof REPLAY_OPTIONS>;
export type ResultConfig = Pick<OwnConfig, (typeof RESULT_OPTIONS)[number]>;

/** What the command asks of a collector. */
export type AskedOfCollector = Omit<CollectorConfig, 'collector'> & OwnConfig & { collector: string };
