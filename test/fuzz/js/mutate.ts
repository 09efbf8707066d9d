// Changes to bytes as fuzzers make them: what was damaged, cut, repeated, or is at the end of a number's range.
import type { Dice } from '../../faults/dice.ts';
import type { MutateBytes } from './target.ts';

export const INPUT_BYTES_MAX = 64 * 1024;
const NUMBERS = [
  0,
  1,
  2,
  7,
  8,
  16,
  32,
  63,
  64,
  100,
  127,
  128,
  255,
  256,
  511,
  4095,
  4096,
  32_767,
  32_768,
  65_535,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
];
const CHANGES_MAX = 6;

type Change = (bytes: Buffer, dice: Dice) => Buffer;

/** @param others inputs to take pieces of; @param words to put in */
export function mutator(dice: Dice, others: () => readonly Uint8Array[], words: readonly string[]): MutateBytes {
  const changes: Change[] = [flipBit, setByte, setNumber, addToByte, remove, repeat, cut, digits];
  changes.push((bytes) => putIn(bytes, dice, slice(Buffer.from(dice.pick(others())), dice)));
  if (words.length > 0) changes.push((bytes) => putIn(bytes, dice, Buffer.from(dice.pick(words))));
  return (bytes) => {
    let changed: Buffer = Buffer.from(bytes);
    for (let left = dice.between(1, CHANGES_MAX); left > 0; left--) changed = dice.pick(changes)(changed, dice);
    return changed.subarray(0, INPUT_BYTES_MAX);
  };
}

const place = (bytes: Buffer, dice: Dice) => dice.between(0, Math.max(0, bytes.length - 1));

function flipBit(bytes: Buffer, dice: Dice): Buffer {
  const at = place(bytes, dice);
  if (bytes.length > 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << dice.between(0, 7));
  return bytes;
}

function setByte(bytes: Buffer, dice: Dice): Buffer {
  if (bytes.length > 0) bytes[place(bytes, dice)] = dice.between(0, 255);
  return bytes;
}

function addToByte(bytes: Buffer, dice: Dice): Buffer {
  const at = place(bytes, dice);
  if (bytes.length > 0) bytes[at] = ((bytes[at] ?? 0) + dice.pick([-16, -1, 1, 16])) & 0xff;
  return bytes;
}

function setNumber(bytes: Buffer, dice: Dice): Buffer {
  const size = dice.pick([1, 2, 4]);
  if (bytes.length < size) return bytes;
  bytes.writeUIntLE(dice.pick(NUMBERS) % 2 ** (8 * size), dice.between(0, bytes.length - size), size);
  return bytes;
}

/** A decimal number in a text becomes another one. */
function digits(bytes: Buffer, dice: Dice): Buffer {
  const found = [...bytes.toString('latin1').matchAll(/\d+/g)];
  if (found.length === 0) return bytes;
  const { index, 0: old } = dice.pick(found);
  const number = Buffer.from(dice.pick([...NUMBERS.map(String), '-1', '0.5', '1e99', '9007199254740993', '18446744073709551616']));
  return Buffer.concat([bytes.subarray(0, index), number, bytes.subarray(index + old.length)]);
}

function stretch(bytes: Buffer, dice: Dice): [number, number] {
  const from = place(bytes, dice);
  return [from, Math.min(bytes.length, from + dice.between(1, dice.pick([1, 4, 32, 512])))];
}

function slice(bytes: Buffer, dice: Dice): Buffer {
  return bytes.subarray(...stretch(bytes, dice));
}

function remove(bytes: Buffer, dice: Dice): Buffer {
  const [from, to] = stretch(bytes, dice);
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
}

function cut(bytes: Buffer, dice: Dice): Buffer {
  return dice.chance(0.2) ? bytes.subarray(0, place(bytes, dice)) : bytes;
}

function repeat(bytes: Buffer, dice: Dice): Buffer {
  const [from, to] = stretch(bytes, dice);
  const times = dice.pick([1, 2, 16, 256]);
  const piece = bytes.subarray(from, to);
  if (piece.length * times > INPUT_BYTES_MAX) return bytes;
  return Buffer.concat([bytes.subarray(0, to), ...Array<Buffer>(times).fill(piece), bytes.subarray(to)]);
}

/** Over what is there, or between it. */
function putIn(bytes: Buffer, dice: Dice, piece: Buffer): Buffer {
  const at = dice.between(0, bytes.length);
  const behind = dice.chance(0.5) ? at : Math.min(bytes.length, at + piece.length);
  return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(behind)]);
}
