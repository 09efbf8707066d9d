// The same rows with TLS and a credential for each host, and without.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeAuthority, signServer } from '../../../server/door/tls/certificates.ts';
import { enrol, joinWith } from '../../server/support/enrolled.ts';
import type { Recorded } from '../recorded-rows.ts';
import { fullBatches, type Sends, type Throughput, throughput, type Wanted } from './throughput.ts';

export type Doors = { open: Throughput; behind: Throughput };

/** Both, in this order or the other one. */
export async function bothDoors(directory: string, recordings: readonly Recorded[], wanted: Wanted, openFirst: boolean): Promise<Doors> {
  const secured = await securedSends(directory, recordings, wanted);
  const open = () => throughput(directory, fullBatches(recordings, wanted));
  if (openFirst) {
    const first = await open();
    return { open: first, behind: await throughput(directory, secured) };
  }
  const behind = await throughput(directory, secured);
  return { open: await open(), behind };
}

async function securedSends(directory: string, recordings: readonly Recorded[], wanted: Wanted): Promise<Sends> {
  const files = { cert: join(directory, 'cert.pem'), key: join(directory, 'key.pem') };
  const { certificate, key } = await signServer(await makeAuthority('bench', Date.now()), ['127.0.0.1'], 10, Date.now());
  writeFileSync(files.cert, certificate);
  writeFileSync(files.key, key, { mode: 0o600 });
  return {
    options: ['--login', '--tls-cert', files.cert, '--tls-key', files.key],
    batches: async (collector) => {
      const line = await enrol(collector.url, collector.data, { uses: wanted.hosts });
      const hosts = await Promise.all(Array.from({ length: wanted.hosts }, () => joinWith(collector.url, line)));
      const ids = hosts.map(({ host_id }) => BigInt(`0x${host_id}`));
      const shown = new Map(hosts.map(({ host_id, headers }) => [host_id, headers]));
      const batches = fullBatches(recordings, wanted, (index) => ids[index] ?? 0n);
      return batches.map((batch) => ({ ...batch, headers: { ...batch.headers, ...shown.get(batch.headers['tcplens-host-id'] ?? '') } }));
    },
  };
}
