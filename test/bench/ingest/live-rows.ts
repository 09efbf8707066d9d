// Rows that arrive as they happen: every second some agents send what they have, and a probe goes along many times a second. A
// row is visible when a query's answer has it.
import { setTimeout as sleep } from 'node:timers/promises';
import { HEAD_AT, KINDS } from '../../../bpf/rows/rows.gen.ts';
import { API, type Retransmits } from '../../../server/api.ts';
import { Cutter, type Frame, hostOf, placed, type Recorded } from '../recorded-rows.ts';
import { newSent, type Sender, type Sent } from './send.ts';

export type LiveRows = { rows_per_s: number; visible_ms: number[]; sent: Sent };

/** Each of them sends all recordings' rows every second. */
const AGENTS = 10;
const PROBE_HOST = hostOf(-1);
const PROBE_PERIOD_MS = 50;
/** A run's; so that the connections of two runs differ. */
const PROBES_MAX = 100_000;
/** A person's tools may ask 1 200 times a minute. */
const POLL_MS = 60;
const POLL_LIMIT = 200;
const LAST_WAIT_MS = 60_000;

type Going = () => boolean;

/**
 * Sends until `going` says otherwise, and waits until the last row is visible.
 * @param from the index of the first host: two runs on one collector need different ones
 */
export async function liveRows(
  sender: Sender,
  url: string,
  recordings: readonly Recorded[],
  { going, from, sent = newSent() }: { going: Going; from: number; sent?: Sent },
): Promise<LiveRows> {
  const began_ms = Date.now();
  const rows = recordings.reduce((sum, recorded) => sum + recorded.rows, 0);
  const probes = new Map<string, number>();
  const visible_ms: number[] = [];
  const agents = Array.from({ length: AGENTS }, (_, index) =>
    agent(sender, recordings, sent, { host_id: hostOf(from + index), index, begin_ms: began_ms + (index * 1000) / AGENTS, going }),
  );
  await Promise.all([...agents, probe(sender, recordings, probes, { going, from }), watch(url, probes, visible_ms, going)]);
  if (probes.size > 0) throw new Error(`${probes.size} probes were not visible after ${LAST_WAIT_MS} ms`);
  return { rows_per_s: rows * AGENTS, visible_ms, sent };
}

type LiveAgent = { host_id: bigint; index: number; begin_ms: number; going: Going };

async function agent(
  sender: Sender,
  recordings: readonly Recorded[],
  sent: Sent,
  { host_id, index, begin_ms, going }: LiveAgent,
): Promise<void> {
  const cutter = new Cutter(host_id, BigInt(Math.round(begin_ms)));
  const sending: Promise<void>[] = [];
  for (let second = 0; going(); second++) {
    await sleep(Math.max(0, begin_ms + second * 1000 - Date.now()));
    const place = { host_id, start_ns: BigInt(Math.round(begin_ms) + second * 1000 - 15_000) * 1_000_000n, copy: second * AGENTS + index };
    const frames: Frame[] = recordings.flatMap((recorded) =>
      recorded.frames.map((frame) => ({ kind: frame.kind, rows: placed(frame, recorded, place) })),
    );
    for (const batch of cutter.cut(frames)) sending.push(sender.rows(batch, sent));
  }
  await Promise.all(sending);
}

/** One retransmit row at a time, from now. */
async function probe(
  sender: Sender,
  recordings: readonly Recorded[],
  probes: Map<string, number>,
  { going, from }: { going: Going; from: number },
): Promise<void> {
  const recorded = recordings.find(({ frames }) => frames.some(({ kind }) => kind === 'retransmit'));
  const frame = recorded?.frames.find(({ kind }) => kind === 'retransmit');
  if (!recorded || !frame) throw new Error('no recording has a retransmit row');
  const one: Frame = { kind: 'retransmit', rows: frame.rows.subarray(0, KINDS.retransmit.size) };
  const cutter = new Cutter(PROBE_HOST, BigInt(Date.now()) + BigInt(from));
  const sending: Promise<void>[] = [];
  for (let count = from * PROBES_MAX; going(); count++) {
    const now_ms = Date.now();
    const rows = placed(one, recorded, { host_id: PROBE_HOST, start_ns: BigInt(now_ms) * 1_000_000n, copy: count });
    rows.writeBigUInt64LE(BigInt(now_ms) * 1_000_000n, HEAD_AT.time_ns);
    probes.set(String(rows.readBigUInt64LE(HEAD_AT.connection_id)), now_ms);
    for (const batch of cutter.cut([{ kind: 'retransmit', rows }])) sending.push(sender.rows(batch, newSent()));
    await sleep(PROBE_PERIOD_MS);
  }
  await Promise.all(sending);
}

/** Asks as a page does; a probe that an answer has is taken out of `probes`. */
async function watch(url: string, probes: Map<string, number>, visible_ms: number[], going: Going): Promise<void> {
  const question = `${url}${API.retransmits}?filter=host=${PROBE_HOST}&limit=${POLL_LIMIT}`;
  let end_ms = Number.POSITIVE_INFINITY;
  while (going() || (probes.size > 0 && Date.now() < end_ms)) {
    if (!going()) end_ms = Math.min(end_ms, Date.now() + LAST_WAIT_MS);
    const next = sleep(POLL_MS);
    const response = await fetch(question);
    if (response.ok) {
      const { retransmits } = (await response.json()) as Retransmits;
      const now_ms = Date.now();
      for (const { connection_id } of retransmits) {
        const sent_ms = probes.get(connection_id);
        if (sent_ms === undefined) continue;
        visible_ms.push(now_ms - sent_ms);
        probes.delete(connection_id);
      }
    } else {
      await response.text();
    }
    await next;
  }
}
