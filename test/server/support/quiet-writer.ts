import type { WriterEvents } from '../../../server/log/writer.ts';

/** Ignores all events, for tests that only look at the store. */
export const QUIET: WriterEvents = {
  inserted: () => undefined,
  failed: () => undefined,
  buried: () => undefined,
  trouble: () => undefined,
};
