// The host's id: stable over restarts and reboots, and derived from the machine id, which itself must stay private.
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../process/errors.ts';
import { makeDirectories } from '../process/make-directories.ts';

/** A host id from the text of /etc/machine-id. */
export function hostIdOf(machine_id: string): bigint {
  return createHash('sha256').update('tcplens').update(machine_id.trim()).digest().readBigUInt64BE(0);
}

/**
 * The machine's host id; without a machine id a random one, kept in `state_dir`.
 * @throws ConfigError when that cannot be written
 */
export function readHostId(state_dir: string, machine_id_file = '/etc/machine-id'): bigint {
  const machine_id = readOr(machine_id_file, '').trim();
  if (/^[0-9a-f]{32}$/.test(machine_id)) return hostIdOf(machine_id);
  const file = join(state_dir, 'host-id');
  const kept = readOr(file, '').trim();
  if (/^[0-9a-f]{16}$/.test(kept)) return BigInt(`0x${kept}`);
  const made = randomBytes(8).toString('hex');
  try {
    makeDirectories(state_dir);
    writeFileSync(file, `${made}\n`);
  } catch (error) {
    throw new ConfigError(
      'no_host_id',
      `this machine has no /etc/machine-id and ${file} cannot be written: give --state-dir or --host-id`,
      { cause: error },
    );
  }
  return BigInt(`0x${made}`);
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return otherwise;
  }
}
