// What a line of the books says, and whether one says what this version can go on with. Its checksum only tells that it is as somebody wrote it: that may have
// been another version. By hand, since the schemas' library is not worth its memory in an agent.
import type { Total } from '../accounts/accounting.ts';
import type { AccountingEntry, AgentReport } from '../contract/agent-report.ts';
import { OUTCOMES } from '../contract/outcome.ts';
import type { Range } from './ranges.ts';
import type { RowCount } from './row-counts.ts';

/** What a report of a run says of its host, for the time when that run is over. */
export type Run = { epoch: string; host_id: string; host: AgentReport['host'] };

export type SegmentLine = { number: number; length: number; waiting: RowCount[] };

/** What has changed. Figures are absolute, so a line that is read twice changes nothing. */
export type BooksLine = {
  /** in the first line, which says all there was */
  runs?: Run[];
  /** runs that all has been told of */
  forgotten?: string[];
  entries?: AccountingEntry[];
  totals?: Total[];
  /** runs of which a collector may have something */
  posted?: string[];
  segments?: SegmentLine[];
  done?: { number: number; ranges: Range[] }[];
  /** segments whose files may go */
  gone?: number[];
};

type Is = (value: unknown) => boolean;

/** A segment's file is named by twelve digits. */
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
const isRange: Is = (value) => listOf(isCount)(value) && (value as unknown[]).length === 2;

const host = { name: isText, machine: isText, kernel: isText, agent_version: isText };
const rows = { epoch: isId, kind: isKind, rows: isCount };

const MEMBERS: Readonly<Record<keyof BooksLine, Is>> = {
  runs: listOf(objectOf({ epoch: isId, host_id: isId, host: objectOf(host) })),
  forgotten: listOf(isId),
  entries: listOf(objectOf({ ...rows, minute_ms: isCount, outcome: isOutcome })),
  totals: listOf(objectOf({ ...rows, outcome: isOutcome })),
  posted: listOf(isId),
  segments: listOf(objectOf({ number: isNumber, length: isCount, waiting: listOf(objectOf(rows)) })),
  done: listOf(objectOf({ number: isNumber, ranges: listOf(isRange) })),
  gone: listOf(isNumber),
};

/** Each member may be missing; those that this version does not know are left unread. */
export function isBooksLine(value: unknown): value is BooksLine {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(MEMBERS).every(([name, is]) => Reflect.get(value, name) === undefined || is(Reflect.get(value, name)));
}
