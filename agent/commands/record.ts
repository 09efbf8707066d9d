// `tcplens record`: writes the stream of rows to a file, for `--replay` on any machine.
import { randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { release } from 'node:os';
import { Command } from 'commander';
import { KIND, type Kind, type KindCounters } from '../../bpf/rows/rows.gen.ts';
import { SOURCE_OPTIONS, type SourceConfig } from '../config.ts';
import { FILTER_OPTIONS } from '../filter/options.ts';
import { type FilterOptions, type FilterRun, filterInKernel, filterRows } from '../filter/run.ts';
import type { KernelSource } from '../kernel/ring-source.ts';
import { bytes } from '../process/amounts.ts';
import { COMMON_OPTIONS } from '../process/common-options.ts';
import { ConfigError, RecordingError, reasonOf } from '../process/errors.ts';
import { addOptions, type OptionValues } from '../process/options.ts';
import { stopSignal } from '../process/stop-signal.ts';
import { escapeControls } from '../process/terminal-text.ts';
import { parseSize } from '../process/units.ts';
import { VERSION } from '../process/version.ts';
import { Anonymizer } from '../recording/anonymize.ts';
import { readContents } from '../recording/contents.ts';
import { copyRecording } from '../recording/copy.ts';
import { Intake } from '../recording/intake.ts';
import { Losses } from '../recording/losses.ts';
import { Recording } from '../recording/read.ts';
import { recordSource } from '../recording/record-source.ts';
import { RecordingWriter, type WriteOptions } from '../recording/write.ts';
import { lacking } from '../source/lacking.ts';
import { openHostKernel } from '../source/open-source.ts';
import { unseenIn } from '../source/unseen.ts';
import { sayUnseen, UnseenTold } from './unseen-told.ts';

const OWN_OPTIONS = {
  duration: COMMON_OPTIONS.duration,
  limit: COMMON_OPTIONS.limit,
  maxBytes: { flags: '--max-bytes <size>', help: 'stop before the file gets larger', parse: parseSize },
  ...FILTER_OPTIONS,
  force: { flags: '--force', help: 'replace a file that is there' },
  anonymize: {
    flags: '--anonymize',
    help: 'other addresses in place of the real ones, subnets still recognisable; no command lines, container, unit or namespace names',
  },
  anonymizeSecret: {
    flags: '--anonymize-secret <file>',
    help: 'what the other addresses are made from: the same file gives the same ones, in recordings of several hosts too',
    parse: String,
  },
} as const;

const { speed: _speed, loop: _loop, hostId: _hostId, stateDir: _stateDir, ...SOURCE } = SOURCE_OPTIONS;
/** The host id in drained rows. The file has none: it is cleared when rows are written. */
const HOST_ID = 1n;
const RECORD_OPTIONS = {
  ...SOURCE,
  interval: { ...SOURCE.interval, fallback: '2s' },
  replay: { ...SOURCE.replay, help: 'copy this recording in place of recording the kernel, to shorten it or to change its addresses' },
  ...OWN_OPTIONS,
} as const;

type RecordConfig = Omit<SourceConfig, 'speed' | 'loop' | 'hostId' | 'stateDir'> & OptionValues<typeof OWN_OPTIONS>;

const NOTES = `
A recording names no host, but holds addresses, process names, and of the processes, cgroups and network namespaces that
it mentions the command line, container, unit and name. --anonymize leaves those out and keeps process names and ports.

What cannot be seen because a hook is not attached is said first and last, and the exit code is then 1, or 78 where nothing
can be seen.`;

export function command(): Command {
  const record = new Command('record')
    .description('writes the stream of rows to a file, to be replayed anywhere')
    .argument('<file>', 'a new file')
    .addHelpText('after', NOTES);
  return addOptions(record, RECORD_OPTIONS).action(async (file: string, config: RecordConfig) => {
    const anonymizer = anonymizerOf(config);
    if (config.replay === undefined) await recordHost(file, config, anonymizer);
    else copy(file, config.replay, config, anonymizer);
  });
}

function anonymizerOf({ anonymize, anonymizeSecret }: RecordConfig): Anonymizer | undefined {
  if (!anonymize && anonymizeSecret === undefined) return undefined;
  if (anonymizeSecret === undefined) return new Anonymizer(randomBytes(32));
  try {
    return new Anonymizer(readFileSync(anonymizeSecret));
  } catch (error) {
    const reason = reasonOf(error);
    const make = 'head -c 32 /dev/urandom > secret';
    throw new ConfigError('no_secret', `cannot read the secret ${anonymizeSecret} (${reason}): give a file, made like this: ${make}`, {
      cause: error,
    });
  }
}

async function recordHost(file: string, config: RecordConfig, anonymizer: Anonymizer | undefined): Promise<void> {
  const source = await openHostKernel({ ...config, hostId: HOST_ID, stateDir: '' });
  try {
    await recordKernel(source, file, config, anonymizer);
  } finally {
    source.close();
  }
}

/** @throws CannotRunError, AgentError at the end, where some rows could not be seen; the file has the others */
export async function recordKernel(
  source: KernelSource,
  file: string,
  config: RecordConfig,
  anonymizer: Anonymizer | undefined,
): Promise<void> {
  const unseen = new UnseenTold({ unseen: (kinds) => unseenIn(source, kinds) }, new Set(KIND), sayUnseen);
  unseen.look();
  if (unseen.is_all) unseen.end();
  const header = {
    kernel: /^\d+\.\d+/.exec(release())?.[0] ?? '',
    started_ns: String(BigInt(Date.now()) * 1_000_000n),
    interval_ms: config.interval,
    anonymized: anonymizer !== undefined,
    ...filtersOf(config),
    refused: lacking(source.hooks()),
    absent: lacking(source.fields()),
  };
  const filters = filterRun(config, (options) => filterInKernel(source.filters, options));
  const writer = create(file, header, config);
  source.restrict(config.ownNetns);
  const signals = [stopSignal(), ...(config.duration === undefined ? [] : [AbortSignal.timeout(config.duration)])];
  const intake = new Intake(writer, { anonymizer, filters, limit: config.limit });
  await recordSource(source, writer, intake, {
    interval_ms: config.interval,
    stop: AbortSignal.any(signals),
    onSweep: () => unseen.look(),
  });
  summarize(file, writer, source.counters());
  unseen.end();
}

function copy(file: string, from: string, config: RecordConfig, anonymizer: Anonymizer | undefined): void {
  if (isSameFile(file, from)) throw new ConfigError('same_file', `${file} cannot be copied onto itself: choose another name`);
  const recording = new Recording(from);
  try {
    const { tcplens: _, layouts: __, hosts, ...header } = recording.header;
    if (hosts !== undefined)
      throw new RecordingError(
        'several_hosts',
        `${from} has rows of several hosts, which a copy could not tell apart: give the file itself away`,
      );
    header.anonymized ||= anonymizer !== undefined;
    const writer = create(file, { ...header, ...filtersOf(config, header.filters) }, config);
    const { names } = readContents(recording);
    const intake = new Intake(writer, {
      anonymizer,
      filters: filterRun(config, (options) => filterRows(options, names)),
      limit: config.limit,
    });
    const losses = new Losses();
    const duration_ms = config.duration ?? Number.POSITIVE_INFINITY;
    const counters = copyRecording({ recording, writer, intake, losses, duration_ms });
    for (const sentence of losses.sentences(recording.header)) process.stderr.write(`${escapeControls(`${from}: ${sentence}`)}\n`);
    summarize(file, writer, counters);
  } finally {
    recording.close();
  }
}

/** Starts the filters that were given; undefined without one. */
function filterRun({ filter, filterBudget, duration }: RecordConfig, start: (options: FilterOptions) => FilterRun): FilterRun | undefined {
  return filter && start({ expressions: filter, kinds: KIND, budget: filterBudget, duration_ms: duration });
}

/** The header's list of filters: those of the recording that is copied, then these. */
function filtersOf({ filter }: RecordConfig, before: readonly string[] = []): { filters?: string[] } {
  const filters = filter === undefined ? before : [...before, filter.join(' or ')];
  return filters.length === 0 ? {} : { filters: [...filters] };
}

function isSameFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map((file) => statSync(file, { throwIfNoEntry: false }));
  return a !== undefined && b !== undefined && a.ino === b.ino && a.dev === b.dev;
}

function create(file: string, header: Omit<WriteOptions['header'], 'tcplens'>, { force, maxBytes }: RecordConfig): RecordingWriter {
  return new RecordingWriter(file, { header: { tcplens: VERSION, ...header }, force, bytes_max: maxBytes });
}

function summarize(file: string, writer: RecordingWriter, counters: Record<Kind, KindCounters> | undefined): void {
  const account = KIND.map((kind) => `${writer.rows[kind]} ${kind} (${counters?.[kind].ring_lost ?? 'unknown'} lost)`).join(', ');
  process.stderr.write(`${escapeControls(file)}: ${bytes(writer.bytes)}, rows: ${account}\n`);
}
