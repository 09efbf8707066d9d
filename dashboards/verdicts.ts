// A tile's figure in plain words, with a severity that needs enough samples.
import type { Overview, Tiles } from '../server/api.ts';
import { formatCount, formatNumber, formatRatio } from './format.ts';

export type Severity = 'none' | 'ok' | 'warn' | 'bad';
export type Verdict = { severity: Severity; words: string };

/** With fewer attempts or connections a share is not judged. */
const ATTEMPTS_MIN = 20;

const verdict = (severity: Severity, words: string): Verdict => ({ severity, words });

/** The severity of `value`, by two limits. */
export function grade(value: number, warn_from: number, bad_from: number): Severity {
  if (value >= bad_from) return 'bad';
  return value >= warn_from ? 'warn' : 'ok';
}

/** Shares of retransmissions from which throughput suffers on ordinary paths, and from which users notice. */
export const RETRANSMIT_WARN = 0.005;
export const RETRANSMIT_BAD = 0.02;

/** With fewer data segments a share of them is not judged. */
export const SEGMENTS_MIN: typeof import('../server/api.ts').SEGMENTS_MIN = 100;

const counted = (count: number, one: string, many = `${one}s`) => (count > 0 ? [`${formatCount(count)} ${count === 1 ? one : many}`] : []);

/** Segments that were sent again without a loss of data: needless ones, tail probes, FINs and SYNs. */
function elseResent({ resent: { spurious, probes, fins, syns } }: Tiles): string {
  const parts = [
    ...counted(probes, 'tail probe'),
    ...counted(fins, 'FIN'),
    ...counted(syns, 'SYN'),
    ...counted(spurious, 'not needed', 'not needed'),
  ];
  return parts.length === 0 ? '' : `resent, and no loss of data: ${parts.join(', ')}`;
}

const shareWords = (share: number) =>
  share < 1 ? `1 for every ${formatCount(Math.round(1 / share))} opened` : `${formatNumber(share)} for each one opened`;

const joined = (...parts: string[]) => parts.filter((part) => part !== '').join('; ');

/** Rounding errors of added shares are smaller than this. */
const NO_SHARE = 1e-9;
type Incomplete = Tiles['incomplete'];

/** Judges only rows that were lost. Rows withheld by a budget are missing on purpose. */
function lossSeverity(kinds: Incomplete): Severity {
  const lost = Math.max(...kinds.map(({ completeness, withheld }) => 1 - completeness - withheld));
  return lost <= NO_SHARE ? 'none' : grade(lost, 0.0005, 0.01);
}

/** The least complete kind first. */
const missingWords = (kinds: Incomplete) =>
  kinds
    .toSorted((a, b) => a.completeness - b.completeness)
    .map(({ kind, completeness, withheld }) => {
      const lost = 1 - completeness - withheld;
      const parts = [lost > NO_SHARE && `${formatRatio(lost)} lost`, withheld > 0 && `${formatRatio(withheld)} over budget`];
      return `${kind} rows: ${parts.filter(Boolean).join(', ')}`;
    })
    .join('; ');

type TileName =
  | 'connections_per_s'
  | 'retransmit_ratio'
  | 'rtt'
  | 'syn_ratio'
  | 'failed_ratio'
  | 'resets_per_s'
  | 'accept_overflows'
  | 'completeness';

