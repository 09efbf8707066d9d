// A store on a ClickHouse server or cluster: the engine by URL, what several collectors agree on, and doubt after a crash.
import { statSync } from 'node:fs';
import { insertAccounting } from './accounting.ts';
import { Claims } from './claims.ts';
import { CLAIMS_TABLES } from './claims-tables.ts';
import { type ClickHouseOptions, connect } from './clickhouse.ts';
import { insertReports, namesOf } from './entities.ts';
import { listMigrations, migrate } from './migrations.ts';
import { insertDoubted, startedAt } from './restarted-server.ts';
import { piecesOf } from './segment-insert.ts';
import { createSharedTurn, inSharedTurn } from './shared-turn.ts';
import type { Engine, Piece, Segment, Store } from './store.ts';
import { turns } from './turns.ts';
import { upkeepOf } from './upkeep.ts';

/** How long a position of the claims that nobody's rows are seen at is looked at: see claims.ts. */
const BURNT_AFTER_MS = 3000;
/** A table remembers 10 000 tokens: those of so long, though many collectors insert. */
const REMEMBERED_MS = 10 * 60_000;
/** For other collectors that are in doubt as well. */
const TURN_WAIT_MS = 20_000;
/** The server's age comes in whole seconds. */
const AGE_MS = 1000;

/**
 * Connects, and creates the database where it is missing.
 * @throws StoreError `store_unavailable` if nothing answers at the URL
 */
export async function openClickHouse(options: ClickHouseOptions): Promise<Store> {
  const engine = await connect(options);
  // Replicated tables note a token and its part in one step of Keeper's, so theirs can always be believed.
  const replicated = options.cluster !== undefined;
  const claims = new Claims(engine, { replicated, burnt_after_ms: BURNT_AFTER_MS });
  const inTurn = turns();
  const names = namesOf(engine);
  const claim = (segments: readonly Segment[]) => inTurn(() => claims.claim(segments));
  const attempts = replicated ? undefined : new Map<string, number>();
  const insertSegment = async (segment: Segment) => {
    await claim([segment]);
    const pieces = piecesOf(segment, (batch) => claims.keeps(segment, batch));
    if (pieces.length > 0) await insertOnce(engine, segment, pieces, attempts);
    claims.forget(segment);
  };
  return {
    ...engine,
    upkeep: upkeepOf(engine),
    migrate: async () => {
      await createSharedTurn(engine);
      const steps = await listMigrations(engine);
      if (steps.some(({ state }) => state === 'pending')) await inSharedTurn(engine, 'migration', 0, migrate);
      else await migrate(engine);
      for (const statement of CLAIMS_TABLES) await engine.define(statement);
    },
    claim,
    claimAside: (batches) => inTurn(() => claims.claimAside(batches)),
    insertSegment,
    insertReports: (reports) => insertReports(engine, reports, names),
    insertAccounting: (entries) => insertAccounting(engine, entries),
    // An earlier process may have sent them at any time since they were written.
    insertUnsettled: async (segments) => {
      await claim(segments);
      for (const segment of segments) {
        attempts?.set(segment.token, performance.now() - ageOf(segment));
        await insertSegment(segment);
      }
    },
  };
}

/**
 * The token keeps it at once, as long as the server remembers. Success says nothing where the server has begun since the segment was
 * first sent: a copy that was on its way may have been there before the kill, so its age is asked after the answer.
 * @param attempts performance.now() when each segment was first sent, of those not yet answered for; undefined: tokens tell
 */
async function insertOnce(engine: Engine, segment: Segment, pieces: readonly Piece[], attempts?: Map<string, number>): Promise<void> {
  const { token } = segment;
  if (attempts === undefined) return engine.insertSegment(segment, pieces);
  const first_ms = attempts.get(token) ?? performance.now();
  attempts.set(token, first_ms);
  const remembered = performance.now() - first_ms < REMEMBERED_MS;
  if (remembered) await engine.insertSegment(segment, pieces);
  if (!remembered || first_ms <= (await startedAt(engine)) + AGE_MS) {
    await inSharedTurn(engine, 'doubt', TURN_WAIT_MS, (mine) => insertDoubted(mine, segment, pieces));
  }
  attempts.delete(token);
}

/** For how long it has not been written to, in ms. The clock has been set back since a file of the future: its token is tried, and doubted. */
function ageOf({ path }: Segment): number {
  const age_ms = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  return age_ms < 0 ? REMEMBERED_MS / 2 : age_ms;
}
