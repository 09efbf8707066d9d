// What several scenarios look at: parts of the rows of one side.
import type { Class, RetransmitRow, State } from '../../bpf/rows/rows.gen.ts';
import type { Figures, SideSeen } from './scenario.ts';

export const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
export const most = (numbers: readonly number[]): number => Math.max(0, ...numbers);

/** One counter of nstat, or several with "+" between them. */
export const counterOf = (nstat: Figures, counter: string): number => sum(counter.split('+').map((name) => nstat[name] ?? 0));

export const attempts = ({ rows }: SideSeen) => rows.retransmit;
/** The attempts that moved the socket's counter. */
export const counted = (seen: SideSeen) => attempts(seen).filter(({ outcome }) => outcome !== 'refused');
export const sent = (seen: SideSeen) => attempts(seen).filter(({ outcome }) => outcome === 'sent');

export const segments = (rows: readonly RetransmitRow[], ...classes: Class[]): number =>
  sum(rows.filter((row) => classes.includes(row.class)).map((row) => row.segments));

/** Segments that the kernel counted and no event told of: what tcplens itself calls unattributed. */
export const unattributed = ({ rows }: SideSeen): number =>
  Math.max(0, sum(rows.namespace.map((row) => row.retrans_segs - row.retrans_attributed)));

/** A close tells of the opening too where no sweep came in between. */
export const opens = ({ rows }: SideSeen) => rows.connection.filter(({ event, tells_open }) => event === 'open' || tells_open);
export const closes = ({ rows }: SideSeen) => rows.connection.filter(({ event }) => event === 'close');
export const failures = ({ rows }: SideSeen) => rows.connection.filter(({ event }) => event === 'failed');
export const ends = ({ rows }: SideSeen) => rows.connection.filter(({ event }) => event !== 'open');

/**
 * Connects whose failure reached no program, so that only their sockets' end was seen: what had happened is not known any more.
 */
export const unseenFailures = (seen: SideSeen) => failures(seen).filter((row) => row.role === 'client' && row.end_reason === 'unknown');

export const closedFrom = ({ rows }: SideSeen, ...states: State[]) =>
  rows.state_change.filter((row) => row.new_state === 'close' && states.includes(row.old_state));

export const resetsSent = ({ rows }: SideSeen) => rows.reset.filter(({ direction }) => direction === 'sent');
export const resetsReceived = ({ rows }: SideSeen) => rows.reset.filter(({ direction }) => direction === 'received');
export const firewalled = ({ rows }: SideSeen) => rows.drop.filter(({ reason }) => reason === 'netfilter_drop');

/** The endpoint's process, as it said itself. */
export const pidOf = ({ said }: SideSeen): number => said[0]?.pid ?? 0;
