// The page's question: sockets that pile up.
import type { Piles } from '../../../server/api.ts';
import type { ApiClient, Query } from '../../api-client.ts';
import { pilesQuery } from '../../piles-view.ts';
import type { ViewState } from '../../view-state.ts';

const ROWS_MOST = '100';

export const askPiles = (api: ApiClient, asked: Query, { piles }: ViewState, signal: AbortSignal): Promise<Piles> =>
  api.piles({ ...asked, ...pilesQuery(piles), limit: ROWS_MOST }, signal);
