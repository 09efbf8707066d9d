// The collector's journal: lines that a crash or the disk has damaged, and whole ones that say what no version has written.
import { crc32 } from 'node:zlib';
import { lastLine, readLines } from '../../../../agent/durable/journal-lines.ts';
import { KINDS } from '../../../../bpf/rows/rows.gen.ts';
import { BatchSpans } from '../../../../server/log/batch-spans.ts';
import { JOURNAL_FORMAT, type JournalRecord, type PackedSegment } from '../../../../server/log/journal-record.ts';
import { replay } from '../../../../server/log/replay.ts';
import { journalText } from '../../../agent/durable/journal-text.ts';
import { must, type Target } from '../target.ts';

const BATCH = { host_id: '00000000000000aa', epoch: '00000000000000ee', kind: 'sample' } as const;
const { schema, size: row_bytes } = KINDS.sample;
const quarantined = { minute_ms: 60_000, rows: 2 };

const stateOf = (segment: string, rows: number) => ({ kind: 'sample', segment, schema, row_bytes, length: rows * row_bytes, crc: 17 });

function packedOf(segment: string, rows: number): PackedSegment {
  return { ...stateOf(segment, rows), batches: BatchSpans.of([{ ...BATCH, sequence: 9, rows, sent_rows: rows }]).toText() };
}

const RECORDS: JournalRecord[] = [
  {
    t: 'cursor',
    ...BATCH,
    ranges: [
      [1, 4],
      [6, 6],
    ],
    closed_up_to: 0,
  },
  { t: 'segment', ...packedOf('r-1', 3) },
  { t: 'lost', ...BATCH, sequence: 3, sent_rows: 4, outcome: 'log_damaged', rows: 1, reporter: '', minute_ms: 60_000, segment: 'r-0.1.s' },
  { t: 'batch', ...BATCH, ...stateOf('r-2', 2), sequence: 7, rows: 2, quarantined },
  { t: 'batch', ...BATCH, ...stateOf('r-2', 5), sequence: 8, rows: 3 },
  { t: 'emptied', ...BATCH, sequence: 10, quarantined },
  { t: 'split', segment: 'r-2', halves: [packedOf('r-2.0', 2), packedOf('r-2.1', 3)] },
  { t: 'buried', segment: 'r-2.0', minute_ms: 60_000 },
  { t: 'inserted', segment: 'r-1' },
  { t: 'replaced', segment: 'r-2.1' },
];

const textOf = (records: readonly JournalRecord[]) => journalText(JOURNAL_FORMAT.format, records);
const read = (text: string) => readLines(text, JOURNAL_FORMAT.format, JOURNAL_FORMAT.isValue);

export const target: Target = {
  covers: /^server\/log\//,
  seeds: () =>
    [RECORDS, RECORDS.slice(0, 6), RECORDS.slice(5)].map((records) => Buffer.from(textOf(records) + lastLine(records.length + 2))),
  words: [...RECORDS.map(({ t }) => `"t":"${t}"`), '"segment":"r-2"', '"length":', '"rows":', '\u2028', '[]', '{}', 'null', '"batches":""'],
  mutate(bytes, mutateBytes, dice) {
    if (dice.chance(0.3)) return mutateBytes(bytes);
    const lines = Buffer.from(bytes).toString().split('\n');
    const at = dice.between(0, Math.max(0, lines.length - 2));
    const json = Buffer.from(mutateBytes(Buffer.from(lines[at]?.slice(9) ?? ''))).toString();
    lines[at] = `${crc32(json).toString(16).padStart(8, '0')} ${json}`;
    return Buffer.from(lines.join('\n'));
  },
  run(input) {
    const text = Buffer.from(input).toString();
    const { values: records, torn_tail_bytes, closed, damaged_lines } = read(text);
    must(torn_tail_bytes >= 0 && torn_tail_bytes <= Buffer.byteLength(text), 'a tail is in the file');
    must(records.length < text.split('\n').length, 'a record has a line');
    must(!closed || damaged_lines + torn_tail_bytes === 0, 'of a journal that was closed nothing is missing');
    const { cursors, losses, uninserted } = replay(records);
    for (const { state, spans } of uninserted.values()) {
      const rows = spans.list().reduce((sum, batch) => sum + batch.rows, 0);
      must(Number.isSafeInteger(rows) && rows * state.row_bytes <= Number.MAX_SAFE_INTEGER, 'rows of a segment are a number');
    }
    for (const { ranges, closed_up_to } of cursors.states()) must(Array.isArray(ranges) && closed_up_to >= 0, 'a cursor is one');
    for (const { rows } of losses.unstored()) must(Number.isSafeInteger(rows) && rows >= 0, 'what is lost is a number');
    // What is read is written again as a snapshot: it must come back the same.
    must(read(textOf(records)).values.length === records.length, 'each record can be written and read again');
  },
};
