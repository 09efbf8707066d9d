// Opens an object file, of BPF or the loader itself, only if it is whole and was built from the same sources as this agent. The verifier
// finds much damage by itself, but neither a changed constant nor another layout of rows. The dynamic linker finds none: a damaged library
// ends the process by a signal.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { SHARED_HEADERS } from '../bpf/rows/rows.gen.ts';

/** What bpf/Makefile appends: the SHA-256 of all before it, and the beginning of that of the shared headers. */
const SEAL = /^tcplens object ([0-9a-f]{64}) ([0-9a-f]{8})\n$/;
const SEAL_BYTES = 'tcplens object  \n'.length + 64 + 8;

/** What is sealed in an object's file, or what is wrong with it. */
export function openObject(path: string): Uint8Array | string {
  const name = basename(path);
  let file: Buffer;
  try {
    file = readFileSync(path);
  } catch (error) {
    return `${name} cannot be read: ${error instanceof Error && 'code' in error ? error.code : error}`;
  }
  const bytes = file.subarray(0, Math.max(0, file.length - SEAL_BYTES));
  const [, digest, headers] = SEAL.exec(file.toString('latin1', bytes.length)) ?? [];
  if (digest === undefined) return `${name} is cut short, or no object of tcplens`;
  if (digest !== createHash('sha256').update(bytes).digest('hex')) {
    return `${name} is damaged: its bytes do not have the checksum at its end`;
  }
  if (headers !== SHARED_HEADERS) return `${name} was built from other sources than the agent: run make gen bpf`;
  return bytes;
}
