// What the peer's host reports, if an agent watches it.
import type { Connection } from '../../../../server/api.ts';
import { formatCount, formatDurationUs, formatName } from '../../../format.ts';
import { dropReason } from '../../../reason-words.ts';
import { type Look, segments } from './finding.ts';

const packets = (count: number) => `${formatCount(count)} ${count === 1 ? 'packet' : 'packets'}`;
const watched = (host: string) => `${formatName(host)} is watched too`;

/** Acknowledgements that arrive after the end of the socket are not counted by it, so as many may seem to be missing. */
const LAST_ONES = 2;

/** Whether the peer's host itself dropped packets of the connection: then nothing else is suspected. */
export const isDroppedThere = ({ peer_said }: Pick<Connection, 'peer_said'>): boolean => (peer_said?.dropped ?? 0) > 0;

export const droppedThere: Look = ({ peer_said }) => {
  if (peer_said === null || peer_said.dropped === 0) return undefined;
  const { host, dropped, drop_reason } = peer_said;
  const { label } = dropReason({ meaning: 'lost', reason: drop_reason });
  return {
    whose: 'the peer',
    words: `${watched(host)}: it dropped ${packets(dropped)} of it itself, not the network: ${label.replace('this host’s', 'its')} (${drop_reason}).`,
  };
};

export const refused: Look = ({ end_reason, peer_said, peer_port }) => {
  if (end_reason !== 'refused') return undefined;
  if (peer_said !== null && peer_said.resets > 0)
    return {
      whose: 'the peer',
      words: `${watched(peer_said.host)}: nobody listened on port ${peer_port} there when the SYN came, and the host itself answered with a reset.`,
    };
  return {
    whose: 'not known',
    words: `A reset answered the SYN: nobody listens on port ${peer_port} there, or a device on the way refuses in its place.`,
  };
};

/** Compares the counts of both ends, if both were seen to the end. Drops by the peer's host are reported separately. */
export const bothEnds: Look = ({ other_end, total_retrans, data_segs_out, peer_said, drops, retransmits }) => {
  if (!other_end?.arrived || !total_retrans) return undefined;
  // Segments that never left this host are missing in the peer's counts, too, so the comparison would blame the path.
  if (drops.some(({ direction }) => direction === 'sent') || retransmits.some(({ outcome }) => outcome !== 'sent')) return undefined;
  const { data_there, lost_back } = other_end.arrived;
  const lost_out = Math.max(0, (data_segs_out ?? 0) - data_there);
  const back = lost_back > LAST_ONES ? ` Of what it sent back, ${packets(lost_back)} did not arrive here.` : '';
  if (lost_out > (peer_said?.dropped ?? 0))
    return {
      whose: 'the path',
      words: `${watched(other_end.host)}: of ${segments(data_segs_out ?? 0)} with data, ${formatCount(lost_out)} did not reach its socket.${back}`,
    };
  if (lost_out > 0 || back === '') return undefined;
  return {
    whose: 'the path',
    words: `${watched(other_end.host)}: all ${segments(data_segs_out ?? 0)} with data reached it, so nothing was lost on the way out.${back} Acknowledgements were lost on the way back.`,
  };
};

/** Limits of waiting times that look like a delayed ACK; a longer one is more likely the peer's own time. */
const DELAYED_ACK_US = { least: 30_000, most: 60_000 };
const SMALL_BYTES = 536;
const TURNS_LEAST = 5;

/** Nagle's algorithm with delayed ACKs: a small write waits for the acknowledgement of the write before, which the peer delays. */
export const delayedAck: Look = (connection) => {
  const { role, turns, turn_us, turn_max_us, rtt_min_us, total_retrans, data_segs_out, bytes_sent, other_end } = connection;
  if (role !== 'client' || !turns || turns < TURNS_LEAST || turn_us === null || total_retrans || !data_segs_out) return undefined;
  // Without the longest turn, which may have had another reason.
  const wait_us = (turn_us - (turn_max_us ?? 0)) / (turns - 1) - (rtt_min_us ?? 0);
  const isSplit = data_segs_out >= 1.5 * turns && (bytes_sent ?? Number.POSITIVE_INFINITY) / data_segs_out < SMALL_BYTES;
  if (wait_us < DELAYED_ACK_US.least || wait_us > DELAYED_ACK_US.most || !isSplit) return undefined;
  const took = `Answers took ${formatDurationUs(turn_us / turns)} on average, with requests of several small segments`;
  const remedy = 'a small write waits for the acknowledgement of the one before (Nagle’s algorithm), which the peer delays by 40 ms';
  const peer_us = other_end?.turn_us ?? null;
  if (peer_us === null)
    return { whose: 'not known', words: `${took}: most likely ${remedy}. One write for each request, or TCP_NODELAY, would tell.` };
  if (peer_us > wait_us / 2) return undefined;
  return {
    whose: 'this process',
    words: `${took}; ${watched(other_end?.host ?? '')} and took ${formatDurationUs(peer_us)} from reading a request to answering it: ${remedy}. Write each request at once, or set TCP_NODELAY.`,
  };
};
