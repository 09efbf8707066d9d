// What the targets in C begin with: recorded rows, compiled filters, the agent's own tally program.
import { join } from 'node:path';
import { compileFilter } from '../../agent/filter/compile.ts';
import { parseFilter } from '../../agent/filter/parse.ts';
import { RecordedNames } from '../../agent/filter/recorded.ts';
import { PLANS } from '../../agent/metrics/tally-plans.ts';
import { tallyProgram } from '../../agent/metrics/tally-program.ts';
import { Recording } from '../../agent/recording/read.ts';
import { KIND, KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { root } from '../support/project-files.ts';
import { EXPRESSIONS } from './expressions.ts';

const HEAD_AND_FACTS_BYTES = 136 + 16;
const RECORDINGS = ['nobody-listens', 'idle-reset', 'firewall', 'accept-queue'];
const ROWS_A_KIND = 3;

function recordedRows(): Map<Kind, Uint8Array[]> {
  const rows = new Map<Kind, Uint8Array[]>(KIND.map((kind) => [kind, []]));
  for (const name of RECORDINGS) {
    const recording = new Recording(join(root, 'test/recordings', `${name}.tcplens`));
    for (const part of recording.parts()) {
      if (part.sort !== 'rows') continue;
      const { size } = KINDS[part.kind];
      const some = rows.get(part.kind) ?? [];
      for (let at = 0; at < part.rows.length && some.length < ROWS_A_KIND; at += size) some.push(part.rows.slice(at, at + size));
    }
    recording.close();
  }
  return rows;
}

function numbers(size: 1 | 2 | 4, ...values: number[]): Buffer {
  const bytes = Buffer.alloc(size * values.length);
  for (const [index, value] of values.entries()) bytes.writeUIntLE(value, index * size, size);
  return bytes;
}

/** A ring with records of a kind, one after the other, the last not yet finished. */
function rowSeeds(): Buffer[] {
  return [...recordedRows()].flatMap(([kind, rows]) => {
    const records = rows.map((row) => Buffer.concat([numbers(4, row.length, 0), row, Buffer.alloc((8 - (row.length % 8)) % 8)]));
    const bytes = Buffer.concat([...records, numbers(4, 0x8000_0008, 0, 0, 0)]);
    const long = Buffer.concat(Array<Buffer>(8).fill(records[0] ?? bytes));
    // Where a ring begins, across its end, and across the end of the window that the reader has on a large one.
    return [
      { at: 0, pages: 1, of: bytes },
      { at: 509, pages: 1, of: bytes },
      { at: 32_600, pages: 8, of: Buffer.concat(Array<Buffer>(6).fill(long)).subarray(0, 8192) },
    ].map(({ at, pages, of }) => {
      return Buffer.concat([numbers(1, KINDS[kind].index, 31, pages), numbers(2, at), numbers(1, 0), numbers(2, of.length), of]);
    });
  });
}

function filterSeeds(): Buffer[] {
  const heads = [...recordedRows().values()].flatMap(([row]) => (row === undefined ? [] : [row.subarray(0, HEAD_AND_FACTS_BYTES)]));
  return EXPRESSIONS.flatMap((expression) => {
    const program = compileFilter(parseFilter(expression, new RecordedNames()), expression, 1n);
    const bends = [0, 1, 2, 3, 4, 5, 6].map((which) => [1, which, 0]);
    return [[0], ...bends].map(([how = 0, ...bend]) =>
      Buffer.concat([numbers(1, how, 0), numbers(2, 100, 10), program, numbers(1, ...bend), ...heads]),
    );
  });
}

function tallySeeds(): Buffer[] {
  const program = tallyProgram({ port: true, comm: true, ephemeral_from: 32_768, max: 8 }, 16);
  // A reason's terms are more than the target has room for; the agent's own figure is tried by the tests of the tally.
  const rows = [...recordedRows()].flatMap(([kind, some]) => some.map((row) => Buffer.concat([numbers(1, KINDS[kind].index), row])));
  // Each number of each plan one beyond its bound: which, the plan, the item, and how far.
  const bent = (which: number) => PLANS.map((_, plan) => ({ how: 1, room: 4096, bend: [which, plan, 130, 3] }));
  const bends = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].flatMap(bent);
  // Rooms for a group without histograms, and for a little more.
  const rooms = [0, 231, 239, 250, 400].map((room) => ({ how: 1, room, bend: [0, 0, 0] }));
  return [{ how: 0, room: 4096, bend: [] }, ...bends, ...rooms].map(({ how, room, bend }) =>
    Buffer.concat([numbers(1, how), numbers(2, room), program, numbers(1, ...bend), ...rows]),
  );
}

const SEEDS = { rows: rowSeeds, filter: filterSeeds, tally: tallySeeds };

export function seedsOf(name: keyof typeof SEEDS): Buffer[] {
  return SEEDS[name]();
}
