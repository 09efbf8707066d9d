// The text of a journal: one line a value. A line is the CRC-32 of what follows it, the line's number in the file, and JSON, with a space
// between them. The first line names the format; a journal that was closed ends with a line that says so.
import { crc32 } from 'node:zlib';

/** The form of a whole line: a line that a crash has left half written does not match, or fails its checksum. */
const LINE = /^([0-9a-f]{8}) (\d{1,15}) (.*)$/;
const CLOSED = { closed: true };

export type JournalText<Value> = {
  /** of the lines that are sound, in order */
  values: Value[];
  /** Lines that are damaged, missing from between others, repeated, or without the shape of a value. */
  damaged_lines: number;
  /** Bytes at the end that are no line: of a write that never returned. */
  torn_tail_bytes: number;
  /** The first line is there, and is that of this format. */
  begins: boolean;
  /** It was closed, and no line is missing. */
  closed: boolean;
  /** Its first line is sound and that of another format, or of none: another version has written it, and the rest is not read. */
  other_format: boolean;
};

/** A line with its newline. @param number in the file, from 1 on */
export function formatLine(number: number, value: unknown): string {
  const text = `${number} ${JSON.stringify(value)}`;
  return `${crcOf(text)} ${text}\n`;
}

/** The first line of a journal. */
export function firstLine(format: string): string {
  return formatLine(1, { format });
}

/** The last line of a journal that was closed. */
export function lastLine(number: number): string {
  return formatLine(number, CLOSED);
}

/** What follows the last newline, or last lines that do not even look like one, are a torn tail: they were never acknowledged. */
export function readLines<Value>(text: string, format: string, isValue: (value: unknown) => value is Value): JournalText<Value> {
  const lines = text.split('\n');
  let torn_tail_bytes = Buffer.byteLength(lines.pop() ?? '');
  while (lines.length > 0 && !LINE.test(lines.at(-1) ?? '')) torn_tail_bytes += Buffer.byteLength(lines.pop() ?? '') + 1;
  const [first = ''] = text.split('\n', 1);
  const isOurs = `${first}\n` === firstLine(format);
  const begins = isOurs && lines.length > 0;
  const read: JournalText<Value> = { values: [], damaged_lines: 0, torn_tail_bytes, begins, closed: false, other_format: false };
  const isSound = first === `${crcOf(first.slice(9))} ${first.slice(9)}`;
  if (isSound && !isOurs && (soundLine(first)?.number ?? 1) === 1) return { ...read, other_format: true };
  readSound(lines, isValue, read);
  return read;
}

/** Lines count by their numbers: so one that was cut out is missed, and one that a disk has repeated is not read twice. */
function readSound<Value>(lines: readonly string[], isValue: (value: unknown) => value is Value, into: JournalText<Value>): void {
  let expected = 1;
  let unsound = 0;
  let closed_at = 0;
  for (const each of lines) {
    const { number, json } = soundLine(each) ?? { number: 0, json: '' };
    if (number < expected) {
      unsound++;
      continue;
    }
    into.damaged_lines += Math.max(unsound, number - expected);
    unsound = 0;
    expected = number + 1;
    if (number === 1) continue;
    const value = parsed(json);
    if (isClosed(value)) closed_at = number;
    else if (isValue(value)) into.values.push(value);
    else into.damaged_lines++;
  }
  into.damaged_lines += unsound;
  into.closed = into.begins && into.damaged_lines + into.torn_tail_bytes === 0 && closed_at === expected - 1;
}

function soundLine(line: string): { number: number; json: string } | undefined {
  const [, crc, number, json = ''] = LINE.exec(line) ?? [];
  return number !== undefined && crc === crcOf(line.slice(9)) ? { number: Number(number), json } : undefined;
}

function isClosed(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'closed' in value && Object.keys(value).length === 1;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function crcOf(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
