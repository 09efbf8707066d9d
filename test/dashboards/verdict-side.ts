// One investigation with its verdict, as a comparison takes it, for tests.
import { CAUSES, NOT_NEEDED } from '../../agent/verdict/cause.ts';
import { noJoins } from '../../agent/verdict/joins.ts';
import type { Side } from '../../dashboards/verdict-comparison.ts';
import type { Investigation, Verdict } from '../../server/api.ts';

const none = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, 0]));
export const MINUTE_MS = 60_000;

/** Of two minutes. */
export function side(
  begins_min: number,
  by_cause: Partial<Verdict['by_cause']>,
  asked: Partial<Investigation> = {},
  found: Partial<Verdict> = {},
): Side {
  const causes = { ...none(CAUSES), ...by_cause } as Verdict['by_cause'];
  const segments = Object.values(causes).reduce((sum, count) => sum + count, 0);
  return {
    asked: {
      id: String(begins_min).padStart(16, '0'),
      expression: 'port = 443',
      hosts: '',
      detail: 'packets',
      user_stacks: false,
      rows_per_s: 1000,
      rows_max: 0,
      note: '',
      begins_ms: begins_min * MINUTE_MS,
      ends_ms: (begins_min + 2) * MINUTE_MS,
      stopped_ms: null,
      kept_until_ms: null,
      made_by: 'ada',
      state: 'ended',
      ...asked,
    },
    verdict: {
      segments,
      by_cause: causes,
      by_why: none(NOT_NEEDED) as Verdict['by_why'],
      peer_observed: segments,
      sentences: [],
      by_peer: [],
      dropped: [],
      missing: [],
      arrivals: { counted: 0, seen: 0 },
      joins: noJoins(),
      claims: [],
      stacks: [],
      rows: { written: 0, stored: 0 },
      cut: [],
      ...found,
    },
  };
}
