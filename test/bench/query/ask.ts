// Asks a collector over HTTP as a page does, and how long the answers take.
import { setTimeout as sleep } from 'node:timers/promises';
import { API, type Edges, type Retransmits } from '../../../server/api.ts';
import type { CollectorProcess } from '../collector-process.ts';
import { quantile } from '../quantile.ts';
import type { Known, Question } from './questions.ts';

/** `cold_ms`: the first answer of this process; the others are warm. `cpu_ms`: of the collector, a warm answer. */
export type Answered = { name: string; cold_ms: number; p50_ms: number; p95_ms: number; cpu_ms: number; failed: string };

/** Below what a client may ask a minute. */
const APART_MS = 55;
/** A question that takes longer is asked less often. */
const ENOUGH_MS = 6000;
const AT_LEAST = 10;
const MESSAGE_CHARS = 200;

async function get(url: string, path: string): Promise<{ ms: number; text: string; status: number }> {
  const pause = sleep(APART_MS);
  const began = performance.now();
  const response = await fetch(`${url}${path}`);
  const text = await response.text();
  const ms = performance.now() - began;
  await pause;
  return { ms, text, status: response.status };
}

type Asked = { first_ms: number; failed: string; warm_ms: number[]; cpu_s: number };

/**
 * Asks each question once, then all of them again and again in turn, so that what else the collector or the machine does at some
 * moment falls on all alike. @param times how often each is asked after its first answer
 */
export async function answersTo(collector: CollectorProcess, questions: readonly Question[], times: number): Promise<Answered[]> {
  const asked: Asked[] = [];
  for (const question of questions) asked.push(await askedFirst(collector, question));
  for (let round = 0; round < times; round++) {
    for (const [at, one] of asked.entries()) {
      const spent_ms = one.warm_ms.reduce((sum, ms) => sum + ms, 0);
      if (one.failed !== '' || (spent_ms > ENOUGH_MS && one.warm_ms.length >= AT_LEAST)) continue;
      const before_s = collector.cpu_s;
      const { ms, failed } = await ask(collector.url, questions[at] as Question);
      one.cpu_s += collector.cpu_s - before_s;
      one.warm_ms.push(ms);
      one.failed = failed;
    }
  }
  return asked.map(({ first_ms, failed, warm_ms, cpu_s }, at) => ({
    name: questions[at]?.name ?? '',
    cold_ms: first_ms,
    p50_ms: quantile(warm_ms, 0.5),
    p95_ms: quantile(warm_ms, 0.95),
    cpu_ms: (cpu_s * 1000) / warm_ms.length,
    failed,
  }));
}

async function askedFirst(collector: CollectorProcess, question: Question): Promise<Asked> {
  const { ms, failed } = await ask(collector.url, question);
  return { first_ms: ms, failed, warm_ms: [], cpu_s: 0 };
}

/** All of its paths at once: until the last is answered. */
async function ask(url: string, { paths }: Question): Promise<{ ms: number; failed: string }> {
  const answers = await Promise.all(paths.map((path) => get(url, path)));
  const refused = answers.find(({ status }) => status !== 200);
  return { ms: Math.max(...answers.map(({ ms }) => ms)), failed: refused?.text.slice(0, MESSAGE_CHARS) ?? '' };
}

/** A connection that retransmitted, its peer, and the process and port of the busiest edge of its host, all on the last day. */
export async function whatIsKnown(url: string, to_ms: number): Promise<Known> {
  const range = `from=${to_ms - 86_400_000}&to=${to_ms}`;
  const { retransmits } = JSON.parse((await get(url, `${API.retransmits}?${range}&limit=1`)).text) as Retransmits;
  const [found] = retransmits;
  if (!found) throw new Error('nothing was retransmitted on the last day');
  const { host_id, connection_id, peer_addr } = found;
  const { edges } = JSON.parse((await get(url, `${API.edges}?${range}&filter=host=${host_id}&sort=bytes`)).text) as Edges;
  const edge = edges.find(({ comm }) => comm !== '');
  if (!edge) throw new Error('no edge has a process');
  return { host_id, connection_id, comm: edge.comm, port: edge.port, peer_addr };
}
