// The page's question, asked in two forms: in steps for the chart, and over the whole range for the table.
import type { Explored } from '../../../server/api.ts';
import type { ApiClient, Query } from '../../api-client.ts';
import { exploreQuery } from '../../explore-view.ts';
import type { ViewState } from '../../view-state.ts';

type Answers = { whole: Explored; steps: Explored };

export async function askExplore(api: ApiClient, asked: Query, { explore }: ViewState, signal: AbortSignal): Promise<Answers> {
  const whole = await api.explore({ ...asked, ...exploreQuery(explore, 'none') }, signal);
  return { whole, steps: await api.explore({ ...asked, ...exploreQuery(explore, 'auto') }, signal) };
}
