// Sockets that pile up: connections by state and owner, TIME_WAITs by the side that closes first, local ports by destination. They are read
// from rows; for long ranges only from rows around the ends of steps, and from rollups.
import type { Piles } from '../../api/piles.ts';
import type { Queryable } from '../engine.ts';
import { completenessWithin } from './accounts.ts';
import { closers } from './closers.ts';
import { establishedOf, type PileSort, type PileState, pileList } from './pile-list.ts';
import { isByMoments, NEAR_MS, timeNear } from './pile-moments.ts';
import { pileSeries } from './pile-series.ts';
import { portsFrom, portUse, trendFrom } from './port-use.ts';
import { rowsToRead } from './rows-to-read.ts';
import { STAYS_OF } from './stays.ts';
import { secondsOf, watchedSteps } from './watched.ts';
import { type Asked, windowOf } from './window.ts';

export type PilesAsked = { state?: PileState | undefined; sort: PileSort; limit: number; rows_max?: number };

/** @throws Refusal `range_too_wide` */
export async function piles(store: Queryable, range: Asked, { rows_max, ...asked }: PilesAsked, now_ms: number): Promise<Piles> {
  const asksRollup = windowOf(range, now_ms);
  const window = isByMoments(asksRollup) ? asksRollup : windowOf(range, now_ms, 'rows');
  const read = isByMoments(window) ? { ...window, time: timeNear(window, NEAR_MS, NEAR_MS) } : window;
  const [rows_read, watched] = await Promise.all([rowsToRead(store, read, STAYS_OF, rows_max), watchedSteps(store, window)]);
  const [series, found, closed, used, { completeness }] = await Promise.all([
    pileSeries(store, window, watched),
    pileList(store, window, asked),
    closers(store, window, { limit: asked.limit, watched_s: secondsOf(watched, window) }),
    portUse(store, window, asked.limit),
    completenessWithin(store, window),
  ]);
  return {
    from_ms: window.from_ms,
    to_ms: window.to_ms,
    step_s: window.step_s,
    series,
    piles: found.piles,
    piles_total: found.total,
    established: establishedOf(window),
    closers: closed.closers,
    closers_total: closed.total,
    ports: used.ports,
    ports_total: used.total,
    ports_from_ms: portsFrom(window),
    trend_from_ms: trendFrom(window),
    rows_read,
    completeness,
  };
}
