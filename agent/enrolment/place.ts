// Which machine this is, and where on it the agent's state is.

import { readFileSync, statSync } from 'node:fs';
import { digestOf } from '../contract/secret.ts';

/** The same over restarts of the agent and of the machine; a copy of the machine's image has it, too. 64 hex digits. */
export function machineDigest(machine_id_file = '/etc/machine-id'): string {
  // Nothing tells machines without an id apart: each joins as a new one.
  return sha256(`machine ${readOr(machine_id_file) || Math.random()}`);
}

/**
 * The same over restarts of the agent; a copy of its state has another one, on this machine or on another. So has a machine that was booted
 * again, which tells the collector so before it sends anything. 64 hex digits.
 * @param directory that the state is in; it exists
 */
export function placeDigest(directory: string, boot_id_file = '/proc/sys/kernel/random/boot_id'): string {
  const { dev, ino } = statSync(directory, { bigint: true });
  return sha256(`place ${readOr(boot_id_file)} ${dev} ${ino}`);
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function sha256(text: string): string {
  return digestOf(`tcplens ${text}`);
}
