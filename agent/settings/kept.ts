// What a collector has last said of this agent's settings, kept in the state directory: it holds while no collector can be reached.
import { join } from 'node:path';
import type { WantedSettings } from '../contract/control.ts';
import { REAL_DISK } from '../durable/disk.ts';
import { readIfThere, replaceWhole } from '../durable/whole-file.ts';
import { makeDirectories } from '../process/make-directories.ts';

export type Wanted = Pick<WantedSettings, 'version' | 'values'>;

const FILE = 'settings.json';

/** A file that cannot be read counts as missing: the collector sends all of it again. */
export async function readKept(directory: string): Promise<Wanted> {
  const bytes = await readIfThere(REAL_DISK, join(directory, FILE)).catch(() => undefined);
  return wantedIn(bytes?.toString()) ?? { version: 0, values: {} };
}

export async function writeKept(directory: string, { version, values }: Wanted): Promise<void> {
  makeDirectories(directory);
  await replaceWhole(REAL_DISK, join(directory, FILE), [Buffer.from(JSON.stringify({ version, values }))]);
}

/** Undefined where the text has another shape. */
export function wantedIn(text = ''): Wanted | undefined {
  try {
    const { version, values } = JSON.parse(text) as Partial<Wanted>;
    const isWhole = Number.isSafeInteger(version) && typeof values === 'object' && values !== null;
    if (!isWhole || Object.values(values).some((value) => typeof value !== 'string')) return undefined;
    return { version: version as number, values };
  } catch {
    return undefined;
  }
}
