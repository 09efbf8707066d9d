// Positions on a time axis of `width` pixels, shared by the lanes, the ticks and the charts.
import type { Connection } from '../../../server/api.ts';
import { msOfNs } from '../../format.ts';

export type Frame = { from_ms: number; to_ms: number; width: number };
type StateSpan = Connection['states'][number];
export type LaneBox = { state: StateSpan['state']; x: number; width: number; from_ms: number; to_ms: number };

/** Least width of a box, px: a handshake of 1 ms in an hour would be invisible. */
const WIDTH_MIN = 2;

export function placeOf(time_ms: number, { from_ms, to_ms, width }: Frame): number {
  const share = (time_ms - from_ms) / Math.max(1, to_ms - from_ms);
  return Math.max(0, Math.min(1, share)) * width;
}

/** A box for each state, in order. The last one ends at the frame's end while the connection is in the state. */
export function laneBoxes(states: readonly StateSpan[], frame: Frame): LaneBox[] {
  return states.map(({ state, from_ms, to_ms }) => {
    const end_ms = to_ms ?? frame.to_ms;
    const x = Math.min(placeOf(from_ms, frame), Math.max(0, frame.width - WIDTH_MIN));
    return { state, x, width: Math.max(WIDTH_MIN, placeOf(end_ms, frame) - x), from_ms, to_ms: end_ms };
  });
}

type Change = Connection['congestion'][number];
export type CongestionBox = { ca_state: Change['new_ca_state']; x: number; width: number; from_ms: number; to_ms: number };

/** A box for each stay in a congestion state other than `open`, the normal state. The last one ends at `end_ms`. */
export function congestionBoxes(changes: readonly Change[], end_ms: number, frame: Frame): CongestionBox[] {
  const stays = changes.map(({ new_ca_state, time_ns }, at) => {
    const next = changes[at + 1];
    return { ca_state: new_ca_state, from_ms: msOfNs(time_ns), to_ms: next ? msOfNs(next.time_ns) : end_ms };
  });
  const first = changes[0];
  // The first change also says from when on the old state lasted.
  const before =
    first && first.duration_us > 0
      ? [{ ca_state: first.old_ca_state, from_ms: msOfNs(first.time_ns) - first.duration_us / 1000, to_ms: msOfNs(first.time_ns) }]
      : [];
  return [...before, ...stays]
    .filter(({ ca_state }) => ca_state !== 'open')
    .map((stay) => {
      const x = Math.min(placeOf(stay.from_ms, frame), Math.max(0, frame.width - WIDTH_MIN));
      return { ...stay, x, width: Math.max(WIDTH_MIN, placeOf(stay.to_ms, frame) - x) };
    });
}

/** The time axis of a connection: from its first row to its last, with a margin at both sides, and at least a millisecond long. */
export function frameOf({ from_ms, to_ms }: Pick<Connection, 'from_ms' | 'to_ms'>): Pick<Frame, 'from_ms' | 'to_ms'> {
  const margin_ms = Math.max(0.5, (to_ms - from_ms) * 0.02);
  return { from_ms: from_ms - margin_ms, to_ms: to_ms + margin_ms };
}
