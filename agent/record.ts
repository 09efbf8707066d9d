// `tcplens record`: the stream of rows into a file, for `--replay` on any machine.
import { closeSync, openSync, writeSync } from 'node:fs';
import { release } from 'node:os';
import { Command } from 'commander';
import { KIND, KINDS } from '../bpf/rows.gen.ts';
import { eachKind } from './account.ts';
import { SOURCE_OPTIONS, type SourceConfig } from './config.ts';
import { Drain } from './drain.ts';
import { RecordingError } from './errors.ts';
import { openSource } from './open-source.ts';
import { addOptions } from './options.ts';
import { pump } from './pump.ts';
import { encodeFrame, encodeHeader } from './recording/format.ts';
import { bytes } from './row-text.ts';
import { stopSignal } from './stop-signal.ts';
import { parseDuration } from './units.ts';

const RECORD_OPTIONS = {
  ...SOURCE_OPTIONS,
  interval: { ...SOURCE_OPTIONS.interval, fallback: '2s' },
  duration: { flags: '--duration <duration>', help: 'stop after this long', parse: parseDuration },
} as const;

export function command(): Command {
  const record = new Command('record')
    .description('writes the stream of rows to a file, to be replayed anywhere')
    .argument('<file>', 'a new file');
  return addOptions(record, RECORD_OPTIONS).action(async (file: string, config: SourceConfig & { duration?: number }) => {
    await runRecord(file, config);
  });
}

async function runRecord(file: string, config: SourceConfig & { duration?: number }): Promise<void> {
  const source = await openSource(config);
  const rows = eachKind(() => 0);
  try {
    const descriptor = create(file);
    const began_ms = Date.now();
    let written = writeSync(descriptor, encodeHeader(source.host_id, release(), BigInt(began_ms) * 1_000_000n));
    const drain = new Drain(source, (kind, drained) => {
      rows[kind] += drained.length / KINDS[kind].size;
      written += writeSync(descriptor, encodeFrame({ kind, offset_ms: Date.now() - began_ms, rows: drained }));
    });
    const signals = [stopSignal(), ...(config.duration === undefined ? [] : [AbortSignal.timeout(config.duration)])];
    await pump({ source, drain, interval_ms: config.interval, stop: AbortSignal.any(signals) });
    closeSync(descriptor);
    const counters = source.counters();
    const account = KIND.map((kind) => `${rows[kind]} ${kind} (${counters[kind].ring_lost} lost)`).join(', ');
    process.stderr.write(`${file}: ${bytes(written)}, rows: ${account}\n`);
  } finally {
    source.close();
  }
}

function create(file: string): number {
  try {
    return openSync(file, 'wx');
  } catch (error) {
    throw new RecordingError('unwritable', `cannot create ${file}: ${error instanceof Error ? error.message : error}`, error);
  }
}
