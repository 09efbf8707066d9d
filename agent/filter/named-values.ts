// The numbers that names in a filter have on one machine.
import type { Kind } from '../../bpf/rows/rows.gen.ts';
import { type Fact, factLayout } from '../contract/language/facts.ts';
import { FilterError } from '../contract/language/filter-error.ts';
import { nearest } from '../contract/language/nearest.ts';
import { complement, includes, type Range, type Ranges, union } from '../contract/language/ranges.ts';
import type { Named } from '../contract/language/tree.ts';
import { isNumber, type Reading, readNumber } from '../contract/language/values.ts';
import type { Names } from './names.ts';

/** @throws FilterError for a name that is not known here */
export function rangesOf({ field, fact, values, isNegated }: Named, expression: string, names: Names): Ranges {
  const { domain } = factLayout(fact);
  const found = values.flatMap(({ text, span }) => {
    const refuse = (problem: string): never => {
      throw new FilterError('filter_value', problem, expression, span);
    };
    const reading = { text, domain, refuse };
    if (field === 'cgroup') return readCgroup(reading, names);
    return field === 'netns' ? readNetns(reading, names) : readReason(reading, names, fact);
  });
  return isNegated ? complement(union(found), domain) : union(found);
}

/** Ids as ranges. */
function identities({ domain, refuse }: Reading, ids: readonly bigint[], problem: string): Ranges {
  const known = ids.filter((id) => includes([domain], id));
  return known.length === 0 ? refuse(problem) : union(known.map((id): Range => [id, id]));
}

function readCgroup(reading: Reading, names: Names): Ranges {
  const { text } = reading;
  if (isNumber(text)) return readNumber(reading);
  return identities(reading, names.cgroups(text), `no cgroup with the path, unit or container "${text}" is known here`);
}

/** A number is an inode if a namespace has that inode, else a cookie. */
function readNetns(reading: Reading, names: Names): Ranges {
  const { text } = reading;
  const ids = names.netns(text);
  if (ids.length === 0 && isNumber(text)) return readNumber(reading);
  return identities(
    reading,
    ids,
    `no network namespace "${text}" is known here: give the name that \`ip netns\` shows, an inode or a cookie`,
  );
}

const REASON_KIND: Partial<Record<Fact, 'reset' | 'drop'>> = { reset_reason: 'reset', drop_reason: 'drop' } satisfies Partial<
  Record<Fact, Kind>
>;

/** A reason has one number in resets and another in drops; a name may be known in only one of the two. */
function readReason({ text, refuse }: Reading, names: Names, fact: Fact): Ranges {
  const known = Object.values(REASON_KIND).map((kind) => names.reason(kind, text));
  if (known.every((code) => code === undefined)) {
    const meant = nearest(text, names.reasons());
    return refuse(`this kernel has no reason "${text}"${meant === undefined ? '' : `: did you mean ${meant}?`}`);
  }
  const kind = REASON_KIND[fact];
  const code = kind && names.reason(kind, text);
  return code === undefined ? [] : [[BigInt(code), BigInt(code)]];
}
