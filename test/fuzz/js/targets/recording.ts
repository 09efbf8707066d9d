// Recordings, damaged at random, or with frames that are whole and hold what nobody recorded.
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecordingError } from '../../../../agent/process/errors.ts';
import { readContents } from '../../../../agent/recording/contents.ts';
import { encodeFrame, encodePrefix, type Frame, PREFIX_BYTES, readFrame } from '../../../../agent/recording/format.ts';
import { investigationIn } from '../../../../agent/recording/investigation.ts';
import { Losses } from '../../../../agent/recording/losses.ts';
import { Recording } from '../../../../agent/recording/read.ts';
import { KINDS } from '../../../../bpf/rows/rows.gen.ts';
import { SEVERAL } from '../../../agent/recording/made.ts';
import type { Dice } from '../../../faults/dice.ts';
import { root } from '../../../support/project-files.ts';
import { type MutateBytes, must, orRefused, type Target } from '../target.ts';

const CODES = new Set(['unreadable', 'not_a_recording', 'unknown_version', 'damaged']);
/** Where the version is that says that there are several hosts. */
const VERSION_AT = 8;
const SEED_BYTES_MAX = 10_000;
/** A recording's frames are unpacked one by one; of a small file more than this is a bomb. */
const ROWS_BYTES_MAX = 64 * 1024 * 1024;
const file = join(mkdtempSync(join(tmpdir(), 'tcplens-fuzz-')), 'recording');

function framesOf(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = PREFIX_BYTES; ; ) {
    const found = readFrame((from, length) => bytes.subarray(from, from + length), at);
    if (found === undefined || found === 'cut') return frames;
    frames.push(found.frame);
    at = found.next_at;
  }
}

function changeFrame(frame: Frame, mutateBytes: MutateBytes, dice: Dice): Frame {
  if (dice.chance(0.7)) return { ...frame, bytes: mutateBytes(frame.bytes) };
  const offset_ms = dice.pick([0, 1, frame.offset_ms, 2 ** 48 - 1]);
  return { ...frame, offset_ms, sort: dice.between(0, 6), layout: dice.pick([0, 1, frame.layout, 255]) };
}

function readAll(): void {
  const recording = new Recording(file);
  try {
    const losses = new Losses();
    let bytes = 0;
    for (const part of recording.parts(losses)) {
      if (part.sort !== 'rows') continue;
      bytes += part.rows.length;
      must(part.rows.length % KINDS[part.kind].size === 0, 'rows are whole');
      must(bytes <= ROWS_BYTES_MAX, 'a small file holds no endless rows');
    }
    const { notices } = readContents(recording);
    const isWhole = losses.ended && losses.cut_at === undefined;
    must(isWhole || notices.length > 0, 'a recording without its end says so');
    const found = orRefused(() => investigationIn(recording), RecordingError);
    must(isWhole || found === undefined, 'nobody judges a part of an investigation');
  } finally {
    recording.close();
  }
}

export const target: Target = {
  covers: /^(agent\/recording|bpf\/layout)/,
  seeds: () => [
    SEVERAL,
    ...readdirSync(join(root, 'test/recordings'))
      .filter((name) => name.endsWith('.tcplens'))
      .map((name) => readFileSync(join(root, 'test/recordings', name)))
      .filter(({ length }) => length <= SEED_BYTES_MAX),
  ],
  words: [
    '"layouts":[',
    '"columns":',
    '"kind":"sample"',
    '"offset":',
    'UInt64',
    'FixedString(16)',
    "Enum8('a' = 1)",
    'constructor',
    '__proto__',
    '"rows":',
  ],
  mutate(bytes, mutateBytes, dice) {
    let frames: Frame[] | undefined;
    if (dice.chance(0.8)) frames = orRefused(() => framesOf(Buffer.from(bytes)), RecordingError);
    if (frames === undefined || frames.length === 0) return mutateBytes(bytes);
    const at = dice.between(0, frames.length - 1);
    const chosen = frames[at];
    const how = dice.between(1, 10);
    if (chosen === undefined || how === 1) frames.splice(at, 1);
    else if (how === 2) frames.splice(dice.between(0, frames.length), 0, chosen);
    else frames[at] = changeFrame(chosen, mutateBytes, dice);
    return Buffer.concat([encodePrefix(bytes[VERSION_AT] === SEVERAL[VERSION_AT]), ...frames.map(encodeFrame)]);
  },
  run(input) {
    writeFileSync(file, input);
    try {
      readAll();
    } catch (error) {
      orRefused(() => {
        throw error;
      }, RecordingError);
      must(error instanceof RecordingError && CODES.has(error.code), `a known code: ${error}`);
    }
  },
};
