import type { WriterEvents } from '../../../server/log/writer.ts';

/** For tests that look at the store alone. */
export const QUIET: WriterEvents = {
  inserted: () => undefined,
  failed: () => undefined,
  buried: () => undefined,
  trouble: () => undefined,
};
