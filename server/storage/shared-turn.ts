// Work that one collector at a time may do of those that share a ClickHouse: to change its tables, while one that is done inserts at
// once; to add what a killed server has left out, where two might take the same gap for theirs. Turns have positions 1, 2, 3 …; a
// position's block has the position as its token, so of all who write it one succeeds. Whoever has the turn says again and again
// that it is there: a turn that is silent is over.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { quote } from './columns.ts';
import { type Engine, StoreError } from './store.ts';

export type SharedWork = 'migration' | 'doubt';

const CREATE_SHARED_TURN = `CREATE TABLE IF NOT EXISTS shared_turn (
  work LowCardinality(String),
  position UInt64,
  owner String,
  at DateTime64(3, 'UTC') DEFAULT now64(3),
  ended UInt8
) ENGINE = MergeTree
ORDER BY (work, position, at)
SETTINGS non_replicated_deduplication_window = 10000`;

/** A turn of which nothing has been heard for so long is over, by the server's clock; by its own clock it ends itself earlier. */
const SILENT_MS = 20_000;
const OWN_SILENT_MS = 10_000;
const HEARTBEAT_MS = 2000;
/** A position that is noted and not to be seen for so long was lost with a killed server. */
const BURNT_MS = 3000;
const LOOK_MS = 100;
const POSITIONS_A_TRY = 8;

type Turn = { work: SharedWork; position: number; owner: string };
type Last = { position: number; ended: number; silent_ms: number };

/** Once, before the first turn. */
export function createSharedTurn(engine: Pick<Engine, 'define'>): Promise<void> {
  return engine.define(CREATE_SHARED_TURN);
}

/**
 * Does something while no other collector does work of the same name. The engine that it is given refuses to go on once the turn is
 * lost.
 * @param wait_ms for how long to wait for another
 * @throws StoreError `store_unavailable` while another has the turn: try again
 */
export async function inSharedTurn<Result>(
  engine: Engine,
  work: SharedWork,
  wait_ms: number,
  run: (engine: Engine) => Promise<Result>,
): Promise<Result> {
  const owner = randomBytes(8).toString('hex');
  const turn = { work, position: await wait(engine, work, owner, wait_ms), owner };
  let heard_ms = performance.now();
  const timer = setInterval(() => {
    const sent_ms = performance.now();
    const heard = () => {
      heard_ms = sent_ms;
    };
    void say(engine, turn, 0).then(heard, () => undefined);
  }, HEARTBEAT_MS);
  const check = () => {
    if (performance.now() - heard_ms > OWN_SILENT_MS) throw unavailable('nothing was heard of this collector for too long');
  };
  const own =
    <Args extends readonly unknown[], Given>(ask: (...args: Args) => Promise<Given>) =>
    async (...args: Args): Promise<Given> => {
      check();
      return ask(...args);
    };
  try {
    return await run({ ...engine, command: own(engine.command), define: own(engine.define) });
  } finally {
    clearInterval(timer);
    // What is not said now is said by the silence.
    await say(engine, turn, 1).catch(() => undefined);
  }
}

async function wait(engine: Engine, work: SharedWork, owner: string, wait_ms: number): Promise<number> {
  for (const end = performance.now() + wait_ms; ; await sleep(LOOK_MS)) {
    const position = await take(engine, work, owner);
    if (position !== undefined) return position;
    if (performance.now() >= end) throw unavailable(`another collector is at it (${work})`);
  }
}

/** Undefined: it is another's. */
async function take(engine: Engine, work: SharedWork, owner: string): Promise<number | undefined> {
  const [last] = await engine.query<Last>(
    `SELECT position, max(t.ended) AS ended,
  toInt64(toUnixTimestamp64Milli(now64(3))) - toInt64(toUnixTimestamp64Milli(max(t.at))) AS silent_ms
FROM shared_turn AS t WHERE work = {work:String} GROUP BY position ORDER BY position DESC LIMIT 1`,
    { work },
    1,
  );
  if (last && last.ended === 0 && last.silent_ms < SILENT_MS) return undefined;
  if (last && last.ended === 0 && (await isAtWork(engine))) return undefined;
  const first = (last?.position ?? 0) + 1;
  for (let position = first; position < first + POSITIONS_A_TRY; position++) {
    await engine.command(`INSERT INTO shared_turn (work, position, owner, ended)
SETTINGS async_insert = 0, insert_deduplicate = 1, insert_deduplication_token = ${quote(`shared_turn/${work}/${position}`)}
VALUES (${quote(work)}, ${position}, ${quote(owner)}, 0)`);
    const found = await ownerOf(engine, work, position);
    if (found === owner) return position;
    if (found !== undefined) return undefined;
  }
  throw unavailable('no turn can be had');
}

/** A statement goes on in the server when whoever sent it has been killed. */
async function isAtWork(engine: Engine): Promise<boolean> {
  const [running] = await engine.query<{ statements: number }>(
    `SELECT count() AS statements FROM system.processes
WHERE current_database = currentDatabase() AND query_kind NOT IN ('Select', '') AND elapsed * 1000 > ${OWN_SILENT_MS}`,
    {},
    1,
  );
  return (running?.statements ?? 0) > 0;
}

async function ownerOf(engine: Engine, work: SharedWork, position: number): Promise<string | undefined> {
  for (const end = performance.now() + BURNT_MS; performance.now() < end; await sleep(LOOK_MS)) {
    const [row] = await engine.query<{ owner: string }>(
      'SELECT owner FROM shared_turn WHERE work = {work:String} AND position = {position:UInt64} LIMIT 1',
      { work, position },
      1,
    );
    if (row) return row.owner;
  }
  return undefined;
}

function say(engine: Engine, { work, position, owner }: Turn, ended: 0 | 1): Promise<void> {
  return engine.command(`INSERT INTO shared_turn (work, position, owner, ended)
SETTINGS async_insert = 0, insert_deduplicate = 0
VALUES (${quote(work)}, ${position}, ${quote(owner)}, ${ended})`);
}

function unavailable(reason: string): StoreError {
  return new StoreError('store_unavailable', `of the collectors on this ClickHouse one at a time does this: ${reason}`);
}
