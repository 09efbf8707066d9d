// Compares what is stored with what there was, to the row.
import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import type { Loss } from '../../agent/contract/outcome.ts';
import { KIND } from '../../bpf/rows/rows.gen.ts';
import type { Played } from './hosts.ts';
import { isOfLedger } from './schedule.ts';
import type { Stage } from './stage.ts';
import { sourceFile } from './tape.ts';

/** What the process that looks into the engine is told. */
export type Question = {
  engine: string;
  database: string;
  directory: string;
  tapes: Played[];
  epochs: [epoch: string, tape: number][];
  /** who had the only copy of a journal, or of the books, damaged */
  ledgers_damaged: ('agent' | 'collector')[];
  /** the collector has named what the engine's files have lost */
  store_damaged: boolean;
};
/** Asks the engine that is looked into. */
export type Ask = <Row>(sql: string) => Promise<Row[]>;
export type Found = { wrong: string[]; summary: string; losses: Partial<Record<Loss, number>> };

const LOOKING_MS = 400_000;

export async function check(stage: Stage, epochs: ReadonlyMap<string, number>, store_damaged: boolean): Promise<Found> {
  const { directory, hosts } = stage;
  for (const kind of KIND) if (!existsSync(sourceFile(directory, kind))) writeFileSync(sourceFile(directory, kind), '');
  const question: Question = {
    ...stage.tables,
    directory,
    tapes: hosts.flatMap(({ played }) => played),
    epochs: [...epochs],
    store_damaged,
    ledgers_damaged: stage.schedule.faults.flatMap((fault) =>
      fault.what === 'kill' && fault.who !== 'engine' && isOfLedger(fault.damage) ? [fault.who] : [],
    ),
  };
  const file = join(directory, 'question.json');
  writeFileSync(file, JSON.stringify(question));
  const args = ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'look.ts'), file];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    timeout: LOOKING_MS,
    maxBuffer: 64 << 20,
  });
  return JSON.parse(stdout) as Found;
}
