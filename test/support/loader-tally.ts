// The loader's counting of rows, compiled for this machine.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Group, Plan } from '../../agent/metrics/tally-plan.ts';
import { PLANS } from '../../agent/metrics/tally-plans.ts';
import { readGroups } from '../../agent/metrics/tally-program.ts';
import { KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { compileC, SANITIZED } from './compile-c.ts';
import { root } from './project-files.ts';

const SOURCES = ['tally', 'tally_check', 'tally_groups', 'tally_terms', 'row_size'].map((name) => join(root, `bpf/loader/${name}.c`));
/** Names of the reasons that the loader's rows have as numbers only. */
export const REASONS = ['', 'netfilter_drop', 'no_socket', 'r'.repeat(32), ...Array.from({ length: 400 }, (_, n) => `reason ${n}`)];

export type Piece = { kind: Kind; rows: Uint8Array };

/** Compiles it into `directory`; returns what runs a tally program over rows. */
export function buildTally(directory: string) {
  const path = compileC(join(root, 'test/bpf/loader/tally-run.c'), directory, [...SOURCES, ...SANITIZED]);
  return {
    groups(program: Uint8Array, pieces: readonly Piece[]): Group[] {
      const input = Buffer.concat([program, ...pieces.flatMap(bytesOf)]);
      const { status, stdout, error } = spawnSync(path, { input, maxBuffer: 256 << 20 });
      if (error !== undefined || status !== 0) throw new Error(`tally-run ended with ${status}: ${error}`);
      return readGroups(stdout, (_, code) => REASONS[code] ?? '');
    },
  };
}

function bytesOf({ kind, rows }: Piece): Uint8Array[] {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(KINDS[kind].index);
  head.writeUInt32LE(rows.length, 4);
  return [head, rows];
}

/** The parts of a group that its plan defines, so that groups of the loader and of plain-tally.ts can be compared. */
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
