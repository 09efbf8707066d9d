// What was sent again, and whether it had been lost.
import type { Connection } from '../../../../server/api.ts';
import { formatCount, formatDurationUs, formatRatio } from '../../../format.ts';
import { CLASS_ORDER, CLASS_WORDS } from '../../../words.ts';
import { type Look, segments } from './finding.ts';

/** Data segments that were lost: sent again, less the needless ones. Needless retransmissions count as probes first. */
export function lostSegments({ retrans_data, retrans_spurious, total_retrans }: Connection): number {
  const data = retrans_data ?? 0;
  const probes = Math.max(0, (total_retrans ?? 0) - data);
  return Math.max(0, data - Math.max(0, (retrans_spurious ?? 0) - probes));
}

/** Time that congestion control spent in recovery or loss, µs. */
export const repairUs = ({ congestion }: Connection): number =>
  congestion.reduce(
    (sum, { old_ca_state, duration_us }) => sum + (old_ca_state === 'recovery' || old_ca_state === 'loss' ? duration_us : 0),
    0,
  );

/** Classes of the retransmissions, the most frequent first: they say how the losses were noticed. */
function classesOf({ retransmits }: Connection): string {
  const found = CLASS_ORDER.filter((name) => name !== 'tlp' && name !== 'syn' && name !== 'syn_ack').map((name) => ({
    label: CLASS_WORDS[name].label,
    count: retransmits.reduce((sum, row) => sum + (row.class === name && row.bytes > 0 && row.outcome !== 'refused' ? row.segments : 0), 0),
  }));
  const words = found.filter(({ count }) => count > 0).toSorted((a, b) => b.count - a.count);
  return words.length === 0 ? '' : `, by class ${words.map(({ label, count }) => `${label} ${formatCount(count)}`).join(', ')}`;
}

/** Losses of this end's own data. Only the peer's end knows of losses of the peer's data. */
export const lost: Look = (connection) => {
  const count = lostSegments(connection);
  if (count === 0) return undefined;
  const sent = connection.data_segs_out ?? 0;
  const what =
    sent > 0 ? `${formatCount(count)} of ${formatCount(sent)} data segments (${formatRatio(count / sent)})` : `${segments(count)} of data`;
  const repair_us = repairUs(connection);
  const cost = repair_us > 0 ? ` It spent ${formatDurationUs(repair_us)} on repairing that.` : '';
  const resent = `this end had to send them again${classesOf(connection)}`;
  const own =
    connection.drops.some(({ direction, meaning }) => direction === 'sent' && meaning === 'lost') ||
    connection.retransmits.some(({ outcome }) => outcome === 'failed');
  return own
    ? { whose: 'this host', words: `${what} were lost, some of them before they left this host: ${resent}.${cost}` }
    : { whose: 'the path', words: `${what} were lost on the way or at the peer’s host: ${resent}.${cost}` };
};

export const notNeeded: Look = ({ retrans_spurious, total_retrans }) =>
  retrans_spurious
    ? {
        whose: 'not loss',
        words: `${segments(retrans_spurious)} of ${formatCount(total_retrans ?? retrans_spurious)} sent again had not been lost: reordering, or a timer that fired too early.`,
      }
    : undefined;

/** For connections that sent nothing again but probes and FINs. */
export const onlyProbes: Look = ({ retransmits, retrans_data }) => {
  const resent = (is: (row: Connection['retransmits'][number]) => boolean) =>
    retransmits.reduce((sum, row) => sum + (row.outcome !== 'refused' && is(row) ? row.segments : 0), 0);
  const probes = resent((row) => row.class === 'tlp');
  const fins = resent((row) => row.bytes === 0 && row.class !== 'tlp' && row.class !== 'syn' && row.class !== 'syn_ack');
  const data = resent((row) => row.bytes > 0 && row.class !== 'tlp');
  if (retrans_data !== 0 || data > 0 || probes + fins === 0) return undefined;
  const what = [
    probes > 0 ? `${formatCount(probes)} tail ${probes === 1 ? 'probe' : 'probes'}` : '',
    fins > 0 ? `its FIN, ${fins === 1 ? 'once' : `${formatCount(fins)} times`}` : '',
  ];
  return { whose: 'not loss', words: `No data was lost: sent again were ${what.filter(Boolean).join(' and ')}.` };
};
