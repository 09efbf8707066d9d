// Problems of a listening socket, in sentences. Pure.
import type { Listener } from '../server/api.ts';
import { formatClockMs, formatCount, formatDurationUs } from './format.ts';
import type { Severity } from './verdicts.ts';

/** Above this share of the accept queue the next burst may overflow it. */
export const NEARLY_FULL = 0.8;

export const listenerSeverity = ({ overflows, full }: Listener): Severity =>
  overflows > 0 ? 'bad' : full >= NEARLY_FULL ? 'warn' : 'none';

/** Packets dropped for other reasons than a full accept queue; the kernel counts some packets twice. */
export const droppedOtherwise = ({ drops, overflows }: Listener): number => Math.max(0, drops - overflows);

/** '' if the listener has no problem. */
export function listenerWords(one: Listener): string {
  const { overflows, full, accept_queue_max, accept_queue_limit, sockets, syns_resent, gone_us, gone_from_ms, left_waiting } = one;
  const depth = `up to ${formatCount(accept_queue_max)} waited in ${sockets > 1 ? 'one queue' : 'its queue'}, ${formatCount(accept_queue_limit / Math.max(1, sockets))} may`;
  const others = droppedOtherwise(one);
  const parts = [
    overflows > 0
      ? `Its accept queue was full ${overflows === 1 ? 'once' : `${formatCount(overflows)} times`} when somebody asked to connect; who asks again counts again (${depth}). The process calls accept() too seldom, or its backlog is too small.`
      : full >= NEARLY_FULL && `Its accept queue is nearly full: ${depth}.`,
    others > 0 &&
      `${formatCount(others)} ${others === 1 ? 'packet was' : 'packets were'} dropped for other reasons: handshake queue full, no memory, or no route back.`,
    gone_from_ms !== null &&
      gone_us !== null &&
      gone_us > 0 &&
      `Nobody listened for ${formatDurationUs(gone_us)}, the last time from ${formatClockMs(gone_from_ms)}: its socket was closed, and whoever asked to connect was refused.`,
    left_waiting > 0 &&
      `${formatCount(left_waiting)} ${left_waiting === 1 ? 'connection' : 'connections'} waited for accept() when it was closed: unless another socket of its port took them, their clients were reset.`,
    syns_resent !== null &&
      syns_resent > 0 &&
      `Clients on watched hosts sent ${syns_resent === 1 ? 'one SYN' : `${formatCount(syns_resent)} SYNs`} to it again.`,
  ];
  return parts.filter(Boolean).join(' ');
}
