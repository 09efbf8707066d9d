// Of long ranges: in which states connections were at the ends of steps, from the rows around each. What waits in a state has a row every half
// minute, or at each sweep where sweeps are further apart: so nothing between these moments needs to be read.
import { LAST_LOOK, STAYS_OF } from './stays.ts';
import { momentText, rowsTime, type Window, whereOf } from './window.ts';

/** Rows so near to a moment tell of it. */
export const NEAR_MS = 120_000;
/** Of shorter steps all rows are near to an end. */
const STEP_S_MIN = 300;
const PIECE_MS = 300_000;

type Steps = Pick<Window, 'from_ms' | 'to_ms' | 'step_s'>;

/** Whether only the rows around the ends of steps are read. */
export const isByMoments = ({ source, step_s }: Pick<Window, 'source' | 'step_s'>): boolean => source !== 'rows' && step_s >= STEP_S_MIN;

/** A window of the part around a moment. */
export function around(window: Window, moment_ms: number): Window {
  const [from_ms, to_ms] = [Math.max(window.from_ms, moment_ms - NEAR_MS), Math.min(window.to_ms, moment_ms + NEAR_MS)];
  return { ...window, from_ms, to_ms, time: rowsTime(from_ms, to_ms) };
}

/** Over steps: an expression for the end of one, ms. */
export const endOf = (step: string, { from_ms, to_ms, step_s }: Steps): string =>
  `least(${from_ms} + (${step} + 1) * ${step_s * 1000}, ${to_ms})`;

/** The condition over the time of rows that are within so many ms before the end of a step, or after one. */
export function timeNear({ from_ms, to_ms, step_s }: Steps, before_ms: number, after_ms: number): string {
  const step_ms = step_s * 1000;
  const pieces = new Set<number>();
  for (let end_ms = from_ms + step_ms; end_ms < to_ms + step_ms; end_ms += step_ms) {
    const at_ms = Math.min(end_ms, to_ms);
    for (let piece = Math.floor((at_ms - before_ms) / PIECE_MS); piece * PIECE_MS < at_ms + after_ms; piece++) pieces.add(piece);
  }
  // Plain numbers, which the engine reads as one literal.
  const starts = [...pieces].map((piece) => (piece * PIECE_MS) / 1000);
  const within_ms = `(toUnixTimestamp64Milli(time_ns) - ${from_ms}) % ${step_ms}`;
  return `toStartOfFiveMinutes(time_ns) IN (${starts.join(', ')}) AND time_ns >= ${momentText(from_ms)} AND time_ns < ${momentText(to_ms)}
    AND (${within_ms} >= ${step_ms - before_ms} OR ${within_ms} < ${after_ms} OR time_ns >= ${momentText(to_ms - before_ms)})`;
}

/** A SELECT of step and in_state (its number): of each connection in one of these states at the end of a step. @param states their numbers */
export function statesAtEnds(window: Window, states: readonly number[]): string {
  const near = { ...window, time: timeNear(window, NEAR_MS, NEAR_MS) };
  const at_ms = 'toUnixTimestamp64Milli(time_ns)';
  const step = `intDiv(${at_ms} - ${window.from_ms}, ${window.step_s * 1000})`;
  const isNear = `end -> end >= 0 AND abs(${at_ms} - ${endOf('end', window)}) <= ${NEAR_MS}`;
  const waiting = `${whereOf(near, 'sample')} AND sample.state != 'established'`;
  // Most connections were never seen to wait: nothing is asked of their beginnings and ends.
  const seen = `(host_id, connection_id) IN (SELECT host_id, connection_id FROM sample WHERE ${waiting})`;
  const where = {
    connection: `${whereOf(near, 'connection')} AND (event = 'failed' OR (event = 'open' AND connection.state != 'established') OR ${seen})`,
    sample: waiting,
  };
  const rows = STAYS_OF.map((kind) => {
    return `SELECT host_id, connection_id, arrayJoin(arrayFilter(${isNear}, [${step} - 1, ${step}])) AS step, ${endOf('step', window)} AS end_ms,
    ${LAST_LOOK[kind]('end_ms')} AS look FROM ${kind} WHERE ${where[kind]}`;
  });
  return `SELECT step, argMax(look.3, look) AS in_state FROM (${rows.join('\nUNION ALL ')}) WHERE look.1 < end_ms
  GROUP BY step, host_id, connection_id HAVING in_state IN (${states.join(', ')})`;
}
