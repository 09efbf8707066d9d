// The records of the log's journal. A line with another shape comes from another version or from damage, and is not read as a record.
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { AccountingEntry } from '../../agent/contract/agent-report.ts';

const Hex64 = Type.String({ pattern: '^[0-9a-f]{16}$' });
/** A part of a path, as is a segment's name. */
const Kind = Type.String({ pattern: '^[a-z][a-z0-9_]{0,63}$' });
const SegmentName = Type.String({ pattern: '^[0-9A-Za-z-]{1,200}(\\.[01s])*$', maxLength: 235 });
/** A kind and its layout; a part of a path too. */
const Schema = Type.String({ pattern: '^[a-z][a-z0-9_]{0,63}/[0-9a-f]{12}$' });
const Text = Type.String({ maxLength: 255 });
const Count = (minimum: number, maximum = Number.MAX_SAFE_INTEGER) => Type.Integer({ minimum, maximum });
const U32_MAX = 0xffff_ffff;
const Rows = Count(1, U32_MAX);
const Sequence = Count(1);

const batchId = { host_id: Hex64, epoch: Hex64, kind: Kind, sequence: Sequence };
/** The minute in which rows were lost. */
const minute_ms = Count(0);
/** How many rows were taken out of a batch. It is in the batch's own line, so that a crash cannot leave one without the other. */
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
 * A segment up to the end of the batch that the record is about: its length in bytes and their CRC-32. `schema` names the layout of the
 * rows, since rows of another version's layout can have the right length by chance.
 */
export type SegmentState = Static<typeof SegmentState>;

const packedSegment = { ...segmentState, batches: Type.String({ description: 'BatchSpans as text' }) };
const PackedSegment = Type.Object(packedSegment);
export type PackedSegment = Static<typeof PackedSegment>;

const record = <Name extends string, Members extends Parameters<typeof Type.Object>[0]>(t: Name, members: Members) =>
  Type.Object({ t: Type.Literal(t), ...members });

const RECORDS = {
  /** A batch was acknowledged: its rows are the last ones of the segment's first `length` bytes. */
  batch: record('batch', { ...batchId, ...segmentState, rows: Rows, quarantined: Type.Optional(Quarantined) }),
  /** A batch was acknowledged whose rows are all in quarantine. */
  emptied: record('emptied', { ...batchId, quarantined: Quarantined }),
  /** The store has the segment. Its file may be removed. */
  inserted: record('inserted', { segment: SegmentName }),
  /** Two other segments hold the segment's rows. Its file may be removed. */
  split: record('split', { segment: SegmentName, halves: Type.Array(PackedSegment) }),
  /** The segment is in the folder of dead letters. Its file may be removed. */
  buried: record('buried', { segment: SegmentName, minute_ms }),
  /** A start has written the segment's sound batches to another segment and set the rest aside. Its file may be removed. */
  replaced: record('replaced', { segment: SegmentName }),
  /** In a snapshot: which batches of one kind of one run are stored. */
  cursor: record('cursor', {
    host_id: Hex64,
    epoch: Hex64,
    kind: Kind,
    ranges: Type.Array(Type.Tuple([Sequence, Sequence])),
    closed_up_to: Count(0),
  }),
  /** In a snapshot: a segment that the store does not have yet. */
  segment: record('segment', packedSegment),
  /** In a snapshot: how many rows of a batch were lost in this segment, or before they were in any. */
  lost: record('lost', {
    ...AccountingEntry.properties,
    host_id: Hex64,
    sequence: Count(0),
    sent_rows: Count(0, U32_MAX),
    reporter: Text,
    segment: Type.Union([SegmentName, Type.Literal('')]),
  }),
};

export type JournalRecord = { [Name in keyof typeof RECORDS]: Static<(typeof RECORDS)[Name]> }[keyof typeof RECORDS];

const CHECKS = new Map(Object.entries(RECORDS).map(([name, shape]) => [name, Compile(shape)]));

/** A journal of another format is not read: a change of what a record means changes the number. */
export const JOURNAL_FORMAT = { format: 'tcplens log 3', isValue: isRecord };

function isRecord(value: unknown): value is JournalRecord {
  if (typeof value !== 'object' || value === null || !('t' in value) || typeof value.t !== 'string') return false;
  return CHECKS.get(value.t)?.Check(value) ?? false;
}
