// `tcplens investigate --collector`: starts an investigation at a collector, follows it, and says what it has found.
import process from 'node:process';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Detail } from '../agent/contract/detail.ts';
import { reportHtml } from '../agent/exports/report.ts';
import { rowJson } from '../agent/exports/row-json.ts';
import { stopSignal } from '../agent/process/stop-signal.ts';
import type { Recording } from '../agent/recording/read.ts';
import { INVESTIGATIONS_API, type InvestigationStarted, type OneInvestigation, type Verdict } from './api/investigations.ts';
import { type CollectorClient, writeFileOf } from './collector-client.ts';
import { StartError } from './errors.ts';
import { Progress } from './investigate/progress.ts';
import { foundJson, foundText, progressText } from './investigate/words.ts';
import { captureOf } from './investigations/capture.ts';
import { judgeRecorded, packetsIn, rowsIn, toldIn } from './investigations/recorded.ts';
import { reported } from './investigations/report-facts.ts';
import { verdictOf } from './investigations/verdict.ts';
import { openClient } from './open-client.ts';

export type Asked = {
  collector: string;
  tokenFile: string | undefined;
  ca: string | undefined;
  hosts: string | undefined;
  note: string | undefined;
  for: number;
  detail: Detail;
  userStacks: boolean;
  /** 0: no limit */
  rowBudget: { rows_per_s: number };
  rowsMax: number;
  pcapng: string | undefined;
  report: string | undefined;
  ndjson: string | undefined;
  recording: string | undefined;
  json: boolean;
};

export type ResultFiles = Pick<Asked, 'pcapng' | 'report' | 'ndjson' | 'json'>;

const LOOK_MS = 1000;
/** How long to wait, after the end, for rows that are on their way and for hosts that may be silent. */
const SETTLES_MS = 20_000;
/** The most that a collector accepts as a budget. */
const NO_BUDGET_ROWS_PER_S = 100_000;
const KEPT_MS = 30 * 86_400_000;

/** @throws StartError `not_ready` with the collector's refusal, or the reason why it cannot be reached */
export async function investigateAt(expression: string, asked: Asked): Promise<void> {
  const client = openClient(asked);
  const { id, hosts } = await client.ask<InvestigationStarted>(INVESTIGATIONS_API.investigations, {
    expression,
    hosts: asked.hosts ?? '',
    detail: asked.detail,
    user_stacks: asked.userStacks,
    rows_per_s: asked.rowBudget.rows_per_s || NO_BUDGET_ROWS_PER_S,
    rows_max: asked.rowsMax,
    for_ms: asked.for,
    keep_ms: KEPT_MS,
    note: asked.note ?? '',
    dry_run: false,
  });
  const of = (path: string) => path.replace(':id', id);
  if (hosts === 0) {
    await client.ask(of(INVESTIGATIONS_API.stop), {});
    const meant = asked.hosts === undefined ? 'the collector has no host' : `no host of the collector is one of "${asked.hosts}"`;
    throw new StartError('not_ready', `${meant}: "tcplens admin agents" lists them, and "tcplens admin enrol" lets more join`);
  }
  const progress = new Progress(process.stderr);
  progress.line(`investigation ${id} on ${hosts} ${hosts === 1 ? 'host' : 'hosts'} of ${asked.collector}; Ctrl-C ends it`);
  const { one, verdict } = await follow(client, of, stopSignal(), progress);
  for (const [file, path] of [
    [asked.pcapng, INVESTIGATIONS_API.packets],
    [asked.ndjson, INVESTIGATIONS_API.rows],
    [asked.report, INVESTIGATIONS_API.report],
    [asked.recording, INVESTIGATIONS_API.recording],
  ] as const)
    if (file !== undefined) await client.download(of(path), file);
  process.stdout.write(asked.json ? foundJson(one, verdict) : foundText(one, verdict));
}

/**
 * `tcplens investigate --replay` of a collector's recording.
 * @throws RecordingError, StartError `not_ready` where a file cannot be written
 */
export async function judgeAgain(recording: Recording, said: unknown, files: ResultFiles): Promise<void> {
  const told = toldIn(recording, said);
  const { investigation: one } = told;
  const judging = judgeRecorded(recording, told);
  const names = new Map(recording.header.hosts?.map(({ host_id, name }) => [host_id, name]));
  const pieces = {
    pcapng: () => captureOf(packetsIn(recording), one, judging, (host_id) => names.get(host_id) ?? host_id),
    ndjson: () => rowsIn(recording).map((rows) => rows.map((row) => `${rowJson(row)}\n`).join('')),
    report: () => [reportHtml(reported(one, judging, Date.now()))],
  };
  for (const name of ['pcapng', 'ndjson', 'report'] as const) {
    const file = files[name];
    if (file !== undefined) await writeFileOf(Readable.from(pieces[name]()), file);
  }
  const verdict = verdictOf(judging);
  process.stdout.write(files.json ? foundJson(one, verdict) : foundText(one, verdict));
}

/** Waits until the investigation has ended at every host and all rows are stored, at most SETTLES_MS after its end. */
async function follow(client: CollectorClient, of: (path: string) => string, stop: AbortSignal, progress: Progress) {
  let isStopped = false;
  let ended_ms: number | undefined;
  for (;;) {
    if (stop.aborted && !isStopped) {
      isStopped = true;
      await client.ask(of(INVESTIGATIONS_API.stop), {});
    }
    const one = await client.ask<OneInvestigation>(of(INVESTIGATIONS_API.investigation));
    const verdict = await client.ask<Verdict>(of(INVESTIGATIONS_API.verdict));
    if (one.state === 'ended') ended_ms ??= Date.now();
    const isDone = one.state === 'ended' && one.counts.waiting + one.counts.running === 0 && verdict.rows.stored >= verdict.rows.written;
    if (isDone || (ended_ms !== undefined && Date.now() - ended_ms > SETTLES_MS)) {
      progress.done();
      return { one, verdict };
    }
    progress.now(progressText(one, verdict, Date.now()));
    await sleep(LOOK_MS, undefined, isStopped ? {} : { signal: stop }).catch(() => undefined);
  }
}
