// Resets, drops and changes of the congestion state of one connection, as one list in order of time. Pure.
import type { Connection } from '../../../server/api.ts';
import { formatBytes, formatCount, formatDurationUs, formatName, msOfNs } from '../../format.ts';
import { DIRECTION_WORDS, DROP_DIRECTION_WORDS, dropReason, flagWords, MEANING_WORDS, resetReason } from '../../reason-words.ts';
import { CA_STATE_WORDS, EVIDENCE_WORDS, FIGURE_WORDS, STATE_WORDS } from '../../words.ts';

export type StoryEvent = { key: string; ms: number; kind: 'reset' | 'drop' | 'freed' | 'congestion'; what: string; detail: string };
/** `host`: that of the end that reports the event. */
export type EndEvent = StoryEvent & { host: string };
type Told = Pick<Connection, 'resets' | 'drops' | 'congestion'>;

const joined = (parts: readonly (string | false)[]) => parts.filter((part) => part !== false && part !== '').join(', ');

function ofReset(reset: Connection['resets'][number], at: number): StoryEvent {
  return {
    key: `reset ${reset.time_ns} ${at}`,
    ms: msOfNs(reset.time_ns),
    kind: 'reset',
    what: `reset ${DIRECTION_WORDS[reset.direction].label}: ${resetReason(reset).label}`,
    detail: joined([
      STATE_WORDS[reset.state].label,
      reset.idle_us > 0 && `peer silent for ${formatDurationUs(reset.idle_us)}`,
      reset.unread > 0 && `${formatBytes(reset.unread)} unread`,
      reset.notsent > 0 && `${formatBytes(reset.notsent)} not sent`,
      reset.packets_out > 0 && `${formatCount(reset.packets_out)} in flight`,
    ]),
  };
}

function ofDrop(drop: Connection['drops'][number], at: number): StoryEvent {
  return {
    key: `drop ${drop.time_ns} ${at}`,
    ms: msOfNs(drop.time_ns),
    kind: drop.meaning === 'lost' ? 'drop' : 'freed',
    what: `${MEANING_WORDS[drop.meaning].label} here, ${DROP_DIRECTION_WORDS[drop.direction].label}: ${dropReason(drop).label}`,
    detail: joined([
      flagWords(drop.tcp_flags),
      drop.length > 0 && formatBytes(drop.length),
      drop.location !== '' && `in ${formatName(drop.location)}`,
    ]),
  };
}

function ofCongestion(change: Connection['congestion'][number], at: number): StoryEvent {
  return {
    key: `congestion ${change.time_ns} ${at}`,
    ms: msOfNs(change.time_ns),
    kind: 'congestion',
    what: `${CA_STATE_WORDS[change.old_ca_state].label} → ${CA_STATE_WORDS[change.new_ca_state].label}`,
    detail: joined([
      change.duration_us > 0 && `after ${formatDurationUs(change.duration_us)}`,
      `cwnd ${formatCount(change.snd_cwnd)}`,
      change.lost_out > 0 && `${formatCount(change.lost_out)} ${FIGURE_WORDS.lost_out.label}`,
      change.retrans > 0 && `${formatCount(change.retrans)} sent again`,
      change.retrans_spurious > 0 &&
        `${formatCount(change.retrans_spurious)} of them not needed (${EVIDENCE_WORDS[change.evidence].label})`,
    ]),
  };
}

/** Oldest first. */
export function eventsOf({ resets, drops, congestion }: Told): StoryEvent[] {
  return [...resets.map(ofReset), ...drops.map(ofDrop), ...congestion.map(ofCongestion)].sort((a, b) => a.ms - b.ms);
}

/** The events of both ends, oldest first. Their times must be by one clock. */
export function eventsOfEnds(ends: readonly (Told & { host: string })[]): EndEvent[] {
  const all = ends.flatMap((end, at) => eventsOf(end).map((event) => ({ ...event, key: `${at} ${event.key}`, host: end.host })));
  return all.sort((a, b) => a.ms - b.ms);
}
