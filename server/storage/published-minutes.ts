// Which minutes have been made, as spans. Nearly all of them are one span, and every question over a rollup asks: so the answer is kept for a
// while. A minute once made stays so; one that has been made since is told from the rows meanwhile, with the same result.
import type { Engine } from './engine.ts';

/** How long a piece of minutes is that are made together. */
export const PIECE_S = 300;

/** [from, to) in s. */
export type Span = [from_s: number, to_s: number];

const KEPT_MS = 20_000;
/** Spans in one answer: between any two of them nothing was ever made. */
const SPANS_MAX = 5000;

type Asks = Pick<Engine, 'query'>;
const kept = new WeakMap<Asks, { asked_ms: number; spans: Promise<Span[]> }>();

/** Oldest first, none of them touching. */
export function publishedMinutes(store: Asks): Promise<Span[]> {
  const found = kept.get(store);
  if (found !== undefined && performance.now() - found.asked_ms < KEPT_MS) return found.spans;
  const spans = ask(store);
  kept.set(store, { asked_ms: performance.now(), spans });
  // A failure is not kept.
  spans.catch(() => kept.delete(store));
  return spans;
}

/** Pieces that follow each other have the same distance to their place in the order. */
async function ask(store: Asks): Promise<Span[]> {
  const spans = await store.query<{ from_s: number; to_s: number }>(
    `SELECT min(at) AS from_s, max(at) + ${PIECE_S} AS to_s
FROM (SELECT toUnixTimestamp(start) AS at FROM rollup_version WHERE tier = 'minutes' GROUP BY start ORDER BY start)
GROUP BY at - ${PIECE_S} * toInt64(rowNumberInAllBlocks()) ORDER BY from_s LIMIT ${SPANS_MAX}`,
    {},
    SPANS_MAX,
  );
  return spans.map(({ from_s, to_s }) => [from_s, to_s]);
}
