// Parses an expression to the tree that it means. Refuses, with the reason, what no row could match.
import { KIND, type Kind } from '../../bpf/rows/rows.gen.ts';
import { type Fact, FILTERED_KINDS, factLayout } from './facts.ts';
import { FIELDS, type Field } from './fields.ts';
import { FilterError } from './filter-error.ts';
import { type Operator, parseSyntax, type Syntax, type Word } from './grammar.ts';
import type { Names } from './names.ts';
import { nearest } from './nearest.ts';
import { complement, type Range, type Ranges, union } from './ranges.ts';
import { type Filter, type Kinds, possibleKinds, type Span } from './tree.ts';

type Test = Extract<Syntax, { op: 'test' }>;

/** Names of fields in other tools, to suggest the right one. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  comm: 'process',
  container: 'cgroup',
  cgroup_id: 'cgroup',
  daddr: 'peer',
  dport: 'peer_port',
  dst: 'peer',
  host: 'addr',
  ip: 'addr',
  local_addr: 'local',
  peer_addr: 'peer',
  rtt: 'srtt',
  saddr: 'local',
  sport: 'local_port',
  src: 'local',
  srtt_us: 'srtt',
  unit: 'cgroup',
};

/**
 * The tree of an expression, for rows of the given kinds. Names are looked up now, and not again later.
 * @throws FilterError with the place of the error, and what to write instead
 */
export function parseFilter(expression: string, names: Names, kinds: readonly Kind[] = KIND): Filter {
  const binding = new Binding(expression, names);
  const filter = binding.tree(parseSyntax(expression));
  const wanted = FILTERED_KINDS.filter((kind) => kinds.includes(kind));
  binding.checkPossible(filter, new Set(wanted));
  if (wanted.length === FILTERED_KINDS.length) return filter;
  const ranges = union(wanted.map((kind): Range => [BigInt(KIND.indexOf(kind)), BigInt(KIND.indexOf(kind))]));
  return { op: 'and', terms: [{ op: 'test', fact: 'kind', ranges, span: filter.span }, filter], span: filter.span };
}

/** Turns the syntax of one expression into its tree, with the names of one machine. */
class Binding {
  readonly #expression: string;
  readonly #names: Names;

  constructor(expression: string, names: Names) {
    this.#expression = expression;
    this.#names = names;
  }

  tree(syntax: Syntax): Filter {
    if (syntax.op === 'test') return this.#test(syntax);
    if (syntax.op === 'not') return { ...syntax, term: this.tree(syntax.term) };
    return { ...syntax, terms: syntax.terms.map((term) => this.tree(term)) };
  }

  /** Refuses a part that is false for every kind of row that the surrounding parts allow. */
  checkPossible(filter: Filter, around: Kinds): void {
    if (filter.op === 'not') this.checkPossible(filter.term, around);
    else if (filter.op === 'and') {
      let left = around;
      for (const term of filter.terms) {
        this.checkPossible(term, left);
        left = left.intersection(possibleKinds(term));
      }
    } else if (filter.op === 'or' && !isOneTest(filter)) {
      for (const term of filter.terms) this.checkPossible(term, around);
    } else if (around.isDisjointFrom(possibleKinds(filter))) {
      const problem = `no row can match: this is only true of kind ${list(possibleKinds(filter))}, and the rest asks for kind ${list(around)}`;
      this.#refuse('filter_contradiction', problem, filter.span);
    }
  }

  #test(test: Test): Filter {
    const field = this.#field(test.field);
    const isNegated = test.operator === '!=' || test.operator === 'not in';
    const tests = field.facts.map((fact): [Fact, Ranges] => [fact, this.#ranges(test, field, fact)]);
    const { span } = test;
    const alternatives = tests.map(([fact, ranges]): Filter => ({ op: 'test', fact, ranges, span }));
    const [first] = tests;
    if (tests.length !== 1 || first === undefined) {
      const is: Filter = { op: 'or', terms: alternatives, span };
      return isNegated ? { op: 'and', terms: [known(field.facts, span), { op: 'not', term: is, span }], span } : is;
    }
    const [fact, ranges] = first;
    const result = isNegated ? complement(ranges, factLayout(fact).domain) : ranges;
    if (result.length === 0) this.#refuse('filter_never', 'no value is left: no row can match this', span);
    return { op: 'test', fact, ranges: result, span };
  }

  #field({ text, span }: Word): Field {
    if (Object.hasOwn(FIELDS, text)) return FIELDS[text] as Field;
    const names = Object.keys(FIELDS);
    const meant = OTHER_NAMES[text] ?? nearest(text, names);
    return this.#refuse(
      'filter_field',
      `"${text}" is no field: ${meant === undefined ? `choose from ${names.join(', ')}` : `did you mean ${meant}?`}`,
      span,
    );
  }

  /** The ranges of the values and the operator; negation is left out. */
  #ranges({ operator, values, field }: Test, { read, ordered }: Field, fact: Fact): Ranges {
    const readings = values.map(({ text, span }) => {
      const refuse = (problem: string) => this.#refuse('filter_value', problem, span);
      return { ranges: read({ text, fact, names: this.#names, refuse }), span };
    });
    const order = ORDERS[operator];
    if (order === undefined) return union(readings.flatMap(({ ranges }) => ranges));
    if (!ordered) this.#refuse('filter_operator', `${field.text} has no order: use =, != or in`, field.span);
    return readings.flatMap(({ ranges, span }) => {
      const [range] = ranges;
      if (range === undefined || range[0] !== range[1])
        return this.#refuse('filter_value', `${operator} takes one value, not a range`, span);
      return union([order(range[0], factLayout(fact).domain)]);
    });
  }

  #refuse(code: string, problem: string, span: Span): never {
    throw new FilterError(code, problem, this.#expression, span);
  }
}

const ORDERS: Partial<Record<Operator, (value: bigint, domain: Range) => Range>> = {
  '<': (value, [min]) => [min, value - 1n],
  '<=': (value, [min]) => [min, value],
  '>': (value, [, max]) => [value + 1n, max],
  '>=': (value, [, max]) => [value, max],
};

/** A filter that is true where one of the facts is known. */
function known(facts: readonly Fact[], span: Span): Filter {
  return { op: 'or', terms: facts.map((fact) => ({ op: 'test', fact, ranges: [factLayout(fact).domain], span })), span };
}

/** Alternatives with one span are made from one test: it is enough if one of them can be true. */
function isOneTest(filter: Extract<Filter, { op: 'and' | 'or' }>): boolean {
  return filter.terms.every(({ span }) => span === filter.span);
}

const list = (kinds: Kinds) => [...kinds].join(', ');
