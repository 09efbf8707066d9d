// The page's question: listening sockets, with their history.
import type { Listeners } from '../../../server/api.ts';
import type { ApiClient, Query } from '../../api-client.ts';
import type { ViewState } from '../../view-state.ts';

const LISTENERS_MOST = '500';

export const askListeners = (api: ApiClient, asked: Query, _view: ViewState, signal: AbortSignal): Promise<Listeners> =>
  api.listeners({ ...asked, history: 'true', limit: LISTENERS_MOST }, signal);
