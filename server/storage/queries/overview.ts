// Reads the tiles and charts of the page Now. series.ts makes the answer.
import type { Overview } from '../../api.ts';
import type { Queryable } from '../engine.ts';
import { completenessWithin } from './accounts.ts';
import { cover } from './cover.ts';
import { scopeOf, seriesOf, tilesOf } from './series.ts';
import { timeline } from './timeline.ts';
import { secondsOf, watchedSteps } from './watched.ts';
import { type Asked, windowOf } from './window.ts';

/** @param now_ms default for the end of the range */
export async function overview(store: Queryable, asked: Asked, now_ms: number): Promise<Overview> {
  const window = windowOf(asked, now_ms, 'steps');
  const covered = await cover(store, window);
  const scope = scopeOf(window.filter);
  const [steps, watched, whole] = await Promise.all([
    timeline(store, window, covered, scope),
    watchedSteps(store, window),
    completenessWithin(store, window),
  ]);
  const { from_ms, to_ms, step_s, source } = window;
  const watched_s = secondsOf(watched, window);
  const series = seriesOf(steps, window, { watched, scope }, now_ms);
  const tiles = tilesOf(steps, series, window, { scope, watched_s, ...whole });
  return { from_ms, to_ms, step_s, watched_s: Math.round(watched_s), source, tiles, series };
}
