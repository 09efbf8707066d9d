// The question of the page: listening sockets, with what only a longer look tells.
import type { Listeners } from '../../../server/api.ts';
import type { ApiClient, Query } from '../../api-client.ts';
import type { ViewState } from '../../view-state.ts';

const LISTENERS_MOST = '500';

export const askListeners = (api: ApiClient, asked: Query, _view: ViewState, signal: AbortSignal): Promise<Listeners> =>
  api.listeners({ ...asked, history: 'true', limit: LISTENERS_MOST }, signal);
