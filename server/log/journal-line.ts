// One line of the journal: the CRC-32 of what follows, a space, JSON, a newline. Whatever a crash leaves half written
// does not match its CRC.
import { crc32 } from 'node:zlib';
import { isRecord, type JournalRecord } from './journal-record.ts';

const LINE = /^[0-9a-f]{8} \{.*\}$/;

export function formatLine(record: JournalRecord): string {
  const json = JSON.stringify(record);
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
}

export type JournalText = { records: JournalRecord[]; torn_tail_bytes: number; damaged_lines: number };

/**
 * Reads a whole journal. What follows the last newline, or a last line that does not even look like one, is a torn tail: it was
 * never acknowledged. Any other line that does not match its CRC, or says nothing that this version knows, is damage; the others
 * still count.
 */
export function readLines(text: string): JournalText {
  const lines = text.split('\n');
  const rest = lines.pop() ?? '';
  const records = lines.map(parseLine);
  let torn = Buffer.byteLength(rest);
  while (records.length > 0 && records.at(-1) === undefined) {
    const last = lines[records.length - 1] ?? '';
    if (LINE.test(last)) break;
    torn += Buffer.byteLength(last) + 1;
    records.pop();
  }
  const good = records.filter((record) => record !== undefined);
  return { records: good, torn_tail_bytes: torn, damaged_lines: records.length - good.length };
}

function parseLine(line: string): JournalRecord | undefined {
  const json = line.slice(9);
  if (!LINE.test(line) || Number.parseInt(line.slice(0, 8), 16) !== crc32(json)) return undefined;
  try {
    const record: unknown = JSON.parse(json);
    return isRecord(record) ? record : undefined;
  } catch {
    return undefined;
  }
}
