// Turns the API's answers about retransmissions into figures, a matrix of pairs, and changes. Pure; nothing is added up here.
import type { Explored } from '../server/api.ts';
import { type Cell, leastOf, numberIn, recordsOf } from './explore-answer.ts';
import { type Side, sideOf } from './group-side.ts';
import type { RetransmitFigures } from './retransmit-words.ts';
import { PAIRS, type Pairs } from './retransmits-view.ts';
import { CLASS_ORDER, type RetransmitClass } from './words.ts';

type Row = Record<string, Cell>;
const textOf = (cell: Cell | undefined): string => (typeof cell === 'string' ? cell : '');
const countOf = (cell: Cell | undefined): number => numberIn(cell) ?? 0;

/** Answers that need rows, of which a long range may have too many. */
export type OfRows = { byOutcome: Explored; byReason: Explored; attempts: number };

export function figuresOf(whole: Explored, classes: Explored, ofRows: OfRows | null): RetransmitFigures {
  const [sums = {}] = recordsOf(whole);
  const [each = {}] = recordsOf(classes);
  const failed = ofRows && recordsOf(ofRows.byOutcome).find(({ outcome }) => outcome === 'failed');
  return {
    lost: countOf(sums['lost_segments']),
    sent: countOf(sums['data_segments']),
    resent: countOf(sums['retransmits']),
    spurious: countOf(sums['spurious_segments']),
    fins: countOf(sums['retrans_fin']),
    refused: countOf(sums['retransmits_refused']),
    drops: countOf(sums['drops']),
    byClass: Object.fromEntries(CLASS_ORDER.map((name) => [name, countOf(each[`retrans_${name}`])])) as Record<RetransmitClass, number>,
    failed: ofRows && countOf(failed?.['retransmits']),
    attempts: ofRows?.attempts ?? null,
    reasons: (ofRows ? recordsOf(ofRows.byReason) : [])
      .filter(({ other }) => other !== true)
      .map(({ reason, drops }) => ({ reason: textOf(reason), packets: countOf(drops) })),
  };
}

export type PairCell = {
  lost: number;
  sent: number;
  ratio: number | null;
  spurious: number;
  probes: number;
  refused: number;
  isFew: boolean;
};
export type Matrix = { own: Side[]; peers: Side[]; cells: ReadonlyMap<string, PairCell>; rest: PairCell | null; pairs: number };
export const pairKey = (own: Side, peer: Side): string => JSON.stringify([own.key, peer.key]);

export function matrixOf(answer: Explored, pairs: Pairs): Matrix {
  const { own, peer } = PAIRS[pairs];
  const least = leastOf(answer, 'retransmit_ratio');
  const [owns, peers, cells] = [new Map<string, Side>(), new Map<string, Side>(), new Map<string, PairCell>()];
  let rest: PairCell | null = null;
  for (const row of recordsOf(answer)) {
    const cell = cellOf(row, least);
    if (row['other'] === true) {
      rest = cell;
      continue;
    }
    const [one, other] = [sideOf(row, own), sideOf(row, peer)];
    owns.set(one.key, one);
    peers.set(other.key, other);
    cells.set(pairKey(one, other), cell);
  }
  return { own: [...owns.values()], peers: [...peers.values()], cells, rest, pairs: answer.groups };
}

function cellOf(row: Row, least: number): PairCell {
  return {
    lost: countOf(row['lost_segments']),
    sent: countOf(row['data_segments']),
    ratio: numberIn(row['retransmit_ratio']),
    spurious: countOf(row['spurious_segments']),
    probes: countOf(row['retrans_tlp']),
    refused: countOf(row['retransmits_refused']),
    isFew: countOf(row['retransmit_ratio_samples']) < least,
  };
}

/** Dimensions by which changes are searched. */
export const MOVERS = ['network', 'process', 'host', 'service_port'] as const;
export type Mover = (typeof MOVERS)[number] | 'class';
/** `lost`: data segments; for a class, segments sent again. `ratio`: null if too few segments were sent. */
type Moment = { lost: number; ratio: number | null };
export type Move = { by: Mover; side: Side; now: Moment; before: Moment; moved: number };

/** The largest changes first; for each dimension those that the API returned. */
export function movesOf(answers: Readonly<Record<(typeof MOVERS)[number], Explored>>, classes: Explored): Move[] {
  const groups = MOVERS.flatMap((by) => {
    const least = leastOf(answers[by], 'retransmit_ratio');
    const moment = (row: Row, end: string): Moment => ({
      lost: countOf(row[`lost_segments${end}`]),
      ratio: countOf(row[`data_segments${end}`]) < least ? null : numberIn(row[`retransmit_ratio${end}`]),
    });
    const rows = recordsOf(answers[by]).filter(({ other }) => other !== true);
    return rows.map((row) => moveOf(by, sideOf(row, by), moment(row, ''), moment(row, '_earlier')));
  });
  const [each = {}] = recordsOf(classes);
  const byClass = CLASS_ORDER.map((name) => {
    const moment = (end: string): Moment => ({ lost: countOf(each[`retrans_${name}${end}`]), ratio: null });
    return moveOf('class', { key: name, label: name, picked: ['class', [name]] }, moment(''), moment('_earlier'));
  });
  return [...groups, ...byClass].filter(({ moved }) => moved !== 0).toSorted((a, b) => Math.abs(b.moved) - Math.abs(a.moved));
}

const moveOf = (by: Mover, side: Side, now: Moment, before: Moment): Move => ({ by, side, now, before, moved: now.lost - before.lost });
