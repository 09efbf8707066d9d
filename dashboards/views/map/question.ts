// The page's question: the edges between workloads.
import type { WorkloadMap } from '../../../server/api.ts';
import type { ApiClient, Query } from '../../api-client.ts';
import { questionKey } from '../../part.svelte.ts';
import type { ViewState } from '../../view-state.ts';

const EDGES_MOST = '2000';

export const askMap = (api: ApiClient, asked: Query, { map }: ViewState, signal: AbortSignal): Promise<WorkloadMap> =>
  api.map({ ...asked, harm: map.harm, limit: EDGES_MOST }, signal);

/** The choice of clusters is left out, since it does not change the question. */
export const mapKey = (state: ViewState): string => questionKey({ ...state, map: { ...state.map, cluster: 'host' } });
