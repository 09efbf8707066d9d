// Batches of an agent, made by hand: rows with known bytes, and their headers.
import { zstdCompressSync } from 'node:zlib';
import type { AgentReport } from '../../../agent/contract/agent-report.ts';
import { KINDS, type Kind } from '../../../bpf/rows/rows.gen.ts';
import { type RowValues, rowBytes } from '../../support/row-bytes.ts';

export const HOST = 0x0123_4567_89ab_cdefn;
export const HOST_HEX = '0123456789abcdef';
export const EPOCH = '00000000000000e1';

export function nowNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}

/** Rows of this host with the present time and IPv4 addresses. @param each further values of a row, by its index */
export function rowsOf(kind: Kind, count: number, each: (index: number) => RowValues = () => ({})): Buffer {
  const usual = { time_ns: nowNs(), host_id: HOST, connection_id: 1, local_addr: '10.0.0.1', peer_addr: '10.0.0.2', comm: 'curl', role: 1 };
  return Buffer.concat(Array.from({ length: count }, (_, index) => rowBytes(kind, { ...usual, ...each(index) })));
}

export type BatchHeaders = Partial<Record<'tcplens-schema' | 'tcplens-host-id' | 'tcplens-epoch' | 'tcplens-sequence', string>>;

export function headersOf(kind: Kind, sequence: number): Required<BatchHeaders> {
  return {
    'tcplens-schema': KINDS[kind].schema,
    'tcplens-host-id': HOST_HEX,
    'tcplens-epoch': EPOCH,
    'tcplens-sequence': String(sequence),
  };
}

export type Answer = { status: number; body: Record<string, unknown>; headers: Headers };

export async function post(url: string, headers: Record<string, string>, body: Buffer): Promise<Answer> {
  const response = await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) });
  return { status: response.status, body: (await response.json()) as Record<string, unknown>, headers: response.headers };
}

export function postBatch(url: string, kind: Kind, sequence: number, rows: Buffer): Promise<Answer> {
  return post(`${url}/v1/rows`, headersOf(kind, sequence), zstdCompressSync(rows));
}

export function report(changes: Partial<AgentReport> = {}): AgentReport {
  return {
    host_id: HOST_HEX,
    epoch: EPOCH,
    at_ms: Date.now(),
    host: { name: 'web-1', machine: 'x86_64', kernel: '6.1.0', agent_version: '0.1.0' },
    processes: [],
    cgroups: [],
    netns: [],
    hooks: [{ name: 'tcp_retransmit_skb', attached: true, reason: '' }],
    interval_ms: 10_000,
    accounting: [],
    ...changes,
  };
}

export function postReport(url: string, body: unknown): Promise<Answer> {
  return post(
    `${url}/v1/report`,
    { 'content-type': 'application/json' },
    Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  );
}

export function postLayouts(url: string, body: unknown, host_id = HOST_HEX): Promise<Answer> {
  return post(`${url}/v1/layouts`, { 'content-type': 'application/json', 'tcplens-host-id': host_id }, Buffer.from(JSON.stringify(body)));
}
