// What a crash of a machine or a bad disk does to files while nobody has them open.
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Dice } from './dice.ts';
import { type Damage, isOfLedger } from './schedule.ts';

/** Rows; the other files tell of them. */
const isData = (path: string) => /\.(rows|batches)$/.test(path);
const isLedger = (path: string) => /\/(journal|books)(\.new)?$/.test(path);
function mayHit(damage: Damage, path: string): boolean {
  if (damage === 'torn_tail' || damage === 'zeroed_tail') return true;
  return isOfLedger(damage) ? isLedger(path) : isData(path);
}
/** Less than any whole line or header. */
const TORN_BYTES_MAX = 40;

/** Damages one file of a spool or a log. @returns what was done; '' if there was nothing to damage */
export function damageOne(dice: Dice, directory: string, damage: Damage): string {
  if (damage === 'none' || !existsSync(directory)) return '';
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => mayHit(damage, path) && statSync(path).size > 0)
    .sort();
  if (files.length === 0) return '';
  const path = dice.pick(files);
  const { size } = statSync(path);
  const at = dice.between(0, size - 1);
  switch (damage) {
    case 'torn_tail': {
      // The beginning of what was being written: bytes that look like more of the same.
      const torn = readAt(path, 0, dice.between(1, TORN_BYTES_MAX));
      writeAt(path, size, torn);
      return `${path}: ${torn.length} bytes behind its ${size}`;
    }
    case 'zeroed_tail':
      writeAt(path, size, Buffer.alloc(dice.between(1, 5000)));
      return `${path}: zeros behind its ${size} bytes`;
    case 'flipped_byte':
    case 'ledger_byte': {
      const [byte = 0] = readAt(path, at, 1);
      writeAt(path, at, Buffer.from([byte ^ (1 << dice.between(0, 7))]));
      return `${path}: a bit of byte ${at} of ${size}`;
    }
    case 'ledger_zeroed':
      writeAt(path, 0, Buffer.alloc(size));
      return `${path}: zeros in place of its ${size} bytes`;
    case 'ledger_garbage':
      writeAt(path, 0, Buffer.from(Array.from({ length: size }, () => dice.between(0, 255))));
      return `${path}: garbage in place of its ${size} bytes`;
    case 'ledger_cut':
    case 'cut_tail':
      truncateSync(path, at);
      return `${path}: cut at ${at} of ${size}`;
    default:
      return damage satisfies never;
  }
}

function readAt(path: string, at: number, length: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(file, bytes, 0, length, at));
  } finally {
    closeSync(file);
  }
}

function writeAt(path: string, at: number, bytes: Uint8Array): void {
  const file = openSync(path, 'r+');
  try {
    writeSync(file, bytes, 0, bytes.length, at);
  } finally {
    closeSync(file);
  }
}
