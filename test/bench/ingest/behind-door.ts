// Collectors that speak TLS and ask everybody who they are, and hosts that have joined them.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeAuthority, signServer } from '../../../server/door/tls/certificates.ts';
import { enrol, joinWith } from '../../server/support/enrolled.ts';
import type { CollectorProcess } from '../collector-process.ts';
import type { Batch, Recorded } from '../recorded-rows.ts';
import { fullBatches, type Throughput, throughput, type Wanted } from './throughput.ts';

/** What each host has in its requests' heads, by its id in hex. */
export type Joined = { ids: bigint[]; shown: Map<string, Record<string, string>> };

/** Options of `tcplens serve`, with files in `directory`. */
export async function behindDoor(directory: string): Promise<string[]> {
  const files = { cert: join(directory, 'cert.pem'), key: join(directory, 'key.pem') };
  const { certificate, key } = await signServer(await makeAuthority('bench', Date.now()), ['127.0.0.1'], 10, Date.now());
  writeFileSync(files.cert, certificate);
  writeFileSync(files.key, key, { mode: 0o600 });
  return ['--login', '--tls-cert', files.cert, '--tls-key', files.key];
}

export async function joinAll({ url, data }: CollectorProcess, hosts: number): Promise<Joined> {
  const line = await enrol(url, data, { uses: hosts });
  const joined = [];
  for (let host = 0; host < hosts; host++) joined.push(await joinWith(url, line));
  return {
    ids: joined.map(({ host_id }) => BigInt(`0x${host_id}`)),
    shown: new Map(joined.map(({ host_id, headers }) => [host_id, headers])),
  };
}

export function withCredential(batch: Batch, { shown }: Joined): Batch {
  return { ...batch, headers: { ...batch.headers, ...shown.get(batch.headers['tcplens-host-id'] ?? '') } };
}

export type Doors = { open: Throughput; behind: Throughput };

/** The same rows without and with TLS and credentials, in this order or the other one. */
export async function bothDoors(directory: string, recordings: readonly Recorded[], wanted: Wanted, openFirst: boolean): Promise<Doors> {
  const options = await behindDoor(directory);
  const open = () => throughput(directory, fullBatches(recordings, wanted));
  const behind = () =>
    throughput(directory, {
      options,
      batches: async (collector) => {
        const joined = await joinAll(collector, wanted.hosts);
        const batches = fullBatches(recordings, wanted, (index) => joined.ids[index] ?? 0n);
        return batches.map((batch) => withCredential(batch, joined));
      },
    });
  if (openFirst) {
    const first = await open();
    return { open: first, behind: await behind() };
  }
  const second = await behind();
  return { open: await open(), behind: second };
}

/** What a process holds now, KiB. */
export function rssKib(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
}
