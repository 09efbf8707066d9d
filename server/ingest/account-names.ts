// The names that an account is told in. Queries group by them, so whoever can make them up can make an answer as long as he likes.
import { OUTCOMES } from '../../agent/outcome.ts';
import { KIND } from '../../bpf/rows.gen.ts';
import { Refusal } from '../errors.ts';

const NAMED_MAX = 5;
const NAME_CHARS_MAX = 32;

const KINDS_KNOWN: ReadonlySet<unknown> = new Set(KIND);
const OUTCOMES_KNOWN: ReadonlySet<unknown> = new Set(OUTCOMES);

/**
 * Of a report as it came, before its shape is known.
 * @throws Refusal `account_name_unknown` with the kinds and outcomes that are none, the first of them
 */
export function checkAccountNames(report: unknown): void {
  const { accounting } = (report ?? {}) as { accounting?: unknown };
  if (!Array.isArray(accounting)) return;
  const entries = accounting as ({ kind?: unknown; outcome?: unknown } | null)[];
  const kinds = unknown(entries, 'kind', KINDS_KNOWN);
  const outcomes = unknown(entries, 'outcome', OUTCOMES_KNOWN);
  if (kinds.size + outcomes.size === 0) return;
  const parts = [
    ...(kinds.size > 0 ? [`the kinds ${listed(kinds)}`] : []),
    ...(outcomes.size > 0 ? [`the outcomes ${listed(outcomes)}`] : []),
  ];
  throw new Refusal(
    'account_name_unknown',
    `this collector knows neither what they are nor where to show them: ${parts.join(' and ')}. Run a collector of the agent's version or newer.`,
  );
}

function unknown(
  entries: readonly ({ kind?: unknown; outcome?: unknown } | null)[],
  name: 'kind' | 'outcome',
  known: ReadonlySet<unknown>,
): Set<string> {
  const names = entries.map((entry) => entry?.[name]).filter((value): value is string => typeof value === 'string');
  return new Set(names.filter((value) => !known.has(value)));
}

/** As JSON strings: they may hold anything. */
function listed(names: ReadonlySet<string>): string {
  const first = [...names].slice(0, NAMED_MAX).map((name) => JSON.stringify(name.slice(0, NAME_CHARS_MAX).toWellFormed()));
  return names.size > NAMED_MAX ? `${first.join(', ')} and ${names.size - NAMED_MAX} more` : first.join(', ');
}
