// What an agent of a run replays: rows of the committed recordings, so often that they fill some seconds, and the same
// rows beside it as raw files, so that what is stored can be compared with what there was.
import { appendFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { noneCounted } from '../../agent/accounts/ledger.ts';
import { Recording, type RowsPart } from '../../agent/recording/read.ts';
import { RecordingWriter } from '../../agent/recording/write.ts';
import { HEAD_AT, KIND, KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { root } from '../support/project-files.ts';
import type { Dice } from './dice.ts';

const RECORDINGS = join(root, 'test', 'recordings');
const NS_PER_MS = 1_000_000n;
/** Two rows in every so many are the same in every byte, as rows of two processors can be. */
const SAME_IN = 150;

export type Counts = Record<Kind, number>;

export const eachKind = <Value>(make: (kind: Kind) => Value) =>
  Object.fromEntries(KIND.map((kind) => [kind, make(kind)])) as Record<Kind, Value>;

export type Tape = {
  /** counted up over all agents of a run: the upper half of each row's cgroup_id, which tells whose it is */
  number: number;
  file: string;
  rows: Counts;
  /** told by the kernel's counters at the end of the recording */
  ring_lost: Counts;
  withheld: Counts;
};

export type TapeOptions = { number: number; host_id: string; rows: number; length_ms: number; directory: string };

/** Where the raw rows of a kind lie, of all tapes of a run. */
export const sourceFile = (directory: string, kind: Kind) => join(directory, 'source', `${kind}.rows`);

let parts: readonly RowsPart[] | undefined;

function recordedParts(): readonly RowsPart[] {
  parts ??= readdirSync(RECORDINGS)
    .filter((file) => file.endsWith('.tcplens'))
    .sort()
    .flatMap((file) => {
      const recording = new Recording(join(RECORDINGS, file));
      const found = [...recording.parts()].filter((part) => part.sort === 'rows');
      recording.close();
      return found;
    });
  return parts;
}

export function makeTape(dice: Dice, { number, host_id, rows, length_ms, directory }: TapeOptions): Tape {
  mkdirSync(join(directory, 'source'), { recursive: true });
  // A recording has rows of some kinds only.
  for (const kind of KIND) appendFileSync(sourceFile(directory, kind), '');
  const file = join(directory, `${number}.tcplens`);
  const started_ns = BigInt(Date.now()) * NS_PER_MS;
  const header = {
    tcplens: '0',
    kernel: '6.1',
    started_ns: String(started_ns),
    interval_ms: 1000,
    anonymized: false,
    refused: [],
    absent: [],
  };
  const writer = new RecordingWriter(file, { header, force: false });
  let left = rows;
  const chosen: RowsPart[] = [];
  while (left > 0) {
    const part = dice.pick(recordedParts());
    chosen.push(part);
    left -= part.rows.length / KINDS[part.kind].size;
  }
  const move = new Move(number, BigInt(`0x${host_id}`));
  chosen.forEach(({ kind, rows: recorded }, index) => {
    const offset_ms = Math.round((index / chosen.length) * length_ms);
    const moved = move.part(kind, recorded, started_ns + BigInt(offset_ms) * NS_PER_MS, index);
    writer.addRows(kind, moved, offset_ms);
    appendFileSync(sourceFile(directory, kind), moved);
  });
  const ring_lost = eachKind(() => (dice.chance(0.3) ? dice.between(1, 9) : 0));
  const withheld = eachKind(() => (dice.chance(0.3) ? dice.between(1, 9) : 0));
  writer.end(
    eachKind((kind) => {
      return { ...noneCounted(), written: writer.rows[kind], ring_lost: ring_lost[kind], withheld: withheld[kind] };
    }),
    length_ms,
  );
  return { number, file, rows: { ...writer.rows }, ring_lost, withheld };
}

/** Makes recorded rows those of a tape. What a row says of TCP, its place among others of the same moment and rows of no connection stay. */
class Move {
  readonly #tape: number;
  readonly #host_id: bigint;
  #row = 0;

  constructor(tape: number, host_id: bigint) {
    this.#tape = tape;
    this.#host_id = host_id;
  }

  part(kind: Kind, recorded: Uint8Array, until_ns: bigint, copy: number): Uint8Array {
    const { size } = KINDS[kind];
    const rows = new Uint8Array(recorded);
    const view = new DataView(rows.buffer);
    const times = Array.from({ length: rows.length / size }, (_, row) => view.getBigUint64(row * size + HEAD_AT.time_ns, true));
    let last = 0n;
    for (const time of times) if (time > last) last = time;
    times.forEach((time, row) => {
      const at = row * size;
      const again = row > 0 && ++this.#row % SAME_IN === 0;
      if (again) {
        rows.copyWithin(at, at - size, at);
        return;
      }
      view.setBigUint64(at + HEAD_AT.time_ns, until_ns - (last - time), true);
      view.setBigUint64(at + HEAD_AT.host_id, this.#host_id, true);
      const cookie = view.getBigUint64(at + HEAD_AT.connection_id, true);
      if (cookie !== 0n) view.setBigUint64(at + HEAD_AT.connection_id, cookie ^ (BigInt(copy) << 32n), true);
      view.setBigUint64(
        at + HEAD_AT.cgroup_id,
        (BigInt(this.#tape) << 32n) | (view.getBigUint64(at + HEAD_AT.cgroup_id, true) & 0xffn),
        true,
      );
      view.setBigUint64(at + HEAD_AT.netns, BigInt(++this.#row), true);
    });
    return rows;
  }
}
