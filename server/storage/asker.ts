// Ends the statements of a question when its asker leaves, so that the engine is free for others.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Asker, Engine, Progress, Queryable } from './engine.ts';

/** More statements than one question ever has running. */
const STATEMENTS_MOST = 100;

/** The engine may not list a statement yet that was just sent, so KILL is repeated until the statement has ended. */
const AGAIN_MS = 100;

const OF_ASKER = "Settings['log_comment'] = {id:String}";
const KILL = `KILL QUERY WHERE ${OF_ASKER} ASYNC`;
const PROGRESS = `SELECT sum(read_rows) AS rows_read, sum(total_rows_approx) AS rows, round(max(elapsed) * 1000) AS elapsed_ms, count() AS statements
FROM system.processes WHERE ${OF_ASKER}`;

type Ask = <Row>(sql: string, params: Record<string, unknown>, rows: number) => Promise<Row[]>;

/** Kills statements of an asker and reads their progress. `ask` uses a connection on which no such statement runs. */
export function askersOf(ask: Ask): Pick<Engine, 'progress'> & { untilLeft: typeof untilLeft } {
  const kill = (id: string) => ask(KILL, { id }, STATEMENTS_MOST);
  async function untilLeft<Result>(asker: Asker | undefined, run: () => Promise<Result>): Promise<Result> {
    if (asker === undefined) return run();
    asker.left.throwIfAborted();
    const ended = new AbortController();
    const end = async () => {
      // A server may forbid KILL to its users. Then the statement ends by its own limit of time.
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

/** The store for one asker: all statements carry the asker's id. */
export const askedBy = (store: Queryable, asker: Asker): Queryable => ({
  query: (sql, params, rows) => store.query(sql, params, rows, asker),
});

/** The engine for one asker who also fills tables. */
export const filledBy = <Some extends Pick<Engine, 'query' | 'fill'>>(engine: Some, asker: Asker): Some => ({
  ...engine,
  ...askedBy(engine, asker),
  fill: (filling) => engine.fill(filling, asker),
});
