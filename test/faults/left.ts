// Files that collectors have left: nothing waits in a log, and what was put aside is what was counted.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Loss } from '../../agent/contract/outcome.ts';
import { KIND, KINDS } from '../../bpf/rows/rows.gen.ts';

/**
 * @param data the collectors' data directories
 * @param losses undefined: what was counted may be among what the engine has lost
 * @param damaged whether anything was done to their files
 */
export function leftWrong(data: readonly string[], losses: Partial<Record<Loss, number>> | undefined, damaged: boolean): string[] {
  const waiting = data.flatMap((directory) =>
    filesIn(join(directory, 'log')).filter((path) => path !== 'journal' && !(damaged && path.startsWith('aside'))),
  );
  const wrong = waiting.map((path) => `the log still has ${path}`);
  if (losses === undefined) return wrong;
  const { quarantined = 0, dead_letter = 0 } = losses;
  const aside = rowsIn(data, 'quarantine');
  // Killed between the file and the journal, a collector puts a batch's rows there again; of several, each those of a batch that it took.
  if (aside < quarantined || (data.length === 1 && aside > 0 && quarantined === 0))
    wrong.push(`${aside} rows are in quarantine, ${quarantined} are counted`);
  const dead = rowsIn(data, 'dead-letter');
  // Of several collectors, each counts only rows of batches that are its own.
  if (data.length === 1 ? dead !== dead_letter : dead < dead_letter)
    wrong.push(`${dead} rows are dead letters, ${dead_letter} are counted`);
  return wrong;
}

function filesIn(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((path) => statSync(join(directory, path)).isFile());
}

function rowsIn(data: readonly string[], folder: string): number {
  const files = data.flatMap((directory) => filesIn(join(directory, folder)).map((path) => join(directory, folder, path)));
  return KIND.reduce((sum, kind) => {
    const ofKind = files.filter((path) => path.includes(`${folder}/${kind}-`) && path.endsWith('.rows'));
    return sum + ofKind.reduce((rows, path) => rows + statSync(path).size / KINDS[kind].size, 0);
  }, 0);
}
