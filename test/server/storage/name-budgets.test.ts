// Who has to give names up where all hosts together have too many.
import { expect, test } from 'vitest';
import { onCluster } from '../../../server/storage/cluster.ts';
import { fairCap } from '../../../server/storage/name-budgets.ts';

const hosts = (...names: number[]) => names.map((count, index) => ({ host_id: String(index), names: count }));

test.each([
  ['all have room', [10, 5, 1], 20, 10],
  ['the largest gives all of it', [100, 5, 1], 50, 44],
  ['two that are as large give alike', [100, 100, 10], 110, 50],
  ['the second gives only what it has more than the third', [100, 40, 30], 90, 30],
  ['everyone gives where nobody stands out', [30, 30, 30], 60, 20],
])('%s', (_what, names, all, cap) => {
  const total = names.reduce((sum, count) => sum + count, 0);
  expect(fairCap(hosts(...names), total, all)).toBe(cap);
  expect(names.reduce((sum, count) => sum + Math.min(count, cap), 0)).toBeLessThanOrEqual(all);
});

test('on a cluster the names go from the table that every server has', () => {
  expect(onCluster('ALTER TABLE cgroup DELETE WHERE host_id = 1', 'c')).toEqual([
    'ALTER TABLE cgroup ON CLUSTER c DELETE WHERE host_id = 1',
  ]);
});
