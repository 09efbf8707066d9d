// Makes of syntax the tree that it means in one place. Refuses, with the reason, what the place cannot answer and what no row could match.
import type { Kind } from '../../../bpf/rows/rows.gen.ts';
import { type Fact, factLayout } from './facts.ts';
import { FIELD_NAMES, type Field, fieldNamed, isNamed, isOrdered } from './fields.ts';
import { FilterError, type Span } from './filter-error.ts';
import { nearest } from './nearest.ts';
import { complement, type Range, type Ranges, union } from './ranges.ts';
import { type Operator, parseSyntax, type Syntax, type Word } from './syntax.ts';
import { type Expression, type Kinds, possibleKinds } from './tree.ts';

type Question = Extract<Syntax, { op: 'test' }>;

/** The places for which trees are made. Rollups use the tree of rows. */
export type Evaluated = 'kernel' | 'rows';

/** Names of fields in other tools, to suggest the right one. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  comm: 'process',
  cgroup_id: 'cgroup',
  daddr: 'peer',
  dport: 'peer_port',
  dst: 'peer',
  ip: 'addr',
  local_addr: 'local',
  namespace: 'netns',
  peer_addr: 'peer',
  rtt: 'srtt',
  saddr: 'local',
  service: 'service_port',
  sport: 'local_port',
  src: 'local',
  srtt_us: 'srtt',
};

/** @throws FilterError with the place of the error, and what to write instead */
export function parseExpression(expression: string, place: Evaluated): Expression {
  return new Binding(expression, place).tree(parseSyntax(expression));
}

class Binding {
  readonly #expression: string;
  readonly #place: Evaluated;

  constructor(expression: string, place: Evaluated) {
    this.#expression = expression;
    this.#place = place;
  }

  tree(syntax: Syntax): Expression {
    if (syntax.op === 'test') return this.#test(syntax);
    if (syntax.op === 'not') return { ...syntax, term: this.tree(syntax.term) };
    return { ...syntax, terms: syntax.terms.map((term) => this.tree(term)) };
  }

  #test(question: Question): Expression {
    const { span, operator } = question;
    const found = this.#field(question.field);
    const { facts } = found.field;
    const isNegated = operator === '!=' || operator === 'not in';
    const [first] = facts;
    if (facts.length === 1 && first !== undefined) return this.#leaf(question, found, first, isNegated);
    const is: Expression = { op: 'or', terms: facts.map((fact) => this.#leaf(question, found, fact, false)), span };
    return isNegated ? { op: 'and', terms: [known(facts, span), { op: 'not', term: is, span }], span } : is;
  }

  #leaf(question: Question, { name, field, label }: Found, fact: Fact, isNegated: boolean): Expression {
    const { span, values } = question;
    const ordered = isOrdered(field);
    if (ORDERS[question.operator] !== undefined && !ordered)
      this.#refuse('filter_operator', `${question.field.text} has no order: use =, != or in`, question.field.span);
    if (isNamed(name)) return { op: 'named', fact, field: name, label, values, isNegated, span };
    const ranges = this.#ranges(question, field, fact);
    const result = isNegated ? complement(ranges, factLayout(fact).domain) : ranges;
    if (result.length === 0 && field.facts.length === 1) this.#refuse('filter_never', 'no value is left: no row can match this', span);
    return { op: 'test', fact, ranges: result, span };
  }

  #field({ text, span }: Word): Found {
    const found = fieldNamed(text);
    if (found === undefined) {
      const meant = OTHER_NAMES[text] ?? nearest(text, FIELD_NAMES);
      const instead = meant === undefined ? `choose from ${FIELD_NAMES.join(', ')}` : `did you mean ${meant}?`;
      return this.#refuse('filter_field', text === 'label' ? 'which label? write label.NAME' : `"${text}" is no field: ${instead}`, span);
    }
    const { places, kernel } = found.field;
    if (this.#place === 'rows' || places.includes('kernel')) return found;
    const instead = kernel ?? 'ask the collector for it';
    return this.#refuse('filter_place', `${text} is known only of stored rows: ${instead}`, span);
  }

  /** The ranges of the values and the operator; negation is left out. */
  #ranges({ operator, values }: Question, { read }: Field, fact: Fact): Ranges {
    const { domain } = factLayout(fact);
    const readings = values.map(({ text, span }) => {
      const refuse = (problem: string) => this.#refuse('filter_value', problem, span);
      return { ranges: read?.({ text, domain, refuse }) ?? [], span };
    });
    const order = ORDERS[operator];
    if (order === undefined) return union(readings.flatMap(({ ranges }) => ranges));
    return readings.flatMap(({ ranges, span }) => {
      const [range] = ranges;
      if (range === undefined || range[0] !== range[1])
        return this.#refuse('filter_value', `${operator} takes one value, not a range`, span);
      return union([order(range[0], domain)]);
    });
  }

  #refuse(code: string, problem: string, span: Span): never {
    throw new FilterError(code, problem, this.#expression, span);
  }
}

type Found = NonNullable<ReturnType<typeof fieldNamed>>;

const ORDERS: Partial<Record<Operator, (value: bigint, domain: Range) => Range>> = {
  '<': (value, [min]) => [min, value - 1n],
  '<=': (value, [min]) => [min, value],
  '>': (value, [, max]) => [value + 1n, max],
  '>=': (value, [, max]) => [value, max],
};

/** True where one of the facts is known. */
function known(facts: readonly Fact[], span: Span): Expression {
  return { op: 'or', terms: facts.map((fact) => ({ op: 'test', fact, ranges: [factLayout(fact).domain], span })), span };
}

/**
 * Refuses a part of an expression that is false for every kind of row that the surrounding parts allow.
 * @param around the kinds that are asked for. @param all the kinds there are
 */
export function checkPossible(tree: Expression, expression: string, around: Kinds, all?: Kinds): void {
  if (tree.op === 'not') checkPossible(tree.term, expression, around, all);
  else if (tree.op === 'and') {
    let left = around;
    for (const term of tree.terms) {
      checkPossible(term, expression, left, all);
      left = left.intersection(possibleKinds(term, all));
    }
  } else if (tree.op === 'or' && !isOneTest(tree)) {
    for (const term of tree.terms) checkPossible(term, expression, around, all);
  } else if (around.isDisjointFrom(possibleKinds(tree, all))) {
    const problem = `no row can match: this is only true of kind ${list(possibleKinds(tree, all))}, and the rest asks for kind ${list(around)}`;
    throw new FilterError('filter_contradiction', problem, expression, tree.span);
  }
}

/** Alternatives with one span are made from one test: it is enough if one of them can be true. */
function isOneTest(tree: Extract<Expression, { op: 'and' | 'or' }>): boolean {
  return tree.terms.every(({ span }) => span === tree.span);
}

const list = (kinds: ReadonlySet<Kind>) => [...kinds].join(', ');
