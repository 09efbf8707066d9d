import { expect, test } from 'vitest';
import { titleOf } from '../../dashboards/title.ts';

const NOW = { page: 'now', filter: '', panel: null, connection: null } as const;
test.each([
  [NOW, 'Now · tcplens'],
  [{ ...NOW, page: 'fleet' }, 'Fleet · tcplens'],
  [{ ...NOW, filter: 'process = a\u202eb' }, 'Now: process = a\\u202eb · tcplens'],
  [{ ...NOW, panel: 'completeness' }, 'Completeness · tcplens'],
  [{ ...NOW, connection: { host_id: '1', connection_id: '2' } }, 'A connection · tcplens'],
] as const)('%j', (state, title) => {
  expect(titleOf(state)).toBe(title);
});
