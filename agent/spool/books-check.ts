// The type of a line of the books, and the check that a parsed line has it. The checksum only tells that a line is as it was written:
// another version may have written it. Written by hand, since the schema library is not worth its memory in an agent.
import type { Total } from '../accounts/accounting.ts';
import type { AccountingEntry, AgentReport, LostBatches } from '../contract/agent-report.ts';
import { isAgentLoss, OUTCOMES } from '../contract/outcome.ts';
import type { Range } from './ranges.ts';
import type { RowCount } from './row-counts.ts';

/** A run of an agent, with what reports say of its host: they are still sent after the run has ended. */
export type Run = { epoch: string; host_id: string; host: AgentReport['host'] };

export type SegmentLine = { number: number; length: number; waiting: RowCount[] };

/** What has changed since the last line. Figures are absolute, so a line that is read twice changes nothing. */
export type BooksLine = {
  /** all runs; only in the first line of a file, which is a snapshot */
  runs?: Run[];
  /** runs whose batches are all sent and whose accounting is all reported */
  forgotten?: string[];
  entries?: AccountingEntry[];
  totals?: Total[];
  /** lost batches that no collector may have been told of yet */
  lost?: LostBatches[];
  /** runs of which a report was posted: a collector may have its figures */
  posted?: string[];
  segments?: SegmentLine[];
  done?: { number: number; ranges: Range[] }[];
  /** segments whose files may be removed */
  gone?: number[];
};

type Is = (value: unknown) => boolean;

/** The name of a segment's file has twelve digits. */
const SEGMENT_NUMBER_MAX = 999_999_999_999;
const KIND_CHARS_MAX = 32;
const TEXT_CHARS_MAX = 255;

const matches =
  (pattern: RegExp): Is =>
  (value) =>
    typeof value === 'string' && pattern.test(value);
const upTo =
  (max: number): Is =>
  (value) =>
    Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= max;
const listOf =
  (is: Is): Is =>
  (value) =>
    Array.isArray(value) && value.every(is);
const objectOf =
  (members: Readonly<Record<string, Is>>): Is =>
  (value) =>
    typeof value === 'object' && value !== null && Object.entries(members).every(([name, is]) => is(Reflect.get(value, name)));
const short =
  (max: number): Is =>
  (value) =>
    typeof value === 'string' && value.length <= max;

const isId = matches(/^[0-9a-f]{16}$/);
const isKind = short(KIND_CHARS_MAX);
const isText = short(TEXT_CHARS_MAX);
const isCount = upTo(Number.MAX_SAFE_INTEGER);
const isNumber = upTo(SEGMENT_NUMBER_MAX);
const isOutcome: Is = (value) => OUTCOMES.some((outcome) => outcome === value);
const isLoss: Is = (value) => typeof value === 'string' && isAgentLoss(value);
const isRange: Is = (value) => listOf(isCount)(value) && (value as unknown[]).length === 2;
const isRanges = listOf(isRange);

const host = { name: isText, machine: isText, kernel: isText, agent_version: isText };
const rows = { epoch: isId, kind: isKind, rows: isCount };

const MEMBERS: Readonly<Record<keyof BooksLine, Is>> = {
  runs: listOf(objectOf({ epoch: isId, host_id: isId, host: objectOf(host) })),
  forgotten: listOf(isId),
  entries: listOf(objectOf({ ...rows, minute_ms: isCount, outcome: isOutcome })),
  totals: listOf(objectOf({ ...rows, outcome: isOutcome })),
  lost: listOf(objectOf({ ...rows, minute_ms: isCount, outcome: isLoss, sequences: isRanges })),
  posted: listOf(isId),
  segments: listOf(objectOf({ number: isNumber, length: isCount, waiting: listOf(objectOf({ ...rows, sequences: isRanges })) })),
  done: listOf(objectOf({ number: isNumber, ranges: isRanges })),
  gone: listOf(isNumber),
};

/** Each member may be missing; members that this version does not know are ignored. */
export function isBooksLine(value: unknown): value is BooksLine {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(MEMBERS).every(([name, is]) => Reflect.get(value, name) === undefined || is(Reflect.get(value, name)));
}
