// Whoever waits for the answer to a question: where he leaves, its statements end too, and the engine is free for others.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Asker, Engine, Progress, Queryable } from './engine.ts';

/** That one question has under way. */
const STATEMENTS_MOST = 100;

/** A statement that has only just been sent is not found yet: so the engine is told again until the statement has ended. */
const AGAIN_MS = 100;

const OF_ASKER = "Settings['log_comment'] = {id:String}";
const KILL = `KILL QUERY WHERE ${OF_ASKER} ASYNC`;
const PROGRESS = `SELECT sum(read_rows) AS rows_read, sum(total_rows_approx) AS rows, round(max(elapsed) * 1000) AS elapsed_ms, count() AS statements
FROM system.processes WHERE ${OF_ASKER}`;

type Ask = <Row>(sql: string, params: Record<string, unknown>, rows: number) => Promise<Row[]>;

/** What the engine does of one asker's statements, over a connection on which none of them runs. */
export function askersOf(ask: Ask): Pick<Engine, 'progress'> & { untilLeft: typeof untilLeft } {
  const kill = (id: string) => ask(KILL, { id }, STATEMENTS_MOST);
  async function untilLeft<Result>(asker: Asker | undefined, run: () => Promise<Result>): Promise<Result> {
    if (asker === undefined) return run();
    asker.left.throwIfAborted();
    const ended = new AbortController();
    const end = async () => {
      // A server may not let its users kill: then the statement ends by its own limit of time.
      while (!ended.signal.aborted && (await kill(asker.id).then(Boolean, () => false))) await sleep(AGAIN_MS);
    };
    asker.left.addEventListener('abort', end, { once: true });
    try {
      return await run();
    } finally {
      ended.abort();
      asker.left.removeEventListener('abort', end);
    }
  }
  return {
    untilLeft,
    progress: async (id) => {
      const [found] = await ask<Progress & { statements: number }>(PROGRESS, { id }, 1);
      if (found === undefined || found.statements === 0) return undefined;
      const { rows_read, rows, elapsed_ms } = found;
      return { rows_read, rows, elapsed_ms };
    },
  };
}

/** The store as somebody asks it: all of its questions are his. */
export const askedBy = (store: Queryable, asker: Asker): Queryable => ({
  query: (sql, params, rows) => store.query(sql, params, rows, asker),
});
