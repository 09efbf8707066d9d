// The published minutes, as spans; nearly always it is a single span. Each question over a rollup needs them, so they are cached for some
// seconds. Published minutes stay published. Minutes that were published since are still answered from rows meanwhile, with the same
// result.
import type { Queryable } from './engine.ts';

/** The length of a piece: minutes that are built and published together. */
export const PIECE_S = 300;

/** [from, to) in seconds since the epoch. */
export type Span = [from_s: number, to_s: number];

const CACHED_MS = 20_000;
/** Limit of spans in an answer. Between two spans are minutes that were never built. */
const SPANS_MAX = 5000;

type Asks = Queryable;
const cached = new WeakMap<Asks, { asked_ms: number; spans: Promise<Span[]> }>();

/** The spans, oldest first; no two of them touch. */
export function publishedMinutes(store: Asks): Promise<Span[]> {
  const found = cached.get(store);
  if (found !== undefined && performance.now() - found.asked_ms < CACHED_MS) return found.spans;
  const spans = ask(store);
  cached.set(store, { asked_ms: performance.now(), spans });
  // A failed read is not cached.
  spans.catch(() => cached.delete(store));
  return spans;
}

/** Groups pieces without a gap between them: their start less their rank times PIECE_S is the same for all of them. */
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
