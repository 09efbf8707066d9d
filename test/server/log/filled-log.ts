// A log on disk with batches that wait for the store, in segments of which the first two have been inserted.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { Disk } from '../../../agent/durable/disk.ts';
import { HEAD_AT, KINDS, type Kind } from '../../../bpf/rows/rows.gen.ts';
import type { Batch } from '../../../server/log/group.ts';
import { Log } from '../../../server/log/log.ts';
import type { Recovered } from '../../../server/log/recovered.ts';
import { EPOCH, HOST, HOST_HEX } from '../support/agent.ts';
import { identified } from './stored-rows.ts';

const LIMITS = { segment_bytes_max: 8 * KINDS.sample.size, log_bytes_max: 1 << 24, journal_bytes_max: 4000 };
export const USED = ['sample', 'retransmit'] as const satisfies readonly Kind[];
/** As many as make two snapshots and the lines after them. */
const BATCHES = 40;

const directories: string[] = [];
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true });
});

export async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tcplens-filled-'));
  directories.push(directory);
  return directory;
}

export function logIn(directory: string, disk?: Disk): Log {
  const beside = { quarantine: join(directory, 'quarantine'), dead_letter: join(directory, 'dead-letter') };
  return new Log({ directory: join(directory, 'log'), ...beside, ...LIMITS, ...(disk && { disk }) });
}

export async function open(directory: string): Promise<{ log: Log; recovered: Recovered }> {
  const log = logIn(directory);
  return { log, recovered: await log.start() };
}

export const rowsOfBatch = (sequence: number): number => (sequence % 3) + 1;

export function batchOf(sequence: number): Batch {
  const kind = USED[sequence % 2] ?? 'sample';
  const { size, index } = KINDS[kind];
  const rows = Buffer.alloc(rowsOfBatch(sequence) * size);
  for (let at = 0; at < rows.length; at += size) {
    rows.writeUInt32LE(sequence * 8 + at / size, at);
    rows.writeBigUInt64LE(HOST, at + HEAD_AT.host_id);
    rows.writeUInt8(index, at + HEAD_AT.kind);
  }
  return { host_id: HOST_HEX, epoch: EPOCH, sequence, kind, lane: sequence % 3 === 0 ? 'late' : 'live', rows };
}

/** By identity, the rows that wait. */
export type Rows = Map<string, string>;

/** @param removed is given each segment that the store has, with the path of its file, before that goes */
export async function fill(directory: string, removed: (path: string) => Promise<void> = async () => {}): Promise<Rows> {
  const { log } = await open(directory);
  for (let sequence = 1; sequence <= BATCHES; sequence++) await log.append(batchOf(sequence));
  await log.seal();
  const waiting = await rowsGiven(log);
  for (const { segment, path, kind } of log.sealed.slice(0, 2)) {
    for (const { name } of identified(await readFile(path), kind)) waiting.delete(name);
    await removed(path);
    await log.retire(segment);
  }
  await log.close();
  return waiting;
}

/** What a store that knows each row by its identity would have of it. */
export async function rowsGiven(log: Log): Promise<Rows> {
  await log.seal();
  const rows: Rows = new Map();
  for (const { path, kind } of log.sealed) {
    for (const { name, row } of identified(await readFile(path), kind)) {
      const hex = row.toString('hex');
      if ((rows.get(name) ?? hex) !== hex) throw new Error(`two rows are ${name}`);
      rows.set(name, hex);
    }
  }
  return rows;
}

export async function segmentFiles(directory: string): Promise<string[]> {
  const folders = USED.map((kind) => join(directory, 'log', kind));
  const names = await Promise.all(folders.map(async (folder) => (await readdir(folder)).sort().map((name) => join(folder, name))));
  return names.flat();
}

export const kindOf = (path: string): Kind => USED.find((kind) => path.includes(`/${kind}/`)) ?? 'sample';
export const strideOf = (kind: Kind): number => KINDS[kind].size + 32;
