// Asks the store for the tiles and charts of the page Now. series.ts makes the answer.
import type { Overview, Range } from '../../api.ts';
import type { Store } from '../store.ts';
import { completenessWithin } from './accounts.ts';
import { cover } from './cover.ts';
import { scopeOf, seriesOf, tilesOf } from './series.ts';
import { timeline } from './timeline.ts';
import { secondsOf, watchedSteps } from './watched.ts';
import { windowOf } from './window.ts';

/** @param now_ms the range's default end */
export async function overview(store: Store, range: Range, now_ms: number): Promise<Overview> {
  const window = windowOf(range, now_ms, 'steps');
  const covered = await cover(store, window);
  const scope = scopeOf(range);
  const [steps, watched, whole] = await Promise.all([
    timeline(store, window, covered, scope),
    watchedSteps(store, range, window),
    completenessWithin(store, range, now_ms),
  ]);
  const { from_ms, to_ms, step_s, source } = window;
  const watched_s = secondsOf(watched, window);
  const series = seriesOf(steps, window, { watched, scope }, now_ms);
  const tiles = tilesOf(steps, series, window, { scope, watched_s, ...whole });
  return { from_ms, to_ms, step_s, watched_s: Math.round(watched_s), source, tiles, series };
}
