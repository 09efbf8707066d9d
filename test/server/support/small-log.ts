// A log with small limits.
import { join } from 'node:path';
import { Log } from '../../../server/log/log.ts';

const MIB = 1024 * 1024;
const LIMITS = { segment_bytes_max: MIB, log_bytes_max: 16 * MIB, journal_bytes_max: MIB };

/** A started log with segments and journal of at most 1 MiB, and at most 16 MiB in all. */
export async function openSmallLog(directory: string): Promise<Log> {
  const log = new Log({ directory, quarantine: join(directory, 'quarantine'), dead_letter: join(directory, 'dead-letter'), ...LIMITS });
  await log.start();
  return log;
}
