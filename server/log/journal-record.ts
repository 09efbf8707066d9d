// What a line of the journal can say. Whatever has another shape was written by another version, or by nobody: it is not read as a record.
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { AccountingEntry } from '../../agent/contract/agent-report.ts';

const Hex64 = Type.String({ pattern: '^[0-9a-f]{16}$' });
/** Part of a path, as a segment's name is. */
const Kind = Type.String({ pattern: '^[a-z][a-z0-9_]{0,63}$' });
const SegmentName = Type.String({ pattern: '^[0-9A-Za-z-]{1,200}(\\.[01s])*$', maxLength: 235 });
/** A kind and its layout, part of a path too. */
const Schema = Type.String({ pattern: '^[a-z][a-z0-9_]{0,63}/[0-9a-f]{12}$' });
const Text = Type.String({ maxLength: 255 });
const Count = (minimum: number, maximum = Number.MAX_SAFE_INTEGER) => Type.Integer({ minimum, maximum });
const U32_MAX = 0xffff_ffff;
const Rows = Count(1, U32_MAX);
const Sequence = Count(1);

const batchId = { host_id: Hex64, epoch: Hex64, kind: Kind, sequence: Sequence };
/** When something was lost. */
const minute_ms = Count(0);
/** Rows that were taken out of a batch. In the batch's own line, so that a crash cannot leave one without the other. */
const Quarantined = Type.Object({ minute_ms, rows: Rows });

const segmentState = {
  kind: Kind,
  segment: SegmentName,
  schema: Schema,
  row_bytes: Count(1, 4096),
  length: Count(0),
  crc: Count(0, U32_MAX),
};
const SegmentState = Type.Object(segmentState);
/**
 * `length` and `crc` are the segment's up to and including what the record tells of. `schema` names the layout of its rows: rows
 * of another version's can have a length that fits by chance.
 */
export type SegmentState = Static<typeof SegmentState>;

const packedSegment = { ...segmentState, batches: Type.String({ description: 'BatchSpans as text' }) };
const PackedSegment = Type.Object(packedSegment);
export type PackedSegment = Static<typeof PackedSegment>;

const record = <Name extends string, Members extends Parameters<typeof Type.Object>[0]>(t: Name, members: Members) =>
  Type.Object({ t: Type.Literal(t), ...members });

const RECORDS = {
  /** `rows` rows of this batch end the segment at `length` */
  batch: record('batch', { ...batchId, ...segmentState, rows: Rows, quarantined: Type.Optional(Quarantined) }),
  /** a batch whose rows are all in quarantine */
  emptied: record('emptied', { ...batchId, quarantined: Quarantined }),
  /** the store has the segment; its file may go */
  inserted: record('inserted', { segment: SegmentName }),
  /** two others hold the segment's rows; its file may go */
  split: record('split', { segment: SegmentName, halves: Type.Array(PackedSegment) }),
  /** the segment is in the dead-letter folder; its file may go */
  buried: record('buried', { segment: SegmentName, minute_ms }),
  /** of a start: other segments hold the segment's sound batches, the rest is set aside; its file may go */
  replaced: record('replaced', { segment: SegmentName }),
  /** of a snapshot: what is stored of one kind of one run */
  cursor: record('cursor', {
    host_id: Hex64,
    epoch: Hex64,
    kind: Kind,
    ranges: Type.Array(Type.Tuple([Sequence, Sequence])),
    closed_up_to: Count(0),
  }),
  /** of a snapshot: a segment not yet inserted */
  segment: record('segment', packedSegment),
  /** of a snapshot: rows of a batch that one segment, or none, has lost */
  lost: record('lost', {
    ...AccountingEntry.properties,
    host_id: Hex64,
    sequence: Count(0),
    reporter: Text,
    segment: Type.Union([SegmentName, Type.Literal('')]),
  }),
};

export type JournalRecord = { [Name in keyof typeof RECORDS]: Static<(typeof RECORDS)[Name]> }[keyof typeof RECORDS];

const CHECKS = new Map(Object.entries(RECORDS).map(([name, shape]) => [name, Compile(shape)]));

/** A journal of another format is not read: a change of what a record means changes the number. */
export const JOURNAL_FORMAT = { format: 'tcplens log 2', isValue: isRecord };

function isRecord(value: unknown): value is JournalRecord {
  if (typeof value !== 'object' || value === null || !('t' in value) || typeof value.t !== 'string') return false;
  return CHECKS.get(value.t)?.Check(value) ?? false;
}
