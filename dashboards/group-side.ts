// One side of a group in an answer: what people read of it, and what a filter has to say to leave what it is of. Pure.
import type { Cell } from './explore-answer.ts';
import { formatName } from './format.ts';
import type { Narrowing } from './narrowed.ts';

export type Side = { key: string; label: string; picked: Narrowing };

/** The field of the language that picks the values of a dimension, where it has another name. */
const FIELD_OF: Readonly<Record<string, string>> = { peer_host: 'peer', network: 'peer', local_network: 'local' };

export function sideOf(row: Readonly<Record<string, Cell>>, dimension: string): Side {
  const label = String(row[dimension] ?? '');
  const key = String(row[`${dimension}_id`] ?? label);
  return { key, label: formatName(label) || '(none)', picked: pickedBy(FIELD_OF[dimension] ?? dimension, key) };
}

/** @param key a value, or several addresses with commas between them */
function pickedBy(field: string, key: string): Narrowing {
  if (field === 'service_port' && key === '0') return [field, ['']];
  return [field, field === 'peer' ? key.split(',') : [key]];
}
