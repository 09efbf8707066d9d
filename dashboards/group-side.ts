// One side of a group in an answer: what people read of it, and what a filter has to say to leave what it is of. Pure.
import { testOf } from '../agent/contract/language/write.ts';
import type { Cell } from './explore-answer.ts';
import { formatName } from './format.ts';
import { UNKNOWN } from './narrowed.ts';

/** `picked`: an expression in the language of filters; '' of everything. */
export type Side = { key: string; label: string; picked: string };

/** The field of the language that picks the values of a dimension, where it has another name. */
const FIELD_OF: Readonly<Record<string, string>> = { peer_host: 'peer', network: 'peer', local_network: 'local' };

export function sideOf(row: Readonly<Record<string, Cell>>, dimension: string): Side {
  const label = String(row[dimension] ?? '');
  const key = String(row[`${dimension}_id`] ?? label);
  return { key, label: formatName(label) || '(none)', picked: pickedBy(FIELD_OF[dimension] ?? dimension, key) };
}

/** @param key a value, or several addresses with commas between them */
function pickedBy(field: string, key: string): string {
  if (key === '' || (field === 'service_port' && key === '0')) return UNKNOWN[field] ?? '';
  const values = field === 'peer' ? key.split(',') : [key];
  return testOf(field, values.length > 1 ? 'in' : '=', ...values);
}
