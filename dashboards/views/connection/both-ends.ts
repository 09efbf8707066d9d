// Both ends of a connection on one time axis: the other end's times are converted to this end's clock. Pure.
import type { Connection } from '../../../server/api.ts';
import { formatDurationUs, formatName } from '../../format.ts';

type OtherEnd = NonNullable<Connection['other_end']>;
/** The parts of an end that are drawn. */
export type Drawn = Pick<
  Connection,
  'host' | 'states' | 'congestion' | 'retransmits' | 'resets' | 'drops' | 'closed_ms' | 'from_ms' | 'to_ms'
>;
export type Span = Pick<Connection, 'from_ms' | 'to_ms'>;

const NS_PER_MS = 1e6;

/** The same, with all times reduced by `ms`. */
export function earlierBy(ms: number, { host, states, congestion, retransmits, resets, drops, ...times }: Drawn): Drawn {
  const at = (time_ms: number) => time_ms - ms;
  const row = <Row extends { time_ns: string }>(told: Row): Row => ({
    ...told,
    time_ns: String(BigInt(told.time_ns) - BigInt(Math.round(ms * NS_PER_MS))),
  });
  return {
    host,
    states: states.map(({ state, from_ms, to_ms }) => ({ state, from_ms: at(from_ms), to_ms: to_ms === null ? null : at(to_ms) })),
    congestion: congestion.map(row),
    retransmits: retransmits.map(row),
    resets: resets.map(row),
    drops: drops.map(row),
    closed_ms: times.closed_ms === null ? null : at(times.closed_ms),
    from_ms: at(times.from_ms),
    to_ms: at(times.to_ms),
  };
}

/** From the earliest begin to the latest end. */
export const spanOf = (...ends: readonly Span[]): Span => ({
  from_ms: Math.min(...ends.map(({ from_ms }) => from_ms)),
  to_ms: Math.max(...ends.map(({ to_ms }) => to_ms)),
});

/** The title of the second lanes: whose they are, and how their times were converted. */
export function otherEndWords({ host_id }: Pick<Connection, 'host_id'>, other: OtherEnd): string {
  const whose = `The other end, at ${formatName(other.host)}${other.comm === '' ? '' : ` (${formatName(other.comm)})`}`;
  if (other.host_id === host_id) return `${whose}: the same clock`;
  if (other.clock_ahead_ms === null || other.clock_error_ms === null)
    return `${whose}: by its own clock; the handshake does not tell how far that is from this one’s`;
  const apart = formatDurationUs(Math.abs(other.clock_ahead_ms) * 1000);
  const which = other.clock_ahead_ms >= 0 ? 'ahead' : 'behind';
  return `${whose}: its clock is ${apart} ${which}, within ${formatDurationUs(other.clock_error_ms * 1000)}, which is taken off`;
}
