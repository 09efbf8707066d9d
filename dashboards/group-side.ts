// One side of a group in an answer: its text for people, and the filter that selects it. Pure.
import type { Cell } from './explore-answer.ts';
import { formatName } from './format.ts';
import type { Narrowing } from './narrowed.ts';

export type Side = { key: string; label: string; picked: Narrowing };

/** The field of the language that selects values of a dimension, if its name differs. */
const FIELD_OF: Readonly<Record<string, string>> = { peer_host: 'peer', network: 'peer', local_network: 'local' };

export function sideOf(row: Readonly<Record<string, Cell>>, dimension: string): Side {
  const label = String(row[dimension] ?? '');
  const key = String(row[`${dimension}_id`] ?? label);
  return { key, label: formatName(label) || '(none)', picked: pickedBy(FIELD_OF[dimension] ?? dimension, key) };
}

/** @param key a value, or several addresses separated by commas */
function pickedBy(field: string, key: string): Narrowing {
  if (field === 'service_port' && key === '0') return [field, ['']];
  return [field, field === 'peer' ? key.split(',') : [key]];
}
