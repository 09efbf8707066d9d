// Random operations on a real directory, compared with a model after each. A failure prints fast-check's seed and the path to it.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tries } from '../../support/tries.ts';
import { corrupt, KINDS, ModelledSpool, nameOf } from './spool-model.ts';

type Step =
  | { do: 'append'; kind: (typeof KINDS)[number]; rows: number; bytes: number }
  | { do: 'next' | 'flush' | 'sync' | 'crash' | 'restart' }
  | { do: 'sent' | 'rejected' | 'release'; index: number }
  | { do: 'wait'; ms: number }
  | { do: 'fault'; fault: 'none' | 'full' | 'short' | 'io' | 'no_sync' | 'no_read' | 'no_rename' }
  | { do: 'power_cut'; share: number }
  | { do: 'corrupt'; segment: number; at: number; how: 'crash' | 'live' };

const append = fc.record({
  do: fc.constant('append' as const),
  kind: fc.constantFrom(...KINDS),
  rows: fc.integer({ min: 1, max: 1000 }),
  bytes: fc.integer({ min: 0, max: 1500 }),
});
const end = fc.record({ do: fc.constantFrom('sent' as const, 'rejected' as const, 'release' as const), index: fc.nat(20) });
const plain = fc.record({ do: fc.constantFrom('next' as const, 'flush' as const, 'sync' as const, 'crash' as const, 'restart' as const) });
const wait = fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 40_000 }) });
const fault = fc.record({
  do: fc.constant('fault' as const),
  fault: fc.constantFrom('none', 'none', 'full', 'short', 'io', 'no_sync', 'no_read', 'no_rename' as const),
}) as fc.Arbitrary<Step>;
const share = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const damage = fc.oneof(
  fc.record({ do: fc.constant('power_cut' as const), share }),
  fc.record({
    do: fc.constant('corrupt' as const),
    segment: fc.nat(5),
    at: share,
    how: fc.constantFrom('crash' as const, 'live' as const),
  }),
);

const small = { bytes_max: 32 * 1024, age_ms_max: 100_000 };
const large = { bytes_max: 1024 ** 3, age_ms_max: 1_000_000_000 };

async function take(spool: ModelledSpool, step: Step): Promise<void> {
  switch (step.do) {
    case 'append':
      return spool.append(step.kind, step.rows, step.bytes);
    case 'next':
      await spool.next();
      return;
    case 'flush':
      return spool.flush(false);
    case 'sync':
      return spool.flush(true);
    case 'sent':
    case 'rejected':
      return spool.settle(step.index, step.do);
    case 'release':
      return spool.release(step.index);
    case 'wait':
      spool.now_ms += step.ms;
      return;
    case 'fault':
      spool.disk.fault = step.fault;
      return;
    case 'crash':
      await spool.crash();
      return spool.open();
    case 'restart':
      return spool.restart();
    case 'power_cut':
      await spool.powerCut(step.share);
      return spool.open();
    case 'corrupt': {
      const live = step.how === 'live';
      if (!live) await spool.crash();
      const files = spool.segmentFiles();
      const file = files[step.segment % Math.max(1, files.length)];
      if (file !== undefined) corrupt(file, step.at);
      if (!live) await spool.open();
    }
  }
}

async function run(steps: readonly Step[], caps: typeof small, afterEach: (spool: ModelledSpool) => void): Promise<ModelledSpool> {
  const spool = new ModelledSpool(caps);
  await spool.open();
  for (const step of steps) {
    await take(spool, step);
    afterEach(spool);
  }
  await spool.drain();
  afterEach(spool);
  return spool;
}

test('without faults nothing is lost, whoever is killed: in order, the same bytes, not again once the books know', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof({ weight: 4, arbitrary: append }, end, plain), { maxLength: 60 }), async (steps) => {
      const spool = await run(steps, large, (each) => each.expectLaw());
      const { seen, sent = 0, rejected = 0, ...lost } = { seen: 0, ...spool.totals() };
      expect(lost).toEqual({});
      expect(seen).toBe(spool.put_in());
      expect(sent + rejected).toBe(seen);
      await spool.remove();
    }),
    tries(60),
  );
});

test('what is taken is the oldest that waits', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof({ weight: 3, arbitrary: append }, end, fc.record({ do: fc.constantFrom('next' as const, 'flush' as const) })), {
        maxLength: 40,
      }),
      async (steps) => {
        const spool = new ModelledSpool(large);
        await spool.open();
        for (const step of steps) {
          if (step.do !== 'next') await take(spool, step);
          else {
            const under_way = new Set(spool.under_way.map(({ batch }) => nameOf(batch)));
            const oldest = [...spool.known].find(([name, { acked }]) => !acked && !under_way.has(name));
            const parcel = await spool.next();
            expect(parcel && nameOf(parcel.batch)).toBe(oldest?.[0]);
          }
        }
        await spool.remove();
      },
    ),
    tries(40),
  );
});

test('whatever the disk does, each row that was seen is sent, is lost by a name, or waits', async () => {
  const any = fc.oneof(
    { weight: 6, arbitrary: append },
    { weight: 2, arbitrary: end },
    { weight: 2, arbitrary: plain },
    wait,
    fault,
    damage,
  );
  await fc.assert(
    fc.asyncProperty(fc.array(any, { maxLength: 60 }), async (steps) => {
      const spool = await run(steps as Step[], small, (each) => each.expectLaw());
      const { seen = 0, sent = 0, rejected = 0 } = spool.totals();
      expect(seen).toBeLessThanOrEqual(spool.put_in());
      expect(sent + rejected, 'nothing counts as sent twice').toBeLessThanOrEqual(spool.put_in(spool.ended));
      await spool.remove();
    }),
    tries(150),
  );
});
