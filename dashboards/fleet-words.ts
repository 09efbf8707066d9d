// Notes about a host in plain words, with advice. Pure.
import type { FleetHost, FleetState, Skew } from '../server/api.ts';
import { formatCount, formatDurationUs, formatName } from './format.ts';
import type { Severity } from './verdicts.ts';

export const STATE_SAID = {
  silent: { label: 'silent', severity: 'bad', meaning: 'no report for two minutes and more' },
  lagging: { label: 'lagging', severity: 'warn', meaning: 'its reports or its rows come late' },
  revoked: { label: 'revoked', severity: 'warn', meaning: 'its credential is refused' },
  new: { label: 'new', severity: 'ok', meaning: 'heard for the first time within ten minutes' },
  live: { label: 'live', severity: 'ok', meaning: 'reports in time' },
  retired: { label: 'retired', severity: 'none', meaning: 'silent for so long that it is taken to be gone' },
} as const satisfies Record<FleetState, { label: string; severity: Severity; meaning: string }>;

export const SKEW_SAID = {
  same: '',
  older: 'older than the collector',
  newer: 'newer than the collector',
  too_old: 'too old',
  too_new: 'too new',
} as const satisfies Record<Skew, string>;

export type Note = { severity: Severity; text: string };

const DAY_MS = 86_400_000;
const CERTIFICATE_MS = 14 * DAY_MS;
const ago = (ms: number) => formatDurationUs(Math.max(0, Math.floor(ms / 1000)) * 1e6);

/** The worst first. @param now_ms by the collector's clock */
export function notesOf(host: FleetHost, now_ms: number): Note[] {
  const notes = [
    stateNote(host, now_ms),
    versionNote(host),
    lossNote(host),
    clockNote(host),
    certificateNote(host, now_ms),
    ...machineNotes(host),
    hooksNote(host),
  ];
  const rank: readonly Severity[] = ['bad', 'warn', 'ok', 'none'];
  return notes.filter((note) => note !== undefined).sort((a, b) => rank.indexOf(a.severity) - rank.indexOf(b.severity));
}

function stateNote({ state, last_seen_ms, joined_ms, waiting, interval_ms }: FleetHost, now_ms: number): Note | undefined {
  const { severity } = STATE_SAID[state];
  if (state === 'revoked') return { severity, text: 'Its credential is refused. Its rows stay in its spool.' };
  if (last_seen_ms === null)
    return {
      severity: state === 'new' ? 'none' : severity,
      text: `Joined ${ago(now_ms - (joined_ms ?? now_ms))} ago and has not reported yet.`,
    };
  const lag_ms = now_ms - last_seen_ms;
  if (state === 'silent' || state === 'retired')
    return { severity, text: `No report for ${ago(lag_ms)}. Is the host up, and does its agent run and reach the collector?` };
  if (state !== 'lagging') return undefined;
  if (lag_ms > 3 * interval_ms) return { severity, text: `Its last report is ${ago(lag_ms)} old; it sends one every ${ago(interval_ms)}.` };
  return { severity, text: `${formatCount(waiting)} rows wait in its spool: it sees more than it sends.` };
}

function versionNote({ skew, agent_version }: FleetHost): Note | undefined {
  const version = formatName(agent_version);
  if (skew === 'too_old') return { severity: 'bad', text: `Agent ${version} is too old: some of its rows are refused. Upgrade the agent.` };
  if (skew === 'too_new')
    return { severity: 'bad', text: `Agent ${version} is too new: some of its rows are refused. Upgrade the collector.` };
  return undefined;
}

function lossNote({ lost }: FleetHost): Note | undefined {
  const where = (['kernel', 'agent', 'collector'] as const).filter((stage) => lost[stage] > 0);
  if (where.length === 0) return undefined;
  const stages = where.map((stage) => `${formatCount(lost[stage])} in the ${stage}`);
  return { severity: 'warn', text: `Rows were lost: ${stages.join(', ')}.` };
}

function clockNote({ clock_ahead_ms }: FleetHost): Note | undefined {
  if (clock_ahead_ms === null) return undefined;
  return { severity: 'warn', text: `Its clock is ${ago(Math.abs(clock_ahead_ms))} ${clock_ahead_ms > 0 ? 'ahead' : 'behind'}: set it.` };
}

function certificateNote({ certificate_ends_ms }: FleetHost, now_ms: number): Note | undefined {
  if (certificate_ends_ms === null || certificate_ends_ms - now_ms > CERTIFICATE_MS) return undefined;
  if (certificate_ends_ms <= now_ms)
    return { severity: 'bad', text: 'Its certificate has ended: give it another, and start its agent again.' };
  return {
    severity: 'warn',
    text: `Its certificate ends in ${ago(certificate_ends_ms - now_ms)}: give it another, and start its agent again.`,
  };
}

function machineNotes({ cloned_from, same_machine }: FleetHost): Note[] {
  const notes: Note[] = [];
  if (cloned_from !== null)
    notes.push({
      severity: 'warn',
      text: `A copy of ${formatName(cloned_from.name)}: it came with that host’s credential and got one of its own.`,
    });
  const [first, ...others] = same_machine;
  if (first !== undefined) {
    const more = others.length > 0 ? ` and ${others.length} more` : '';
    notes.push({
      severity: 'none',
      text: `Has the same machine-id as ${formatName(first.name)}${more}, as copies of an image do: they are kept apart.`,
    });
  }
  return notes;
}

function hooksNote({ hooks_refused }: FleetHost): Note | undefined {
  if (hooks_refused.length === 0) return undefined;
  const names = hooks_refused.slice(0, 3).map(({ name }) => formatName(name));
  const more = hooks_refused.length > 3 ? ` and ${hooks_refused.length - 3} more` : '';
  return { severity: 'none', text: `Its kernel refuses ${names.join(', ')}${more}: what these see is missing.` };
}
