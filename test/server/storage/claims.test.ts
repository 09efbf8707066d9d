// Several collectors on one ClickHouse, with the same batches in their logs, failing and starting again at any point: each batch
// is one segment's, and no decision ever changes. The engine is the embedded one, shared by all of them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Claims } from '../../../server/storage/claims.ts';
import { CLAIMS_TABLES } from '../../../server/storage/claims-tables.ts';
import { openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import type { BatchSpan, Engine, Segment } from '../../../server/storage/store.ts';
import { tries } from '../../support/tries.ts';

const directory = mkdtempSync(join(tmpdir(), 'tcplens-claims-'));
let engine: Engine;
beforeAll(async () => {
  engine = await openEmbeddedEngine({ path: join(directory, 'engine') });
});
beforeEach(async () => {
  for (const table of ['claims_head_from_claims', 'claims_head', 'claims']) await engine.command(`DROP TABLE IF EXISTS ${table} SYNC`);
  for (const statement of CLAIMS_TABLES) await engine.command(statement);
});
afterAll(async () => {
  await engine.close();
  rmSync(directory, { recursive: true });
});

const OPTIONS = { replicated: false, burnt_after_ms: 300 };
const EPOCH = '00000000000000e1';
const batch = (sequence: number, host = 1): BatchSpan => ({
  host_id: host.toString(16).padStart(16, '0'),
  epoch: EPOCH,
  sequence,
  rows: 1,
});
const segment = (name: string, batches: readonly BatchSpan[]): Segment => ({
  kind: 'sample',
  path: '',
  rows: batches.length,
  token: `sample/${name}`,
  batches,
});
const kept = (claims: Claims, of: Segment) => of.batches.filter((one) => claims.keeps(of, one)).map(({ sequence }) => sequence);

test('the first to claim a batch has it; who comes later keeps the rest', async () => {
  const [a, b] = [new Claims(engine, OPTIONS), new Claims(engine, OPTIONS)];
  const [first, second] = [
    segment(
      'a-1',
      [1, 2, 3, 4].map((n) => batch(n)),
    ),
    segment(
      'b-1',
      [3, 4, 5, 6].map((n) => batch(n)),
    ),
  ];
  await a.claim([first]);
  await b.claim([second]);
  expect([kept(a, first), kept(b, second)]).toEqual([
    [1, 2, 3, 4],
    [5, 6],
  ]);
});

test('one that starts again decides as it did before, and pieces of a segment as the whole', async () => {
  const [a, b] = [new Claims(engine, OPTIONS), new Claims(engine, OPTIONS)];
  await a.claim([segment('a-1', [batch(2)])]);
  const mixed = segment('b-1', [batch(1), batch(2), batch(3), batch(9, 2)]);
  await b.claim([mixed]);
  await a.claim([segment('a-2', [batch(1), batch(3)])]);
  const again = new Claims(engine, OPTIONS);
  await again.claim([mixed]);
  expect(kept(again, mixed)).toEqual([1, 3, 9]);
  const halves = [segment('b-1.0', [batch(1), batch(2)]), segment('b-1.1', [batch(2), batch(3), batch(9, 2)])];
  const third = new Claims(engine, OPTIONS);
  for (const half of halves) await third.claim([half]);
  expect(halves.map((half) => kept(third, half))).toEqual([[1], [3, 9]]);
});

test("rows of a batch that are not in its segment are that collector's which claims the batch", async () => {
  const [a, b] = [new Claims(engine, OPTIONS), new Claims(engine, OPTIONS)];
  const beside = (name: string, ...sequences: number[]) =>
    sequences.map((sequence) => ({ ...batch(sequence), kind: 'sample', token: `sample/${name}` }));
  const whole = segment(
    'a-1',
    [1, 2, 3, 4, 5].map((n) => batch(n)),
  );
  // Beside a segment that still grows, bit by bit, before and after it is claimed.
  expect(await a.claimAside(beside('a-1', 2))).toEqual([true]);
  await b.claim([segment('b-1', [batch(3), batch(2)])]);
  expect(await a.claimAside(beside('a-1', 2, 3, 4))).toEqual([true, false, true]);
  await a.claim([whole]);
  expect(kept(a, whole)).toEqual([1, 2, 4, 5]);
  expect(await a.claimAside([...beside('a-1', 5, 3), ...beside('quarantine-a', 6)])).toEqual([true, false, true]);
  expect(kept(b, segment('b-1', [batch(3), batch(2)]))).toEqual([3]);
  expect(await b.claimAside([...beside('b-1', 3), ...beside('quarantine-b', 6, 4, 1, 7)])).toEqual([true, false, false, false, true]);
  const again = new Claims(engine, OPTIONS);
  expect(await again.claimAside([...beside('a-1', 2, 3, 4, 5), ...beside('quarantine-a', 6, 7)])).toEqual([
    true,
    false,
    true,
    true,
    true,
    false,
  ]);
  await again.claim([whole]);
  expect(kept(again, whole)).toEqual([1, 2, 4, 5]);
});

test('a batch without a name is kept and claims nothing', async () => {
  const claims = new Claims(engine, OPTIONS);
  const unnamed = segment('a-1', [{ ...batch(0), host_id: '' }]);
  await claims.claim([unnamed]);
  expect(kept(claims, unnamed)).toEqual([0]);
  expect(await engine.query('SELECT count() AS n FROM claims')).toEqual([{ n: 0 }]);
});

test('a position that a killed server noted without its rows is passed by all', async () => {
  const [a, b] = [new Claims(engine, OPTIONS), new Claims(engine, OPTIONS)];
  await a.claim([segment('a-1', [batch(1)])]);
  // As the kill leaves it: position 2 is noted, its rows are nowhere.
  await a.claim([segment('a-2', [batch(2)])]);
  await engine.command('ALTER TABLE claims DELETE WHERE position = 2 SETTINGS mutations_sync = 1');
  await engine.command('ALTER TABLE claims_head DELETE WHERE position = 2 SETTINGS mutations_sync = 1');
  const [mine, others] = [segment('a-2', [batch(2), batch(3)]), segment('b-1', [batch(3), batch(4)])];
  const restarted = new Claims(engine, OPTIONS);
  await Promise.all([restarted.claim([mine]), b.claim([others])]);
  const owners = [...kept(restarted, mine), ...kept(b, others)];
  expect(owners.sort()).toEqual([2, 3, 4]);
  expect(await engine.query('SELECT DISTINCT position FROM claims ORDER BY position')).toEqual([1, 3, 4].map((position) => ({ position })));
});

test('claims that nobody needs any more may go without the log beginning anew', async () => {
  await new Claims(engine, OPTIONS).claim([segment('a-1', [batch(1)])]);
  await engine.command('ALTER TABLE claims DELETE WHERE 1 SETTINGS mutations_sync = 1');
  const late = new Claims(engine, OPTIONS);
  await late.claim([segment('b-1', [batch(7)])]);
  expect(await engine.query('SELECT position FROM claims')).toEqual([{ position: 2 }]);
});

test('a backlog is claimed in several blocks, each segment in one', async () => {
  const claims = new Claims(engine, OPTIONS);
  const every_second = (n: number) => Array.from({ length: 600 }, (_, index) => batch(2 * (n * 600 + index) + 1));
  const backlog = Array.from({ length: 30 }, (_, n) => segment(`a-${n}`, every_second(n)));
  await claims.claim(backlog);
  for (const one of backlog) expect(kept(claims, one)).toHaveLength(600);
  const blocks = await engine.query(
    'SELECT position, uniqExact(segment) AS segments, count() AS claims FROM claims GROUP BY position ORDER BY position',
  );
  expect(blocks).toEqual([
    { position: 1, segments: 17, claims: 10_200 },
    { position: 2, segments: 13, claims: 7800 },
  ]);
});

/** Numbers from 0 to 1 that a seed repeats: a linear congruential generator, its high bits. */
function diceOf(seed: number): () => number {
  let state = BigInt.asUintN(64, BigInt(seed));
  return () => {
    state = BigInt.asUintN(64, state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n);
    return Number(state >> 32n) / 2 ** 32;
  };
}

/** The engine as one collector sees it: now and then a statement fails, before it has run or after. */
function failing(chance: () => number): Pick<Engine, 'command' | 'query'> {
  const tried = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const dice = chance();
    if (dice < 0.08) throw new Error('failed before');
    const result = await work();
    if (dice > 0.92) throw new Error('failed after');
    return result;
  };
  return { command: (sql) => tried(() => engine.command(sql)), query: (sql, params) => tried(() => engine.query(sql, params)) };
}

