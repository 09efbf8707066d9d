// What became of one target's run, and how it is shown.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export type Result = {
  executions: number;
  /** of the seeds alone, and in the end: edges in C, characters in TypeScript */
  covered_by_seeds: number;
  covered: number;
  /** inputs that ran something new */
  kept: number;
  /** files with the inputs that failed */
  crashes: readonly string[];
  /** what was said of them */
  said: string;
};

/** Where a run keeps what it finds: `corpus`, for the next one to go on from, and `crashes`. */
export type RunOptions = { seconds: number; folder: string; seed: number };

export const crashesOf = (folder: string): string => join(folder, 'crashes');

export function makeFolders(folder: string): void {
  rmSync(crashesOf(folder), { recursive: true, force: true });
  for (const name of ['corpus', 'crashes']) mkdirSync(join(folder, name), { recursive: true });
}

export const HEADINGS = ['target', 'executions', 'covered by seeds', 'new coverage', 'kept', 'crashes'] as const;

export function tableLine(cells: readonly (string | number)[]): string {
  return cells.map((cell, index) => (index === 0 ? String(cell).padEnd(12) : String(cell).padStart(17))).join('');
}

export function cellsOf(name: string, { executions, covered_by_seeds, covered, kept, crashes }: Result): (string | number)[] {
  return [name, executions, covered_by_seeds, covered - covered_by_seeds, kept, crashes.length];
}
