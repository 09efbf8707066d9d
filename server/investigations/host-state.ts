// The progress of an investigation at a host, by the state that its agent last reported. Pure functions.
import type { HostState } from '../../agent/contract/investigation.ts';
import type { InvestigationRecord } from '../access/records.ts';
import type { AtHost } from '../api/investigations.ts';

/** The last reported state. `since_ms`: when the agent first reported it. `age_ms`: how old the last report is. */
export type Heard = { state: HostState; since_ms: number; age_ms: number };
type Progress = Omit<AtHost, 'host_id' | 'host'>;

/** Agents report once a second, and collectors store that as often. After so long without a report the host counts as gone. */
const SILENT_MS = 15_000;
/** Allowance for messages and writes that are on their way. */
const LATE_MS = 3000;

const WAITING: Progress = {
  state: 'waiting',
  reason: null,
  words: '',
  slot: 0,
  other_end: { watched: false, why: '' },
  matched: 0,
  passed: 0,
  over_budget: 0,
  looked_back: 0,
  looks_back_ms: 0,
  since_ms: 0,
};

/** When it ended or will end, whichever host runs it. */
export const endOf = ({ ends_ms, stopped_ms }: InvestigationRecord): number => Math.min(ends_ms, stopped_ms ?? ends_ms);

export function progressAt(heard: Heard | undefined, investigation: InvestigationRecord, now_ms: number): Progress {
  if (heard === undefined) return waited(investigation, now_ms);
  const { state, since_ms, age_ms } = heard;
  const told: Progress = { ...state, reason: state.reason ?? null, since_ms };
  if (state.state === 'ended') return told;
  const heard_ms = now_ms - age_ms;
  // An agent ends it by its own clock, also if no report of that arrives.
  const isOver = now_ms > investigation.ends_ms + LATE_MS;
  const isSilent = Math.min(now_ms, investigation.ends_ms) - heard_ms > SILENT_MS;
  if (isSilent)
    return { ...told, state: 'ended', reason: 'host_gone', words: isOver ? '' : goneWords(age_ms), since_ms: Math.round(heard_ms) };
  return isOver ? { ...told, state: 'ended', reason: 'time', since_ms: investigation.ends_ms } : told;
}

function waited(investigation: InvestigationRecord, now_ms: number): Progress {
  if (now_ms <= endOf(investigation) + LATE_MS) return WAITING;
  return { ...WAITING, state: 'ended', reason: 'host_gone', words: 'its agent was not there, or is too old for investigations' };
}

function goneWords(age_ms: number): string {
  return `nothing was heard of its agent for ${Math.round(age_ms / 1000)} s; where it still runs, it ends when its time is over`;
}
