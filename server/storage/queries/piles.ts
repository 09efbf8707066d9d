// What piles up: connections by state and owner, TIME_WAITs by who closes first, local ports by destination. Read from rows.
import type { Piles } from '../../api/piles.ts';
import type { Queryable } from '../engine.ts';
import { completenessWithin } from './accounts.ts';
import { closers } from './closers.ts';
import { type PileSort, type PileState, pileList } from './pile-list.ts';
import { pileSeries } from './pile-series.ts';
import { portUse, trendFrom } from './port-use.ts';
import { rowsToRead } from './rows-to-read.ts';
import { STAYS_OF } from './stays.ts';
import { type Asked, windowOf } from './window.ts';

export type PilesAsked = { state?: PileState | undefined; sort: PileSort; limit: number; rows_max?: number };

/** @throws Refusal `range_too_wide` */
export async function piles(store: Queryable, range: Asked, { rows_max, ...asked }: PilesAsked, now_ms: number): Promise<Piles> {
  const window = windowOf(range, now_ms, 'rows');
  const rows_read = await rowsToRead(store, window, STAYS_OF, rows_max);
  const [series, found, closed, used, { completeness }] = await Promise.all([
    pileSeries(store, window),
    pileList(store, window, asked),
    closers(store, window, asked.limit),
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
    closers: closed.closers,
    closers_total: closed.total,
    ports: used.ports,
    ports_total: used.total,
    trend_from_ms: trendFrom(window),
    rows_read,
    completeness,
  };
}
