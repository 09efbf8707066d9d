// The question of the page: who says what to whom.
import type { WorkloadMap } from '../../../server/api.ts';
import type { ApiClient, Query } from '../../api-client.ts';
import { questionKey } from '../../part.svelte.ts';
import type { ViewState } from '../../view-state.ts';

const EDGES_MOST = '2000';

export const askMap = (api: ApiClient, asked: Query, { map }: ViewState, signal: AbortSignal): Promise<WorkloadMap> =>
  api.map({ ...asked, harm: map.harm, limit: EDGES_MOST }, signal);

/** What the nodes lie together by is no other question. */
export const mapKey = (state: ViewState): string => questionKey({ ...state, map: { ...state.map, cluster: 'host' } });
