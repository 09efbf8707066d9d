// Turns the page's range and filter into parameters of the API.
import type { Range } from '../server/api.ts';
import type { Query } from './api-client.ts';
import { isSpan, RANGES, type ViewState } from './view-state.ts';

/** Range and filter as query parameters, ending at `now_ms` by the collector's clock. */
export function rangeQuery({ range, filter }: Pick<ViewState, 'range' | 'filter'>, now_ms: number): Query {
  const span = isSpan(range) ? range : { from_ms: now_ms - RANGES[range].length_ms, to_ms: now_ms };
  const times: Record<'from' | 'to', string> = { from: String(Math.floor(span.from_ms)), to: String(Math.ceil(span.to_ms)) };
  return filter === '' ? times : ({ ...times, filter } satisfies Record<keyof Range, string>);
}
