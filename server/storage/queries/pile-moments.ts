// For long ranges: the states of connections at the ends of steps, from rows around these moments. A connection that waits in a state has a
// row every half minute, or at each sweep if sweeps are further apart, so the rows between these moments need not be read.
import { LAST_LOOK, STAYS_OF } from './stays.ts';
import { momentText, rowsTime, type Window, whereOf } from './window.ts';

/** Rows at most this far from a moment show the state at the moment. */
export const NEAR_MS = 120_000;
/** With shorter steps all rows are near the end of a step, so nothing is saved. */
const STEP_S_MIN = 300;
const PIECE_MS = 300_000;

type Steps = Pick<Window, 'from_ms' | 'to_ms' | 'step_s'>;

/** Whether only the rows around the ends of steps are read. */
export const isByMoments = ({ source, step_s }: Pick<Window, 'source' | 'step_s'>): boolean => source !== 'rows' && step_s >= STEP_S_MIN;

/** The part of a window around a moment. */
export function around(window: Window, moment_ms: number): Window {
  const [from_ms, to_ms] = [Math.max(window.from_ms, moment_ms - NEAR_MS), Math.min(window.to_ms, moment_ms + NEAR_MS)];
  return { ...window, from_ms, to_ms, time: rowsTime(from_ms, to_ms) };
}

/** SQL for the end of a step in ms. @param step an expression for the step's index */
export const endOf = (step: string, { from_ms, to_ms, step_s }: Steps): string =>
  `least(${from_ms} + (${step} + 1) * ${step_s * 1000}, ${to_ms})`;

/** Condition over the time of rows: at most `before_ms` before the end of a step, or `after_ms` after it. */
export function timeNear({ from_ms, to_ms, step_s }: Steps, before_ms: number, after_ms: number): string {
  const step_ms = step_s * 1000;
  const pieces = new Set<number>();
  for (let end_ms = from_ms + step_ms; end_ms < to_ms + step_ms; end_ms += step_ms) {
    const at_ms = Math.min(end_ms, to_ms);
    for (let piece = Math.floor((at_ms - before_ms) / PIECE_MS); piece * PIECE_MS < at_ms + after_ms; piece++) pieces.add(piece);
  }
  // Plain numbers are one literal to the engine.
  const starts = [...pieces].map((piece) => (piece * PIECE_MS) / 1000);
  const within_ms = `(toUnixTimestamp64Milli(time_ns) - ${from_ms}) % ${step_ms}`;
  return `toStartOfFiveMinutes(time_ns) IN (${starts.join(', ')}) AND time_ns >= ${momentText(from_ms)} AND time_ns < ${momentText(to_ms)}
    AND (${within_ms} >= ${step_ms - before_ms} OR ${within_ms} < ${after_ms} OR time_ns >= ${momentText(to_ms - before_ms)})`;
}

/** A SELECT of step and in_state: a row for each connection in one of the states at the end of a step. @param states numbers of states */
export function statesAtEnds(window: Window, states: readonly number[]): string {
  const near = { ...window, time: timeNear(window, NEAR_MS, NEAR_MS) };
  const at_ms = 'toUnixTimestamp64Milli(time_ns)';
  const step = `intDiv(${at_ms} - ${window.from_ms}, ${window.step_s * 1000})`;
  const isNear = `end -> end >= 0 AND abs(${at_ms} - ${endOf('end', window)}) <= ${NEAR_MS}`;
  const waiting = `${whereOf(near, 'sample')} AND sample.state != 'established'`;
  // Most connections never wait, so of these no openings and ends are read.
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
