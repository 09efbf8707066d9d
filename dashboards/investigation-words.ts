// Sentences about investigations: the cost of details, estimates, progress, and why one ended. Pure.
import type { AtHost, Estimate, Investigation, InvestigationStart, Me } from '../server/api.ts';
import { formatCount, formatDay, formatDurationUs, formatNumber, formatWhen } from './format.ts';
import type { Severity } from './verdicts.ts';

export const DETAIL_WORDS = {
  packets: {
    label: 'packets',
    meaning:
      'the headers of every packet, no payload, beside all that the other details have: says why most segments were sent again; costs about a row for each segment',
  },
  progress: {
    label: 'progress',
    meaning:
      'a row for each segment that comes to a socket, with what the socket had before: shows what acknowledgements did; costs a row for each segment received',
  },
  stacks: {
    label: 'stacks',
    meaning:
      'the kernel’s stack at each drop, reset, retransmission and zero window: shows which part of the kernel did it; costs a row more for each',
  },
  rows: {
    label: 'rows',
    meaning: 'only the rows that there are anyway, marked as of the investigation: costs next to nothing, and most causes stay unknown',
  },
} as const satisfies Record<InvestigationStart['detail'], { label: string; meaning: string }>;

/** Text for the choice of processes' stacks, shown beside details that have stacks. */
export const USER_STACKS_WORDS = {
  label: 'also the process’s own functions (user stacks)',
  meaning:
    'where a system call of the process itself led to the event, its own functions too: of programs that were compiled with frame pointers; hosts read the names from the files that the process runs',
} as const;

export const ENDED_WORDS = {
  time: 'its time was over',
  budget: 'it had written as many rows as it may',
  by_hand: 'somebody stopped it',
  safety: 'it became too much for the host',
  host_gone: 'its agent was not heard of',
  refused: 'its agent refused it',
} as const satisfies Record<NonNullable<AtHost['reason']>, string>;

const AT_HOST = {
  waiting: { label: 'waiting', severity: 'none' },
  running: { label: 'running', severity: 'ok' },
  ended: { label: 'ended', severity: 'none' },
} as const satisfies Record<AtHost['state'], { label: string; severity: Severity }>;

/** Ends that nobody asked for. */
const UNWANTED: readonly AtHost['reason'][] = ['safety', 'host_gone', 'refused'];

export type Told = { label: string; words: string; severity: Severity };

/** The progress at a host, and why it ended there. */
export function hostSaid({ state, reason, words }: Pick<AtHost, 'state' | 'reason' | 'words'>): Told {
  const { label, severity } = AT_HOST[state];
  if (state === 'waiting') return { label, severity, words: 'its agent has not said yet that it has begun' };
  if (reason === null) return { label, severity, words };
  const why = [ENDED_WORDS[reason], words].filter((part) => part !== '').join(': ');
  return { label, severity: UNWANTED.includes(reason) ? 'warn' : severity, words: why };
}

/** From how long before its begin the host has kept rows. */
export function backWords({ looked_back, looks_back_ms }: Pick<AtHost, 'looked_back' | 'looks_back_ms'>): string {
  return looked_back === 0
    ? ''
    : `${formatCount(looked_back)} rows of the ${formatDurationUs(Math.ceil(looks_back_ms / 1000) * 1e6)} before`;
}

/** Whether the host observes both ends of the investigated connections. */
export function otherEndWords({ state, slot, other_end }: Pick<AtHost, 'state' | 'slot' | 'other_end'>): string {
  if (state === 'waiting' || slot === 0) return '';
  return other_end.watched ? 'watched too' : `not watched: ${other_end.why}`;
}

type Spoken = Pick<Investigation, 'state' | 'ends_ms' | 'stopped_ms'>;

/** “running, 42 s left”, “stopped at 12:03:04”. */
export function stateWords({ state, ends_ms, stopped_ms }: Spoken, now_ms: number): string {
  if (state === 'running') return `running, ${formatDurationUs(Math.max(0, Math.ceil((ends_ms - now_ms) / 1000)) * 1e6)} left`;
  return stopped_ms === null ? `ended at ${formatWhen(ends_ms, now_ms)}` : `stopped at ${formatWhen(stopped_ms, now_ms)}`;
}

export const keptWords = ({ kept_until_ms }: Pick<Investigation, 'kept_until_ms'>): string =>
  kept_until_ms === null ? 'for ever' : `until ${formatDay(kept_until_ms)}`;

export const keepWords = (days: number): string => (days === 0 ? 'for ever' : days === 1 ? '1 day' : `${days} days`);

const counted = (count: number, one: string) => `${formatCount(count)} ${one}${count === 1 ? '' : 's'}`;

type Asked = Pick<InvestigationStart, 'detail' | 'rows_per_s'>;

/** Sentences about the result of a dry run. @param meant number of hosts that would run it */
export function estimateSaid(estimate: Estimate, meant: number, { detail, rows_per_s }: Asked): { severity: Severity; text: string }[] {
  const { hosts, connections, segments_per_s, segments_per_s_most } = estimate;
  if (meant === 0) return [{ severity: 'warn', text: 'No host of the fleet is meant: nothing would run.' }];
  const runs = { severity: 'none', text: `It would run on ${counted(meant, 'host')}.` } as const;
  if (connections === 0) {
    const text = 'No connection of the last five minutes matches: it would follow only such as come.';
    return [{ severity: 'warn', text }, runs];
  }
  const [all, most] = [segments_per_s ?? 0, segments_per_s_most ?? 0];
  const busiest = hosts > 1 ? `; the busiest host ${formatNumber(most)}/s` : '';
  const found = `${counted(connections, 'connection')} on ${counted(hosts, 'host')} in the last five minutes; about ${formatNumber(all)} segments/s${busiest}.`;
  if (detail !== 'packets' || most <= rows_per_s) return [{ severity: 'none', text: found }, runs];
  const text = `With ${formatNumber(rows_per_s)} rows/s for each host, rows will be left out: a narrower filter or a larger budget has all of them.`;
  return [{ severity: 'none', text: found }, { severity: 'warn', text }, runs];
}

export const mayOperate = (me: Pick<Me, 'role'> | null): boolean => me?.role === 'operator' || me?.role === 'admin';

/** Tells users who may not start an investigation why. */
export function whyNotWords({ kind, role }: Pick<Me, 'kind' | 'role'>): string {
  const need = `Starting and stopping investigations needs the role operator, and you are ${role ?? 'nobody'} here: they cost the hosts work.`;
  return kind === 'local'
    ? `${need} On the collector’s machine, “tcplens admin link” prints a link that makes this browser an admin’s.`
    : need;
}
