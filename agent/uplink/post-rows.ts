import { HEADERS, ROWS_PATH } from '../batch-envelope.ts';
import type { Batch } from '../spool/record.ts';
import { type Answer, post } from './post.ts';

/** Posts a batch as the envelope says, under the run of the agent that cut it. */
export function postRows(collector: string, batch: Batch, signal: AbortSignal): Promise<Answer> {
  const headers = {
    'content-type': 'application/octet-stream',
    'content-encoding': 'zstd',
    [HEADERS.schema]: batch.schema,
    [HEADERS.hostId]: batch.host_id,
    [HEADERS.epoch]: batch.epoch,
    [HEADERS.sequence]: String(batch.sequence),
  };
  return post(collector + ROWS_PATH, headers, batch.payload, signal);
}
