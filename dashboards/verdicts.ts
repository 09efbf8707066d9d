// A tile's figure in plain words, with a severity that needs enough samples before it alarms anybody.
import type { Overview, Tiles } from '../server/api.ts';
import { formatCount, formatNumber } from './format.ts';

export type Severity = 'none' | 'ok' | 'warn' | 'bad';
export type Verdict = { severity: Severity; words: string };

/** Attempts, connections or measured steps below which a share is told but not judged. */
const ATTEMPTS_MIN = 20;
const STEPS_MIN = 3;

const verdict = (severity: Severity, words: string): Verdict => ({ severity, words });

/** The severity of `value` by two limits. */
export function grade(value: number, warn_from: number, bad_from: number): Severity {
  if (value >= bad_from) return 'bad';
  return value >= warn_from ? 'warn' : 'ok';
}

/** Retransmitted shares from which throughput on ordinary paths suffers, and from which users notice. */
export const RETRANSMIT_WARN = 0.005;
export const RETRANSMIT_BAD = 0.02;

const shareWords = (share: number) =>
  share < 1 ? `1 for every ${formatCount(Math.round(1 / share))} opened` : `${formatNumber(share)} for each one opened`;

/** Retransmissions that were not needed show reordering or an impatient timer, and are no loss. */
const spuriousWords = (segments: number) => (segments > 0 ? `; ${formatCount(segments)} not needed: no loss` : '');

type TileName = Exclude<keyof Tiles, 'failed' | 'rtt_p50_us' | 'rtt_p99_us' | 'dropped' | 'spurious' | 'unattributed'> | 'rtt';

/** One verdict for each tile of the page. */
export const VERDICTS: Record<TileName, (overview: Overview) => Verdict> = {
  connections_per_s({ tiles }) {
    if (tiles.connections_per_s === null) return verdict('none', 'nothing measured');
    return verdict('ok', tiles.connections_per_s === 0 ? 'none opened' : 'opened, both directions');
  },
  retransmit_ratio({ tiles, series }) {
    const ratio = tiles.retransmit_ratio;
    if (ratio === null) return verdict('none', 'no data sent');
    if (ratio === 0) return verdict('ok', 'nothing sent twice');
    if (series.retransmit_ratio.filter((step) => step !== null).length < STEPS_MIN) return verdict('none', 'too little data to judge');
    const words = { none: '', ok: 'low', warn: 'raised: long paths slow down', bad: 'high: transfers stall' };
    const severity = grade(ratio, RETRANSMIT_WARN, RETRANSMIT_BAD);
    return verdict(severity, words[severity] + spuriousWords(tiles.spurious));
  },
  rtt({ tiles }) {
    const { rtt_p50_us, rtt_p99_us } = tiles;
    if (rtt_p50_us === null || rtt_p99_us === null) return verdict('none', 'nothing measured');
    const tail = rtt_p50_us > 0 ? rtt_p99_us / rtt_p50_us : 1;
    return tail >= 10 ? verdict('ok', `slowest 1 % wait ${formatCount(Math.round(tail))}× the median`) : verdict('ok', 'even');
  },
  failed_ratio({ tiles }) {
    if (tiles.failed_ratio === null) return verdict('none', 'no connects attempted');
    if (tiles.failed === 0) return verdict('ok', 'none failed');
    const attempts = Math.round(tiles.failed / tiles.failed_ratio);
    const words = `${formatCount(tiles.failed)} of ${formatCount(attempts)} connects`;
    return verdict(attempts < ATTEMPTS_MIN ? 'none' : grade(tiles.failed_ratio, 0.01, 0.05), words);
  },
  resets_per_s({ tiles, from_ms, to_ms }) {
    const { resets_per_s: resets, connections_per_s: opened } = tiles;
    if (resets === null) return verdict('none', 'nothing measured');
    if (resets === 0) return verdict('ok', 'none');
    if (opened === null || (opened * (to_ms - from_ms)) / 1000 < ATTEMPTS_MIN) return verdict('none', 'few connections to compare with');
    return verdict(grade(resets / opened, 0.05, 0.2), shareWords(resets / opened));
  },
  accept_overflows({ tiles }) {
    if (tiles.accept_overflows === null) return verdict('none', 'no listener was looked at');
    if (tiles.accept_overflows === 0) return verdict('ok', 'every listener kept up');
    return verdict('bad', 'a full queue turned connections away');
  },
  completeness({ tiles }) {
    const { completeness, unattributed } = tiles;
    if (completeness === null) return verdict('none', 'no agent has reported');
    const unseen = unattributed ? `; ${formatCount(unattributed)} resent unseen` : '';
    if (completeness >= 1) return verdict('ok', `no row is missing${unseen}`);
    return verdict(grade(1 - completeness, 0.0005, 0.01), `some rows are missing${unseen}`);
  },
};
