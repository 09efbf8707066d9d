// Turns the form into a request to the collector. Pure.

import { parseConnections } from '../../../agent/contract/language/connections.ts';
import { parseHosts } from '../../../agent/contract/language/hosts.ts';
import type { InvestigationStart } from '../../../server/api.ts';
import { type FilterProblem, problemBy } from '../../filter-check.ts';
import { hasStacks, type InvestigationsView } from '../../investigations-view.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export const expressionProblem = (text: string): FilterProblem | undefined => problemBy(parseConnections, text);
export const hostsProblem = (text: string): FilterProblem | undefined => problemBy(parseHosts, text);

/** @param expression which connections */
export function askedOf(
  expression: string,
  { hosts, detail, user_stacks, minutes, rows, keep, note }: InvestigationsView,
  dry_run: boolean,
): InvestigationStart {
  return {
    expression,
    hosts,
    detail,
    // A link may ask for stacks of processes together with a detail that has no stacks.
    user_stacks: user_stacks && hasStacks(detail),
    rows_per_s: rows,
    rows_max: 0,
    for_ms: minutes * MINUTE_MS,
    keep_ms: keep === 0 ? null : keep * DAY_MS,
    note: note.trim(),
    dry_run,
  };
}

/** Whether the form is valid. If it is not, nothing is estimated or started. */
export const isReady = (expression: string, { hosts }: Pick<InvestigationsView, 'hosts'>): boolean =>
  expression !== '' && expressionProblem(expression) === undefined && hostsProblem(hosts) === undefined;
