// What is inserted again, whole or in part, changes no answer; nor does it whether minutes have been made of it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Segment } from '../../../server/storage/engine.ts';
import { accounting, accountsByHost } from '../../../server/storage/queries/accounts.ts';
import { drops, resets } from '../../../server/storage/queries/causes.ts';
import { connection } from '../../../server/storage/queries/connection.ts';
import { edges } from '../../../server/storage/queries/edges.ts';
import { hosts } from '../../../server/storage/queries/hosts.ts';
import { listeners } from '../../../server/storage/queries/listeners.ts';
import { overview } from '../../../server/storage/queries/overview.ts';
import { retransmits } from '../../../server/storage/queries/retransmits.ts';
import type { Store } from '../../../server/storage/store.ts';
import { BACKENDS, type Fixture } from './backends.ts';
import { filterOf } from './filter-of.ts';
import { ALPHA, fill, NOW_MS } from './hand-made-rows.ts';

const HOUR_MS = 3_600_000;
const PEER = '203.0.113.9';
/** Answered from rows, and from minutes: where these have not been made, from rows in their place. */
const RANGES = [
  {},
  { filter: filterOf(`host = ${ALPHA}`) },
  { filter: filterOf(`peer = ${PEER}`) },
  { filter: filterOf('process = curl') },
  { from: NOW_MS - 4 * HOUR_MS, to: NOW_MS },
];

/** Every question that reads rows or what is made of them. */
async function answers(store: Store): Promise<unknown> {
  const ofRanges = RANGES.map(async (range) => ({
    range,
    overview: await overview(store, range, NOW_MS),
    edges: await edges(store, range, { sort: 'bytes', limit: 50 }, NOW_MS),
    retransmits: await retransmits(store, range, 50, NOW_MS),
    resets: await resets(store, range, 50, NOW_MS),
    drops: await drops(store, range, 50, NOW_MS),
    listeners: await listeners(store, range, { limit: 50, history: true }, NOW_MS),
    accounting: await accounting(store, range, 50, NOW_MS),
  }));
  return {
    ranges: await Promise.all(ofRanges),
    hosts: await hosts(store, {}, { limit: 9, sort: 'name' }, NOW_MS),
    accounts: [...(await accountsByHost(store, {}, [String(ALPHA), '2'], NOW_MS))],
    connections: [
      await connection(store, String(ALPHA), '1'),
      await connection(store, String(ALPHA), '2'),
      await connection(store, '2', '1'),
    ],
  };
}

describe.each(BACKENDS)('inserted twice on $name', ({ skip, open }) => {
  let fixture: Fixture;
  const segments: Segment[] = [];
  let once: unknown;
  beforeAll(async () => {
    if (skip !== undefined) return;
    fixture = await open();
    const put: Fixture['put'] = async (...args) => {
      const segment = await fixture.put(...args);
      segments.push(segment);
      return segment;
    };
    await fill({ ...fixture, put });
    once = await answers(fixture.store);
  });
  afterAll(async () => fixture?.close());
  const check = (name: string, run: () => Promise<void>) =>
    test(name, async (context) => {
      context.skip(skip !== undefined, skip);
      await run();
    });

  check('rows that come again change no answer', async () => {
    expect(segments.length).toBeGreaterThan(8);
    const copies = async () => (await fixture.store.query<{ n: number }>('SELECT count() AS n FROM sample', {}, 1))[0]?.n ?? 0;
    const before = await copies();
    let most = 0;
    for (const segment of [...segments, ...segments.toReversed()]) {
      await fixture.store.insertSegment(segment);
      // At once: a merge makes one row of them again, whenever it comes.
      if (segment.kind === 'sample') most = Math.max(most, await copies());
    }
    expect(most).toBeGreaterThan(before);
    expect(await answers(fixture.store)).toEqual(once);
  });

  check('minutes say what the rows said', async () => {
    expect(await fixture.store.upkeep.makeMinutes(Date.now() + HOUR_MS)).toBeGreaterThan(0);
    // Which minutes have been made is remembered for some seconds: another store asks anew.
    const asksAnew: Store = { ...fixture.store };
    expect(await answers(asksAnew)).toEqual(once);
  });
});