/** The verdict of each tile. */
export const VERDICTS: Record<TileName, (overview: Overview) => Verdict> = {
  connections_per_s({ tiles }) {
    if (tiles.connections_per_s === null) return verdict('none', 'nothing measured');
    return verdict('ok', tiles.connections_per_s === 0 ? 'none opened' : 'opened, both directions');
  },
  retransmit_ratio({ tiles }) {
    const { retransmit_ratio: ratio, data_segs_out, accept_overflows } = tiles;
    const others = elseResent(tiles);
    if (ratio === null) return verdict('none', joined('no data sent', others));
    if (ratio === 0) return verdict('ok', joined(others === '' ? 'nothing sent twice' : 'no data lost', others));
    if (data_segs_out < SEGMENTS_MIN) return verdict('none', joined('too little data to judge', others));
    const words = { none: '', ok: 'low', warn: 'raised: long paths slow down', bad: 'high: transfers stall' };
    const severity = grade(ratio, RETRANSMIT_WARN, RETRANSMIT_BAD);
    // If a server's accept queue is full, it drops what clients send; to the clients that looks like loss.
    const queue = severity !== 'ok' && accept_overflows ? 'a full accept queue may explain it' : '';
    return verdict(severity, joined(words[severity], queue, others));
  },
  rtt({ tiles }) {
    const { rtt_p50_us, rtt_p99_us } = tiles;
    if (rtt_p50_us === null || rtt_p99_us === null) return verdict('none', 'nothing measured');
    const tail = rtt_p50_us > 0 ? rtt_p99_us / rtt_p50_us : 1;
    return tail >= 10 ? verdict('ok', `slowest 1 % wait ${formatCount(Math.round(tail))}× the median`) : verdict('ok', 'even');
  },
  syn_ratio({ tiles }) {
    const { syn_ratio: ratio, attempts, resent, accept_overflows } = tiles;
    const count = `${formatCount(resent.syns)} SYNs or SYN-ACKs resent`;
    if (resent.syns === 0 && !ratio)
      return verdict(attempts > 0 ? 'ok' : 'none', attempts > 0 ? 'each answered at once' : 'no connects attempted');
    if (ratio === null) return verdict('none', `${count}, no answer yet`);
    const why = accept_overflows ? 'a full accept queue, or lost or filtered' : 'lost or filtered, or met a full accept queue';
    return verdict(attempts < ATTEMPTS_MIN ? 'none' : grade(ratio, 0.01, 0.05), `${count}: ${why}`);
  },
  failed_ratio({ tiles }) {
    if (tiles.failed_ratio === null) return verdict('none', 'no connects attempted');
    if (tiles.failed === 0) return verdict('ok', 'none failed');
    const attempts = Math.round(tiles.failed / tiles.failed_ratio);
    const words = `${formatCount(tiles.failed)} of ${formatCount(attempts)} connects`;
    return verdict(attempts < ATTEMPTS_MIN ? 'none' : grade(tiles.failed_ratio, 0.01, 0.05), words);
  },
  resets_per_s({ tiles, from_ms, to_ms }) {
    const { resets_per_s: resets, rsts_per_s: rsts, connections_per_s: opened } = tiles;
    if (resets === null) return verdict('none', 'nothing measured');
    // Other RSTs (an answer to a connect to a closed port, or after an end) hurt no connection.
    const others = rsts !== null && rsts > resets ? `; ${formatNumber(rsts)} RSTs/s in all` : '';
    if (resets === 0) return verdict('ok', others === '' ? 'none' : `none ended an open connection${others}`);
    if (opened === null || (opened * (to_ms - from_ms)) / 1000 < ATTEMPTS_MIN)
      return verdict('none', `few connections to compare with${others}`);
    return verdict(grade(resets / opened, 0.05, 0.2), shareWords(resets / opened) + others);
  },
  accept_overflows({ tiles }) {
    if (tiles.accept_overflows === null) return verdict('none', 'no listener was looked at');
    if (tiles.accept_overflows === 0) return verdict('ok', 'every listener kept up');
    return verdict('bad', 'a full queue turned connections away');
  },
  completeness({ tiles }) {
    const { completeness, unattributed, incomplete } = tiles;
    if (completeness === null) return verdict('none', 'no agent has reported');
    const unseen = unattributed ? `; ${formatCount(unattributed)} resent unseen` : '';
    if (completeness >= 1 || incomplete.length === 0) return verdict('ok', `no row is missing${unseen}`);
    return verdict(lossSeverity(incomplete), `${missingWords(incomplete)}; all other kinds are whole${unseen}`);
  },
};
