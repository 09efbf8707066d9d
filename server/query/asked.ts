// Turns the range and the filter of a request into a question.
import { FilterError } from '../../agent/contract/language/filter-error.ts';
import type { Range } from '../api.ts';
import { Refusal } from '../errors.ts';
import type { StoredFilter } from '../storage/language/condition.ts';
import { type Namer, storedFilter } from '../storage/language/names.ts';
import type { Asked } from '../storage/queries/window.ts';
import { checkTimes } from './checks.ts';

/** @throws Refusal `request_invalid`, `range_in_future`, `filter_invalid` */
export async function askedOf(namer: Namer, { from, to, filter }: Range): Promise<Asked> {
  checkTimes(from, to);
  return { from, to, filter: await readFilter(namer, filter) };
}

async function readFilter(namer: Namer, expression: string | undefined): Promise<StoredFilter> {
  try {
    return await storedFilter(namer, expression);
  } catch (cause) {
    if (cause instanceof FilterError) throw new Refusal('filter_invalid', cause.message, { cause, span: cause.span });
    throw cause;
  }
}
