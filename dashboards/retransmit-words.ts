// What was sent again, in sentences: loss, or something that looks like loss. Pure.
import { formatNumber, formatRatio } from './format.ts';
import { grade, RETRANSMIT_BAD, RETRANSMIT_WARN, SEGMENTS_MIN, type Severity } from './verdicts.ts';
import type { RetransmitClass } from './words.ts';

/** Numbers of segments, unless said otherwise. Null: unknown. */
export type RetransmitFigures = {
  lost: number;
  /** data segments, including those sent again */
  sent: number;
  resent: number;
  byClass: Readonly<Record<RetransmitClass, number>>;
  spurious: number;
  fins: number;
  /** never left TCP, so they are in no class */
  refused: number;
  /** sent by TCP, and refused by the layers below; the classes include them */
  failed: number | null;
  attempts: number | null;
  /** packets that watched hosts dropped, and the kernel's reasons, the most frequent first */
  drops: number;
  reasons: readonly { reason: string; packets: number }[];
};

export type Sentence = { severity: Severity; words: string };

const of = (count: number, one: string, many = `${one}s`) => `${formatNumber(count)} ${count === 1 ? one : many}`;
const said = (words: string): Sentence => ({ severity: 'none', words });

/** First the answer, then what was sent again without a loss, then what never left the own hosts. */
export function retransmitWords(figures: RetransmitFigures): Sentence[] {
  return [lossOf(figures), ...elseOf(figures), ...ownOf(figures)];
}

function lossOf({ lost, sent, resent, spurious }: RetransmitFigures): Sentence {
  if (sent === 0) return said(resent === 0 ? 'Nothing was sent.' : 'No data was sent, so none was lost.');
  if (lost === 0 && resent === 0) return { severity: 'ok', words: `No loss: nothing of ${of(sent, 'data segment')} was sent again.` };
  if (lost === 0)
    return { severity: 'ok', words: `No loss: of ${of(sent, 'data segment')} none was lost, as far as the senders can know.` };
  const share = `${of(lost, 'data segment was', 'data segments were')} lost of ${formatNumber(sent)} sent`;
  if (sent < SEGMENTS_MIN) return said(`${share}: too few to judge, below ${SEGMENTS_MIN}.`);
  const ratio = lost / sent;
  const begin = spurious > lost ? 'Less loss than it looks like' : 'Loss';
  return { severity: grade(ratio, RETRANSMIT_WARN, RETRANSMIT_BAD), words: `${begin}: ${formatRatio(ratio)}, ${share}.` };
}

function elseOf({ byClass, spurious, fins, lost }: RetransmitFigures): Sentence[] {
  const syns = byClass.syn + byClass.syn_ack;
  return [
    ...(spurious === 0
      ? []
      : [
          `${of(spurious, 'segment')} sent again ${spurious === 1 ? 'was' : 'were'} not needed (${formatRatio(spurious / (spurious + lost))} of the data sent again but for probes): the peer had ${spurious === 1 ? 'it' : 'them'} already, or the kernel took its response back. Reordering and late acknowledgements look like this.`,
        ]),
    ...(byClass.tlp === 0 ? [] : [`${of(byClass.tlp, 'tail loss probe')}: a question whether the last segments came, no loss by itself.`]),
    ...(syns === 0
      ? []
      : [
          `${of(byClass.syn, 'SYN')} and ${of(byClass.syn_ack, 'SYN-ACK')} sent again: a connection that was asked for got no answer in time, which is no loss of data.`,
        ]),
    ...(fins === 0 ? [] : [`${of(fins, 'FIN')} without data sent again: a close that was not acknowledged.`]),
  ].map(said);
}

/** Segments and packets that watched hosts themselves held back or dropped. */
function ownOf({ refused, failed, drops, reasons }: RetransmitFigures): Sentence[] {
  const [first] = reasons;
  const why = first === undefined || first.reason === '' ? '' : `, most of them for ${first.reason}`;
  return [
    ...(failed
      ? [
          `${of(failed, 'segment')} sent again did not get past this host: its queue, firewall or routing refused ${failed === 1 ? 'it' : 'them'}.`,
        ]
      : []),
    ...(refused > 0
      ? [
          `${of(refused, 'segment')} that TCP was to send again never left it: the first copy still waited in this host's own queue, the peer’s window was closed, or there was no memory or route.`,
        ]
      : []),
    ...(drops > 0
      ? [
          `${of(drops, 'packet was', 'packets were')} dropped by the watched hosts themselves${why}: their own doing, whatever else was lost.`,
        ]
      : []),
  ].map((words): Sentence => ({ severity: 'warn', words }));
}
