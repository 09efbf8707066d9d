// One line of the journal: the CRC-32 of what follows, a space, JSON, a newline. Whatever a crash leaves half written
// does not match its CRC.
import { crc32 } from 'node:zlib';
import type { HostAccountingEntry } from '../storage/store.ts';
import type { BatchId, CursorState } from './cursors.ts';
import type { Aside, Stamp } from './losses.ts';

/**
 * `length` and `crc` are the segment's up to and including what the record tells of. `schema` names the layout of its rows: rows
 * of another version's can have a length that fits by chance.
 */
export type SegmentState = { kind: string; segment: string; schema: string; row_bytes: number; length: number; crc: number };
/** `batches`: BatchSpans as text. */
export type PackedSegment = SegmentState & { batches: string };
/** Rows that were taken out of a batch. In the batch's own line, so that a crash cannot leave one without the other. */
type Quarantined = Stamp & { rows: number };

export type JournalRecord =
  /** the first line of every journal, so that an empty file is a damaged one */
  | { t: 'journal'; run: string }
  /** `rows` rows of this batch end the segment at `length` */
  | ({ t: 'batch'; rows: number; quarantined?: Quarantined } & BatchId & SegmentState)
  /** a batch whose rows are all in quarantine */
  | ({ t: 'emptied'; quarantined: Quarantined } & BatchId)
  /** the store has the segment; its file may go */
  | { t: 'inserted'; segment: string }
  /** two others hold the segment's rows; its file may go */
  | { t: 'split'; segment: string; halves: PackedSegment[] }
  /** the segment is in the dead-letter folder; its file may go */
  | ({ t: 'buried'; segment: string } & Stamp)
  /** of a snapshot: what is stored of one kind of one run */
  | ({ t: 'cursor' } & CursorState)
  /** of a snapshot: a segment not yet inserted */
  | ({ t: 'segment' } & PackedSegment)
  /** of a snapshot: rows that are lost if their batch is this collector's, of which the store has not said yet */
  | ({ t: 'aside' } & Aside)
  /** of a snapshot: what has been lost, so far */
  | ({ t: 'lost' } & HostAccountingEntry);

const LINE = /^[0-9a-f]{8} \{.*\}$/;

export function formatLine(record: JournalRecord): string {
  const json = JSON.stringify(record);
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
}

export type JournalText = { records: JournalRecord[]; torn_tail_bytes: number; damaged_lines: number };

/**
 * Reads a whole journal. What follows the last newline, or a last line that does not even look like one, is a torn tail: it was
 * never acknowledged. Any other line that does not match its CRC is damage; the others still count.
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
  return JSON.parse(json) as JournalRecord;
}
