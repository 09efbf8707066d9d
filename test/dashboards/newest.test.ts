import { describe, expect, test } from 'vitest';
import { mergeNewest } from '../../dashboards/newest.ts';
import type { Retransmit } from '../../server/api.ts';

const row = (time_ns: string, seq = 0) => ({ host_id: '1', connection_id: '2', segments: 1, time_ns, seq }) as Retransmit;
const times = (rows: readonly Retransmit[]) => rows.map(({ time_ns }) => time_ns);

describe('newest first', () => {
  const cases: readonly (readonly [string, string[], string[], number, string[]])[] = [
    ['in any order', ['5', '3'], ['4', '6'], 10, ['6', '5', '4', '3']],
    ['by number, not by text', ['9'], ['10'], 10, ['10', '9']],
    ['beyond what a number holds', ['1772334245678901233'], ['1772334245678901234'], 10, ['1772334245678901234', '1772334245678901233']],
    ['none twice', ['5', '3'], ['5', '5'], 10, ['5', '3']],
    ['never more than it may hold', ['5', '4'], ['6'], 2, ['6', '5']],
    ['older rows do not push newer ones out', ['5', '4'], ['3'], 2, ['5', '4']],
  ];
  test.each(cases)('%s', (_name, rows, incoming, rows_max, expected) => {
    const merged = mergeNewest(
      rows.map((time) => row(time)),
      incoming.map((time) => row(time)),
      rows_max,
    );
    expect(times(merged)).toEqual(expected);
  });
});

test('two segments of one instant are two rows', () => {
  expect(mergeNewest([row('5', 1)], [row('5', 2)], 10)).toHaveLength(2);
});
