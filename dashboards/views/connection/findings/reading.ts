// What this side's process did not read or close.
import { isShut } from '../../../../agent/verdict/reading.ts';
import { formatBytes, formatDurationUs } from '../../../format.ts';
import type { Look } from './finding.ts';

const CLOSE_WAIT_US = 10_000_000;

export const slowReader: Look = ({ unread, resets, closed_ms }) => {
  if (!unread || resets.length > 0) return undefined;
  const left = `${formatBytes(unread)} that came`;
  return { whose: 'this process', words: closed_ms === null ? `It has not read ${left}.` : `It ended without reading ${left}.` };
};

export const closedWindow: Look = ({ samples, resets }) => {
  const shut = samples.time_ms.flatMap((_, at) => {
    const [unread, window] = [samples.unread[at] ?? 0, samples.rcv_wnd[at] ?? null];
    return window !== null && isShut({ unread, rcv_wnd: window }) ? [unread] : [];
  });
  if (resets.length > 0 || shut.length === 0) return undefined;
  return {
    whose: 'this process',
    words: `It read too slowly: up to ${formatBytes(Math.max(...shut))} lay unread, and its receive window was closed, so that the peer had to wait.`,
  };
};

export const leak: Look = ({ state, closed_ms, states, to_ms }) => {
  const stay = states.at(-1);
  if (state !== 'close_wait' || closed_ms !== null || stay === undefined) return undefined;
  const us = (to_ms - stay.from_ms) * 1000;
  if (us < CLOSE_WAIT_US) return undefined;
  return {
    whose: 'this process',
    words: `The peer closed ${formatDurationUs(us)} before the last row; the process has not called close().`,
  };
};
