// The loader's counting of rows, compiled for this machine.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Group, Plan } from '../../agent/metrics/tally-plan.ts';
import { PLANS } from '../../agent/metrics/tally-plans.ts';
import { readGroups } from '../../agent/metrics/tally-program.ts';
import { KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { compileC, SANITIZED } from './compile-c.ts';
import { root } from './project-files.ts';

const SOURCES = ['tally', 'tally_check', 'tally_groups', 'tally_terms', 'met', 'row_size'].map((name) =>
  join(root, `bpf/loader/${name}.c`),
);
const FORGET = 255;

export type Piece = { kind: Kind; rows: Uint8Array } | 'forget';

/** Compiles it into `directory`; returns what runs a tally program over rows. */
export function buildTally(directory: string) {
  const path = compileC(join(root, 'test/bpf/loader/tally-run.c'), directory, [...SOURCES, ...SANITIZED]);
  const run = (program: Uint8Array, pieces: readonly Piece[], args: readonly string[] = []): Buffer => {
    const input = Buffer.concat([program, ...pieces.flatMap(bytesOf)]);
    const { status, stdout, error } = spawnSync(path, args, { input, maxBuffer: 256 << 20 });
    if (error !== undefined || status !== 0) throw new Error(`tally-run ended with ${status}: ${error}`);
    return stdout;
  };
  return {
    groups: (program: Uint8Array, pieces: readonly Piece[]): Group[] => readGroups(run(program, pieces)),
    /** Pairs of a cgroup's id and a pid. */
    met(program: Uint8Array, pieces: readonly Piece[]): (readonly [bigint, bigint])[] {
      const bytes = run(program, pieces, ['met']);
      return Array.from({ length: bytes.length / 16 }, (_, at) => [bytes.readBigUInt64LE(at * 16), bytes.readBigUInt64LE(at * 16 + 8)]);
    },
  };
}

function bytesOf(piece: Piece): Uint8Array[] {
  const head = Buffer.alloc(8);
  if (piece === 'forget') {
    head.writeUInt32LE(FORGET);
    return [head];
  }
  head.writeUInt32LE(KINDS[piece.kind].index);
  head.writeUInt32LE(piece.rows.length, 4);
  return [head, piece.rows];
}

/** What of a group its plan defines, so that groups of either maker can be compared. */
export function comparable({ plan: number, connection, plain, values, histograms, ...rest }: Group) {
  const plan: Plan | undefined = PLANS[number];
  return {
    ...rest,
    plan: number,
    connection: Buffer.from(connection).toString('hex'),
    plain: Buffer.from(plain).toString('hex'),
    values: values.slice(0, plan?.values.length),
    histograms: histograms
      .slice(0, plan?.histograms.length)
      .map(({ sum, min, max, buckets }) => ({ sum, min, max, buckets: [...buckets] })),
  };
}
