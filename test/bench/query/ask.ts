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
const ENOUGH_MS = 4000;
const AT_LEAST = 3;
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

export async function answered(collector: CollectorProcess, { name, path }: Question, times: number): Promise<Answered> {
  const first = await get(collector.url, path);
  if (first.status !== 200) {
    const none = { p50_ms: Number.NaN, p95_ms: Number.NaN, cpu_ms: Number.NaN };
    return { name, cold_ms: first.ms, ...none, failed: first.text.slice(0, MESSAGE_CHARS) };
  }
  const before_s = collector.cpu_s;
  const warm: number[] = [];
  for (let spent_ms = 0; warm.length < times && (spent_ms < ENOUGH_MS || warm.length < AT_LEAST); ) {
    const { ms } = await get(collector.url, path);
    warm.push(ms);
    spent_ms += ms;
  }
  const cpu_ms = ((collector.cpu_s - before_s) * 1000) / warm.length;
  return { name, cold_ms: first.ms, p50_ms: quantile(warm, 0.5), p95_ms: quantile(warm, 0.95), cpu_ms, failed: '' };
}

/** A connection that retransmitted, its peer, and the process and port of the busiest edge of its host, all on the last day. */
export async function whatIsKnown(url: string, to_ms: number): Promise<Known> {
  const range = `from=${to_ms - 86_400_000}&to=${to_ms}`;
  const { retransmits } = JSON.parse((await get(url, `${API.retransmits}?${range}&limit=1`)).text) as Retransmits;
  const [found] = retransmits;
  if (!found) throw new Error('nothing was retransmitted on the last day');
  const { host_id, connection_id, peer_addr } = found;
  const { edges } = JSON.parse((await get(url, `${API.edges}?${range}&host_id=${host_id}&sort=bytes`)).text) as Edges;
  const edge = edges.find(({ comm }) => comm !== '');
  if (!edge) throw new Error('no edge has a process');
  return { host_id, connection_id, comm: edge.comm, port: edge.port, peer_addr };
}
