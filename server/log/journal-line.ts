// One line of the journal: the CRC-32 of what follows, a space, JSON, a newline. Whatever a crash leaves half written
// does not match its CRC.
import { crc32 } from 'node:zlib';
import type { Kind } from '../../bpf/rows.gen.ts';
import type { CursorState } from './cursors.ts';

/**
 * `length` and `crc` are the segment's up to and including what the record tells of. `schema` names the layout of its rows: rows
 * of another version's can have a length that fits by chance.
 */
export type SegmentState = { kind: Kind; segment: string; schema: string; length: number; crc: number };
export type JournalRecord =
  /** rows of this batch end the segment at `length` */
  | ({ t: 'batch'; host_id: string; epoch: string; sequence: number } & SegmentState)
  /** the store has the segment; its file may go */
  | { t: 'inserted'; segment: string }
  /** of a snapshot: what is stored of one run */
  | ({ t: 'cursor' } & CursorState)
  /** of a snapshot: a segment not yet inserted */
  | ({ t: 'segment' } & SegmentState);

export function formatLine(record: JournalRecord): string {
  const json = JSON.stringify(record);
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
}

export type JournalText = { records: JournalRecord[]; torn_tail_bytes: number; damaged_lines: number };

/**
 * Reads a whole journal. What follows the last newline, or a last line whose CRC is wrong, is a torn tail: it was never
 * acknowledged. A wrong line before others is damage; the others still count.
 */
export function readLines(text: string): JournalText {
  const lines = text.split('\n');
  const rest = lines.pop() ?? '';
  const records = lines.map(parseLine);
  let torn = Buffer.byteLength(rest);
  while (records.length > 0 && records.at(-1) === undefined) {
    torn += Buffer.byteLength(lines[records.length - 1] ?? '') + 1;
    records.pop();
  }
  const good = records.filter((record) => record !== undefined);
  return { records: good, torn_tail_bytes: torn, damaged_lines: records.length - good.length };
}

function parseLine(line: string): JournalRecord | undefined {
  const json = line.slice(9);
  if (!/^[0-9a-f]{8} \{/.test(line) || Number.parseInt(line.slice(0, 8), 16) !== crc32(json)) return undefined;
  return JSON.parse(json) as JournalRecord;
}
