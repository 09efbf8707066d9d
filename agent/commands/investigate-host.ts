// An investigation of this host alone: from the kernel's rows to a verdict, in one process.
import type { PacketRow } from '../../bpf/rows/rows.gen.ts';
import { DETAIL, lookWords } from '../contract/detail.ts';
import { commentsOf } from '../exports/comments.ts';
import { momentOf, reportHtml } from '../exports/report.ts';
import { pick } from '../filter/run.ts';
import { Collected } from '../investigations/collected.ts';
import { HostRecording, type HostTold } from '../investigations/host-recording.ts';
import { programOf } from '../investigations/program.ts';
import { RowFile, writeResult } from '../investigations/result-files.ts';
import { Slots } from '../investigations/slots.ts';
import type { KernelSource } from '../kernel/ring-source.ts';
import { Drain } from '../loop/drain.ts';
import { pump } from '../loop/pump.ts';
import { Pcapng } from '../pcapng/write.ts';
import { AgentError } from '../process/errors.ts';
import { stopSignal } from '../process/stop-signal.ts';
import { VERSION } from '../process/version.ts';
import { unseenIn } from '../source/unseen.ts';
import { incomplete, type Told, verdictJson, verdictText } from '../text/verdict-text.ts';
import { claimsOf } from '../verdict/claims.ts';
import { EVIDENCE_KINDS } from '../verdict/evidence.ts';
import { findInSteps } from '../verdict/found.ts';
import { atOnce } from '../verdict/joined.ts';
import type { Judged } from '../verdict/verdicts.ts';
import type { HostConfig, ResultConfig } from './investigate-options.ts';
import { sayUnseen, UnseenTold } from './unseen-told.ts';

/** @throws FilterError, and AgentError at the end, where some rows could not be seen */
export async function investigateHost(source: KernelSource, filter: string, config: HostConfig): Promise<void> {
  const unseen = new UnseenTold({ unseen: (kinds) => unseenIn(source, kinds) }, new Set(EVIDENCE_KINDS), sayUnseen);
  unseen.look();
  const { program, other_end } = programOf({ id: '0000000000000001', expression: filter }, source.filters.names(), Date.now() + config.for);
  const began_ms = Date.now();
  const rows = config.ndjson === undefined ? undefined : new RowFile(config.ndjson);
  const recording = config.recording === undefined ? undefined : new HostRecording(config.recording, source, config.interval);
  source.filters.exclusive(true);
  // No slot was used before, so no row in the rings has its bit.
  const slots = new Slots(source.filters, () => undefined);
  const slot = slots.take(program, config.rowBudget, { detail: config.detail, user_stacks: config.userStacks });
  if (slot === undefined) throw new AgentError('filter', 'no slot is free');
  source.restrict(config.ownNetns);
  const collected = new Collected(config.rowsMax);
  const full = new AbortController();
  const drain = new Drain(source, (kind, drained) => {
    const wanted = pick(kind, drained);
    rows?.add(kind, wanted);
    collected.add(kind, wanted);
    recording?.add(kind, wanted);
    if (collected.is_full) full.abort();
  });
  const stop = AbortSignal.any([stopSignal(), AbortSignal.timeout(config.for), full.signal]);
  await pump({
    source,
    drain,
    interval_ms: config.interval,
    stop,
    onSweep: () => recording?.takeNames(),
    onRound: () => recording?.look(),
  });
  rows?.close();
  const account = slots.counters(slot);
  slots.free(slot);
  const { detail, userStacks: user_stacks, rowsMax: rows_max } = config;
  const told: HostTold = { filter, detail, user_stacks, rows_max, other_end, account, began_ms, ended_ms: Date.now() };
  recording?.end(told);
  tellResult(told, collected, config);
  unseen.end();
}

/** Judges the rows, and prints and writes what that gives. @throws AgentError `result_file` */
export function tellResult(of: HostTold, collected: Collected, config: ResultConfig): void {
  const { filter, other_end, account, detail } = of;
  const found = atOnce(findInSteps(collected.evidence));
  const { judged, stacks } = found;
  const claims = claimsOf(found);
  const told: Told = { filter, other_end, account, left_out: collected.left_out, judged, claims, stacks, watched: DETAIL[detail] };
  if (config.pcapng !== undefined) writeResult(config.pcapng, capture(told, collected, judged));
  if (config.report !== undefined) writeResult(config.report, report(told, of));
  process.stdout.write(config.json ? `${verdictJson(told)}\n` : verdictText(told));
}

function capture(told: Told, { evidence }: Collected, { verdicts }: Judged): Buffer {
  const comment = commentsOf(verdicts);
  const packets = evidence.packet
    .toSorted((one, other) => Number(one.time_ns - other.time_ns))
    .map((row) => ({ row, comment: comment(row) }));
  const device = ({ netns, ifindex }: PacketRow) => `netns ${netns} device ${ifindex}`;
  const cut = incomplete(told).map((sentence) => `Cut: ${sentence}.`);
  const section = { application: `tcplens ${VERSION}`, comment: [`Packet headers of ${told.filter}.`, ...cut].join(' ') };
  const pcapng = new Pcapng(section, device);
  return Buffer.concat([pcapng.begin, ...packets.map((packet) => pcapng.blockOf(packet))]);
}

function report(told: Told, { detail, user_stacks = false, began_ms, ended_ms }: HostTold): string {
  const { filter, account, judged, claims, stacks, other_end } = told;
  const { matched, passed, over_budget } = account;
  const other = other_end.watched ? '' : other_end.why;
  const state = { state: 'ended', reason: '', matched: Number(matched), passed: Number(passed), over_budget: Number(over_budget) };
  return reportHtml({
    expression: filter,
    asked: [
      ['hosts', 'the one on which it ran'],
      ['detail', lookWords({ detail, user_stacks })],
      ['began', momentOf(began_ms)],
      ['ended', momentOf(ended_ms)],
    ],
    hosts: [{ host_id: '0000000000000001', host: 'this host', ...state, other_end: other }],
    judged,
    claims,
    stacks,
    incomplete: told.left_out > 0 ? [`It ended early: ${told.left_out} rows were left out.`] : [],
    cut: [],
    made_at_ms: Date.now(),
    version: VERSION,
  });
}
