// The log against a model: whatever is done to it, whichever call fails and wherever the power is cut, what it acknowledged
// is given to the store, each time as the same row, and what it lost is counted to the row.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KINDS } from '../../../bpf/rows/rows.gen.ts';
import type { Batch } from '../../../server/log/group.ts';
import type { Plan } from '../../agent/durable/torn-disk.ts';
import { tries } from '../../support/tries.ts';
import { EPOCH, Model, plan, removeDirectories, run, type Step, step } from './log-model.ts';

/** What agents and the store do in the end: send until it is acknowledged, take until nothing is left. */
async function finish(model: Model): Promise<void> {
  for (let round = 0; ; round++) {
    expect(round).toBeLessThan(100);
    await model.append(model.sent.filter(({ acknowledged }) => !acknowledged));
    await model.attempt((log) => log.seal());
    await model.insert();
    model.tell();
    if (model.sent.every(({ acknowledged }) => acknowledged) && model.log?.bytes === 0 && model.log.sealedCount === 0) break;
  }
  model.cut();
  await model.open();
  await model.append(model.sent);
  await model.attempt((log) => log.seal());
  await model.insert();
  model.tell();
}

/** A planned crash may still come. */
async function end(model: Model): Promise<void> {
  await model.log?.close().catch(() => undefined);
  removeDirectories();
}

async function check(steps: readonly Step[], plans: readonly Plan[]): Promise<void> {
  const model = new Model(plans);
  await run(model, steps);
  await finish(model);
  const count = (of: (batch: Batch) => Buffer | undefined) =>
    model.sent.reduce((sum, { batch }) => sum + (of(batch)?.length ?? 0) / KINDS[batch.kind].size, 0);
  expect({
    rows: model.stored.size + model.refused.size,
    dead_letter: model.lost('dead_letter'),
    quarantined: model.lost('quarantined'),
    damaged: model.lost('log_damaged'),
  }).toEqual({
    rows: count((batch) => batch.rows),
    dead_letter: model.refused.size,
    quarantined: count((batch) => batch.quarantined),
    damaged: 0,
  });
  await end(model);
}

test('whatever fails and wherever it crashes, each acknowledged row is stored or counted, always as the same one', async () => {
  const steps = fc.array(step, { minLength: 1, maxLength: 25 });
  const plans = fc.array(plan, { maxLength: 6 });
  await fc.assert(fc.asyncProperty(steps, plans, check), tries(80));
});

/** What becomes of a journal: some of it is cut off, or is zeros or other bytes. */
const damage = fc.record({
  from: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.double({ min: 0, max: 1, noNaN: true }),
  with: fc.constantFrom('nothing', 'zeros', 'bytes'),
});
type Damage = typeof damage extends fc.Arbitrary<infer Value> ? Value : never;

function damaged(journal: Buffer, { from, length, with: what }: Damage): Buffer {
  const start = Math.floor(from * journal.length);
  const end = Math.min(journal.length, start + Math.ceil(length * journal.length));
  const middle = what === 'nothing' ? Buffer.alloc(0) : Buffer.alloc(end - start, what === 'zeros' ? 0 : 'x5\n}{"\u00ff');
  return Buffer.concat([journal.subarray(0, start), middle, journal.subarray(end)]);
}

test('whatever becomes of the journal, each acknowledged row that is on disk is stored', async () => {
  const checkDamaged = async (steps: readonly Step[], plans: readonly Plan[], one: Damage) => {
    const model = new Model(plans);
    await run(model, steps);
    model.cut();
    const path = join(model.directory, 'log', 'journal');
    if (existsSync(path)) writeFileSync(path, damaged(readFileSync(path), one));
    await model.open('damaged');
    await model.insert();
    const names = (batch: Batch) =>
      Array.from({ length: batch.rows.length / KINDS[batch.kind].size }, (_, row) =>
        [BigInt(`0x${batch.host_id}`), BigInt(`0x${EPOCH}`), batch.kind, batch.sequence, batch.places?.[row] ?? row].join('/'),
      );
    const acknowledged = model.sent.filter((sent) => sent.acknowledged).flatMap(({ batch }) => names(batch));
    expect(acknowledged.filter((name) => !model.stored.has(name) && !model.refused.has(name))).toEqual([]);
    await end(model);
  };
  const steps = fc.array(step, { minLength: 1, maxLength: 25 });
  await fc.assert(fc.asyncProperty(steps, fc.array(plan, { maxLength: 4 }), damage, checkDamaged), tries(60));
});
