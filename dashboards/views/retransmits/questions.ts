// The page's questions: what was sent again and when, between which pairs, and what has changed.
import type { Explored, Overview } from '../../../server/api.ts';
import type { ApiClient, Query } from '../../api-client.ts';
import { ApiError } from '../../api-error.ts';
import { questionKey } from '../../part.svelte.ts';
import { MOVERS, type OfRows } from '../../retransmits-answer.ts';
import { earlierOf, PAIRS } from '../../retransmits-view.ts';
import type { ViewState } from '../../view-state.ts';
import { CLASS_ORDER } from '../../words.ts';

const CLASSES = CLASS_ORDER.map((name) => `retrans_${name}`).join();
const PAIRS_MOST = '100';
const MOVES_EACH = '6';

/** The key of a part's question: choices that only other parts depend on are left out. */
export const keyOf =
  (part: 'against' | 'pairs' | null) =>
  (state: ViewState): string =>
    `${part === null ? '' : state.retransmits[part]} ${questionKey({ ...state, page: 'now' })}`;

export type Sums = { overview: Overview; whole: Explored; classes: Explored; ofRows: OfRows | null };
export type Moved = { groups: Record<(typeof MOVERS)[number], Explored>; classes: Explored };
export async function askSums(api: ApiClient, asked: Query, _view: ViewState, signal: AbortSignal): Promise<Sums> {
  const whole = 'lost_segments,data_segments,retransmit_ratio,retransmits,spurious_segments,retrans_fin,retransmits_refused,drops';
  const [overview, sums, classes, ofRows] = await Promise.all([
    api.overview(asked, signal),
    api.explore({ ...asked, metrics: whole }, signal),
    api.explore({ ...asked, metrics: CLASSES }, signal),
    askRows(api, asked, signal),
  ]);
  return { overview, whole: sums, classes, ofRows };
}

/** Null if there are too many rows to read. */
async function askRows(api: ApiClient, asked: Query, signal: AbortSignal): Promise<OfRows | null> {
  try {
    const [byOutcome, byReason, { total: attempts }] = await Promise.all([
      api.explore({ ...asked, metrics: 'retransmits', by: 'outcome' }, signal),
      api.explore({ ...asked, metrics: 'drops', by: 'reason', top: '5' }, signal),
      api.retransmits({ ...asked, limit: '1' }, signal),
    ]);
    return { byOutcome, byReason, attempts };
  } catch (cause) {
    if (cause instanceof ApiError && cause.code === 'too_much') return null;
    throw cause;
  }
}

export function askPairs(api: ApiClient, asked: Query, { retransmits: { pairs } }: ViewState, signal: AbortSignal): Promise<Explored> {
  const metrics = 'retransmit_ratio,lost_segments,data_segments,spurious_segments,retrans_tlp,retransmits_refused';
  return api.explore({ ...asked, metrics, by: `${PAIRS[pairs].own},${PAIRS[pairs].peer}`, top: PAIRS_MOST }, signal);
}

export async function askMoves(api: ApiClient, asked: Query, { retransmits }: ViewState, signal: AbortSignal): Promise<Moved> {
  const earlier = String(earlierOf(retransmits, Number(asked['to']) - Number(asked['from'])));
  const metrics = 'lost_segments,data_segments,retransmit_ratio';
  const [classes, ...groups] = await Promise.all([
    api.explore({ ...asked, metrics: CLASSES, earlier }, signal),
    ...MOVERS.map((by) => api.explore({ ...asked, metrics, by, earlier, order: 'moved', top: MOVES_EACH }, signal)),
  ]);
  return { classes, groups: Object.fromEntries(MOVERS.map((by, at) => [by, groups[at]])) as Moved['groups'] };
}
