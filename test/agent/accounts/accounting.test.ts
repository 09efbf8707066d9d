import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Accounting } from '../../../agent/accounts/accounting.ts';
import type { AccountingEntry } from '../../../agent/contract/agent-report.ts';
import { tries } from '../../support/tries.ts';

const MINUTE = 60_000;
const RUN = new Set(['a']);

/** What a collector has: of each key the largest figure it was ever told. */
class Told {
  readonly #largest = new Map<string, number>();

  take(entries: readonly AccountingEntry[]): void {
    for (const { epoch, minute_ms, kind, outcome, rows } of entries) {
      const key = `${epoch} ${minute_ms} ${kind} ${outcome}`;
      this.#largest.set(key, Math.max(rows, this.#largest.get(key) ?? 0));
    }
  }

  get rows(): number {
    return [...this.#largest.values()].reduce((sum, rows) => sum + rows, 0);
  }
}

test('an entry is cumulative within its minute, told until it was taken, and then no more', () => {
  const accounting = new Accounting();
  accounting.add('a', 'sample', 'sent', 5, MINUTE + 1);
  accounting.add('a', 'sample', 'sent', 2, MINUTE + 2);
  const expected = { epoch: 'a', minute_ms: MINUTE, kind: 'sample', outcome: 'sent', rows: 7 };
  expect(accounting.untold(RUN)).toEqual([expected]);
  expect(accounting.untold(RUN)).toEqual([expected]);
  accounting.accepted([expected as AccountingEntry]);
  expect(accounting.untold(RUN)).toEqual([]);
  accounting.add('a', 'sample', 'sent', 1, MINUTE + 3);
  expect(accounting.untold(RUN)).toEqual([{ ...expected, rows: 8 }]);
  expect(accounting.untold(new Set(['b']))).toEqual([]);
  expect(accounting.total('a', 'sample', 'sent')).toBe(8);
});

test('an answer to an older report does not take back what a newer one told', () => {
  const accounting = new Accounting();
  accounting.add('a', 'sample', 'sent', 5, MINUTE);
  const older = accounting.untold(RUN);
  accounting.add('a', 'sample', 'sent', 2, MINUTE);
  accounting.accepted(accounting.untold(RUN));
  accounting.accepted(older);
  expect(accounting.untold(RUN)).toEqual([]);
});

test('minutes become one where a collector has none of them, and stay where it may have one', () => {
  const accounting = new Accounting(4);
  for (let minute = 1; minute <= 6; minute++) accounting.add('a', 'sample', 'sent', 1, minute * MINUTE);
  const posted = accounting.untold(RUN);
  expect(accounting.coarsen()).toBe(false);
  expect(accounting.untold(RUN)).toEqual(posted);
  for (let minute = 7; minute <= 12; minute++) accounting.add('a', 'sample', 'sent', 1, minute * MINUTE);
  expect(accounting.coarsen()).toBe(true);
  const told = new Told();
  told.take([...posted, ...accounting.untold(RUN)]);
  expect(told.rows).toBe(12);
});

test("a run's figures that are added to another's are in its total", () => {
  const accounting = new Accounting();
  accounting.add('a', 'sample', 'sent', 5, MINUTE);
  accounting.add('b', 'sample', 'sent', 2, MINUTE);
  accounting.fold('b', 'a');
  expect(accounting.total('a', 'sample', 'sent')).toBe(7);
  expect(accounting.total('b', 'sample', 'sent')).toBe(0);
  expect(accounting.untold(RUN)).toMatchObject([{ epoch: 'a', rows: 7 }]);
});

test('what was taken of minutes that are over is forgotten', () => {
  const accounting = new Accounting();
  for (let minute = 1; minute <= 100; minute++) {
    accounting.add('a', 'sample', 'sent', 1, minute * MINUTE);
    accounting.accepted(accounting.untold(RUN));
  }
  expect(accounting.all().entries).toHaveLength(1);
  expect(accounting.total('a', 'sample', 'sent')).toBe(100);
});

const step = fc.oneof(
  fc.record({ do: fc.constant('add' as const), rows: fc.integer({ min: 1, max: 9 }), minutes: fc.integer({ min: -3, max: 3 }) }),
  fc.record({ do: fc.constantFrom('told' as const, 'told and not heard' as const, 'restart' as const, 'coarsen' as const) }),
);

test('whatever is lost, repeated or merged, and whichever way the clock goes, a collector comes to the same sum', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      let accounting = new Accounting(4);
      const told = new Told();
      let now_ms = 100 * MINUTE;
      let sum = 0;
      for (const one of steps) {
        if (one.do === 'add') {
          now_ms += one.minutes * MINUTE;
          sum += one.rows;
          accounting.add('a', 'sample', 'seen', one.rows, now_ms);
        } else if (one.do === 'coarsen') accounting.coarsen();
        else if (one.do === 'restart') {
          const kept = accounting.all();
          accounting = new Accounting(4);
          accounting.restore(kept);
        } else {
          const entries = accounting.untold(RUN);
          told.take(entries);
          if (one.do === 'told') accounting.accepted(entries);
        }
      }
      told.take(accounting.untold(RUN));
      expect(told.rows).toBe(sum);
      expect(accounting.total('a', 'sample', 'seen')).toBe(sum);
    }),
    tries(500),
  );
});
