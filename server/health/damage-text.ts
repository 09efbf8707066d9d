// Says in a sentence which data the engine has lost. Pure.
import type { StoreDamage } from '../api/health.ts';
import { count, names } from './phrases.ts';

/** '' where nothing is damaged. */
export function damageText({ lost_tables, broken_parts, missing_rows }: StoreDamage): string {
  const missing = missing_rows.reduce((sum, { stored, held }) => sum + stored - held, 0);
  const told = [
    [
      lost_tables.length,
      'table',
      lost_tables.length === 1 ? 'was there before and is gone' : 'were there before and are gone',
      lost_tables.map(({ table }) => table),
    ],
    [broken_parts.length, 'part', 'cannot be read', broken_parts.map(({ table, part, reason }) => `${table}/${part}: ${reason}`)],
    [
      missing,
      'row',
      missing === 1 ? 'was stored and is gone' : 'were stored and are gone',
      missing_rows.map(({ kind, day }) => `${kind} of ${day}`),
    ],
  ] as const;
  const all = told.filter(([number]) => number > 0).map(([number, of, what, which]) => `${count(number, of)} ${what} (${names(which)})`);
  return all.length === 0 ? '' : `The engine's files are damaged: ${all.join('; ')}.`;
}