/** A collector with a log: claims its segments in groups, forgets everything when it is killed. */
async function collect(segments: readonly Segment[], dice: () => number): Promise<Map<string, number[]>> {
  const decisions = new Map<string, number[]>();
  const connection = failing(dice);
  let claims = new Claims(connection, OPTIONS);
  let at = 0;
  while (at < segments.length) {
    const end = at + 1 + Math.floor(dice() * 3);
    const group = segments.slice(Math.max(0, at - 1), end);
    try {
      await claims.claim(group);
    } catch {
      if (dice() < 0.5) claims = new Claims(connection, OPTIONS);
      continue;
    }
    for (const one of group) {
      const before = decisions.get(one.token);
      if (before) expect(kept(claims, one), one.token).toEqual(before);
      decisions.set(one.token, kept(claims, one));
      if (dice() < 0.3) claims.forget(one);
    }
    if (dice() < 0.2) claims = new Claims(connection, OPTIONS);
    at = end;
  }
  const last = new Claims(engine, OPTIONS);
  await last.claim(segments);
  for (const one of segments) expect(kept(last, one), `${one.token} at the end`).toEqual(decisions.get(one.token));
  return decisions;
}

const COLLECTORS = 3;
const BATCHES = 60;

test('of batches that reached several collectors, in any order, each is stored by one, whoever fails when', async () => {
  let round = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 2 ** COLLECTORS - 1 }), { minLength: BATCHES, maxLength: BATCHES }),
      fc.integer(),
      async (sentTo, seed) => {
        const epoch = (++round).toString(16).padStart(16, '0');
        const next = diceOf(seed);
        const logs = Array.from({ length: COLLECTORS }, (_, collector) => {
          const mine = sentTo.flatMap((mask, index) => ((mask || 1) & (1 << collector) ? [{ ...batch(index + 1), epoch }] : []));
          mine.sort(() => next() - 0.5);
          return Array.from({ length: Math.ceil(mine.length / 5) }, (_, n) =>
            segment(`${epoch}-${collector}-${n}`, mine.slice(n * 5, n * 5 + 5)),
          );
        });
        const decisions = await Promise.all(logs.map((log) => collect(log, next)));
        const owned = decisions.flatMap((of) => [...of.values()].flat()).sort((a, b) => a - b);
        expect(owned).toEqual(Array.from({ length: BATCHES }, (_, index) => index + 1));
      },
    ),
    // Shrinking would run the engine a thousand times; the seed that is printed repeats the failure.
    { ...tries(8), endOnFailure: true },
  );
});
