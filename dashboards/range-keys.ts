// What keys make of the range: earlier, later, wider, or held still. Pure.
import { isSpan, RANGES, type RangeName, type Span, type ViewState } from './view-state.ts';

type Range = ViewState['range'];

/** A key moves the range by this share of its length. */
const STEP = 1 / 2;

const spanOf = (range: Range, now_ms: number): Span =>
  isSpan(range) ? range : { from_ms: Math.floor(now_ms - RANGES[range].length_ms), to_ms: Math.ceil(now_ms) };
const lengthOf = ({ from_ms, to_ms }: Span): number => to_ms - from_ms;
const NAMES = Object.keys(RANGES) as RangeName[];

/** A span that would end in the future ends now. */
function within({ from_ms, to_ms }: Span, now_ms: number): Span {
  const late_ms = Math.max(0, Math.round(to_ms - now_ms));
  return { from_ms: Math.round(from_ms) - late_ms, to_ms: Math.round(to_ms) - late_ms };
}

/** A range that moves with the time has nothing after it, and stays as it is. */
export function later(range: Range, now_ms: number): Range {
  if (!isSpan(range)) return range;
  const by_ms = lengthOf(range) * STEP;
  return within({ from_ms: range.from_ms + by_ms, to_ms: range.to_ms + by_ms }, now_ms);
}

export function earlier(range: Range, now_ms: number): Span {
  const span = spanOf(range, now_ms);
  const by_ms = lengthOf(span) * STEP;
  return within({ from_ms: span.from_ms - by_ms, to_ms: span.to_ms - by_ms }, now_ms);
}

/** Twice as long, around the same middle; one that moves with the time becomes the next longer one. */
export function wider(range: Range, now_ms: number): Range {
  if (!isSpan(range)) return NAMES[NAMES.indexOf(range) + 1] ?? range;
  const more_ms = lengthOf(range) / 2;
  return within({ from_ms: range.from_ms - more_ms, to_ms: range.to_ms + more_ms }, now_ms);
}

/** Held still, as it is now; one that is held moves with the time again, as long as before or a little longer. */
export function frozen(range: Range, now_ms: number): Range {
  if (!isSpan(range)) return spanOf(range, now_ms);
  return NAMES.find((name) => RANGES[name].length_ms >= lengthOf(range)) ?? (NAMES.at(-1) as RangeName);
}
