// `tcplens investigate --replay`: judges an investigation again, from its recording.
import process from 'node:process';
import { Check } from 'typebox/schema';
import { HEAD_AT, KINDS } from '../../bpf/rows/rows.gen.ts';
import { Collected } from '../investigations/collected.ts';
import { HostTold } from '../investigations/host-recording.ts';
import { RowFile } from '../investigations/result-files.ts';
import { escapeControls } from '../process/terminal-text.ts';
import { type Investigated, investigationIn, unreadable } from '../recording/investigation.ts';
import { Recording } from '../recording/read.ts';
import { tellResult } from './investigate-host.ts';
import { HOST_ID, type ResultConfig } from './investigate-options.ts';

/** Judges what a collector has recorded. */
export type OfCollector = (recording: Recording, told: unknown, config: ResultConfig) => Promise<void>;

/** @throws RecordingError, AgentError `result_file` */
export async function replayInvestigation(file: string, config: ResultConfig, ofCollector: OfCollector): Promise<void> {
  const recording = new Recording(file);
  try {
    const found = investigationIn(recording);
    const { tcplens, hosts } = recording.header;
    const who = found.by === 'host' ? 'one host by itself' : `a collector, of ${hosts?.length ?? 0} hosts`;
    for (const sentence of [`from the recording ${file}, which tcplens ${tcplens} made at ${who}`, ...found.notices])
      process.stderr.write(`${escapeControls(sentence)}\n`);
    if (found.by === 'collector') await ofCollector(recording, found.told, config);
    else judgeHost(recording, found, config);
  } finally {
    recording.close();
  }
}

function judgeHost(recording: Recording, { told }: Investigated, config: ResultConfig): void {
  if (!Check(HostTold, told)) throw unreadable(recording);
  const collected = new Collected(told.rows_max);
  const rows = config.ndjson === undefined ? undefined : new RowFile(config.ndjson);
  for (const part of recording.parts()) {
    if (part.sort !== 'rows') continue;
    // Rows in the recording have no host id.
    const view = new DataView(part.rows.buffer, part.rows.byteOffset, part.rows.byteLength);
    for (let at = 0; at < part.rows.length; at += KINDS[part.kind].size) view.setBigUint64(at + HEAD_AT.host_id, HOST_ID, true);
    rows?.add(part.kind, part.rows);
    collected.add(part.kind, part.rows);
  }
  rows?.close();
  tellResult(told, collected, config);
}
