// A shipper with a spool of its own, for tests of what arrives and what is counted.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Accounting } from '../../../agent/accounts/accounting.ts';
import { type Ledger, ledgerOf } from '../../../agent/accounts/ledger.ts';
import type { Disk } from '../../../agent/durable/disk.ts';
import { createLog, type Log } from '../../../agent/process/log.ts';
import { type Opened, openSpool } from '../../../agent/spool/open.ts';
import type { Batch } from '../../../agent/uplink/batch.ts';
import { CollectorClient } from '../../../agent/uplink/client.ts';
import { openRoute } from '../../../agent/uplink/route.ts';
import { type ShipOptions, Shipper } from '../../../agent/uplink/ship.ts';
import { rowBytes } from '../../support/row-bytes.ts';

export const HOST_ID = '0000000000000abc';
const HOST = { name: 'h', machine: 'm', kernel: 'k', agent_version: 'v' };
const MiB = 1024 * 1024;

/** Ten retransmit rows unless told otherwise; the same for the same sequence. */
export function batch(sequence: number, rows = 10): Batch {
  const bytes = Buffer.concat(
    Array.from({ length: rows }, (_, row) => rowBytes('retransmit', { segments: sequence * 1000 + row, seq: row })),
  );
  return { kind: 'retransmit', sequence, rows, bytes };
}

export type Shipping = {
  shipper: Shipper;
  opened: Opened;
  accounting: Accounting;
  ledger: Ledger;
  directory: string | undefined;
  /** counted as seen, like an uplink does */
  take(...batches: Batch[]): void;
};

export type ShippingOptions = {
  collector: string;
  epoch?: string;
  /** undefined: a new one; 'none': memory only */
  directory?: string;
  memory_bytes?: number;
  disk?: Disk;
  log?: Log;
} & Pick<ShipOptions, 'onAnswer' | 'retry_ms_min' | 'live_ms_max'>;

export async function startShipping({
  collector,
  epoch = '00000000000000e1',
  log = createLog('silent'),
  ...options
}: ShippingOptions): Promise<Shipping> {
  const { directory = mkdtempSync(join(tmpdir(), 'tcplens-ship-')), memory_bytes = 64 * MiB, disk } = options;
  const opened = await openSpool({
    directory: directory === 'none' ? undefined : directory,
    caps: { bytes_max: 64 * MiB, age_ms_max: 3_600_000 },
    memory_bytes,
    run: { epoch, host_id: HOST_ID, host: HOST },
    log,
    ...(disk && { disk }),
  });
  const shipper = new Shipper({
    ...opened,
    ...options,
    memory_bytes: 64 * MiB,
    client: new CollectorClient(openRoute([collector]), options.retry_ms_min),
    host_id: HOST_ID,
    epoch,
    log,
  });
  return {
    shipper,
    opened,
    accounting: opened.accounting,
    ledger: ledgerOf(opened.accounting, epoch),
    directory,
    take(...batches) {
      for (const each of batches) {
        opened.accounting.add(epoch, each.kind, 'seen', each.rows, Date.now());
        void shipper.take(each);
      }
    },
  };
}
