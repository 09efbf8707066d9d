// The page's questions: the distribution of a duration, in steps and as a whole, and the pairs for which it is long.
import type { Explored } from '../../../server/api.ts';
import type { ApiClient, Query } from '../../api-client.ts';
import { BETWEEN } from '../../latency-view.ts';
import { questionKey } from '../../part.svelte.ts';
import type { ViewState } from '../../view-state.ts';

const GROUPS = '50';

/** The choice of pairs is left out, since it belongs to the question of another part. */
export const spreadsKey = (state: ViewState): string => questionKey({ ...state, latency: { ...state.latency, between: 'edges' } });

export type Spreads = { steps: Explored; whole: Explored };

export async function askSpreads(api: ApiClient, asked: Query, { latency: { of } }: ViewState, signal: AbortSignal): Promise<Spreads> {
  const metrics = `${of},${of}_p50,${of}_p99`;
  const [steps, whole] = await Promise.all([
    api.explore({ ...asked, metrics, step: 'auto' }, signal),
    api.explore({ ...asked, metrics }, signal),
  ]);
  return { steps, whole };
}

export const askSlow = (api: ApiClient, asked: Query, { latency: { of, between } }: ViewState, signal: AbortSignal): Promise<Explored> =>
  api.explore({ ...asked, metrics: `${of}_p99,${of}_p50`, by: BETWEEN[between].by.join(), top: GROUPS }, signal);
