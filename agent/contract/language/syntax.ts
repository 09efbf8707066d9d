// From text to syntax: the tokens and the grammar of an expression. The meaning of words is not known here.
//
//   expression  = conjunction { "or" conjunction }
//   conjunction = negation { "and" negation }
//   negation    = "not" negation | "(" expression ")" | test
//   test        = WORD ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) value | WORD [ "not" ] "in" ( value | "(" value { "," value } ")" )
//   value       = WORD | QUOTED
//
// The parser is written by hand, a function a rule: an editor asks it what may come next, and browsers load it.
import { EXPECTED, type Expected, FilterError, type Span } from './filter-error.ts';
import { type Sort, type Token, tokensOf } from './tokens.ts';

export const OPERATORS = ['=', '!=', '<', '<=', '>', '>=', 'in', 'not in'] as const;
export type Operator = (typeof OPERATORS)[number];

export type Word = { text: string; span: Span };

export type Syntax =
  | { op: 'and' | 'or'; terms: readonly Syntax[]; span: Span }
  | { op: 'not'; term: Syntax; span: Span }
  | { op: 'test'; field: Word; operator: Operator; values: readonly Word[]; span: Span };

const EXPRESSION_CHARS_MAX = 4096;
/** Most nested parentheses: the parser recurses into each. */
const NESTED_MAX = 200;

/** Operators of other languages, to suggest the right one. */
const HINTS: Record<string, string> = { '&&': 'and', '||': 'or', '&': 'and', '|': 'or', AND: 'and', OR: 'or', NOT: 'not', IN: 'in' };

/** @throws FilterError with the first place at which the text is no expression */
export function parseSyntax(expression: string): Syntax {
  const refuse = (problem: string, span: Span) => new FilterError('filter_too_long', problem, expression, span);
  const cut = { start: EXPRESSION_CHARS_MAX, end: EXPRESSION_CHARS_MAX + 1 };
  if (expression.length > EXPRESSION_CHARS_MAX) throw refuse(`a filter has at most ${EXPRESSION_CHARS_MAX} characters`, cut);
  const tokens = tokensOf(expression);
  const deep = tokens.filter(({ sort }) => sort === '(' || sort === 'not')[NESTED_MAX];
  if (deep !== undefined) throw refuse(`a filter has at most ${NESTED_MAX} "(" and "not"`, deep.span);
  return new Parser(expression, tokens).whole();
}

const around = ({ start }: Span, { end }: Span): Span => ({ start, end });

class Parser {
  readonly #expression: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(expression: string, tokens: readonly Token[]) {
    this.#expression = expression;
    this.#tokens = tokens;
  }

  whole(): Syntax {
    const syntax = this.#disjunction();
    this.#take('end', 'end');
    return syntax;
  }

  #disjunction(): Syntax {
    return this.#separated('or', () => this.#separated('and', () => this.#negation()));
  }

  /** Several terms as one node; a single term stays as it is. */
  #separated(op: 'and' | 'or', rule: () => Syntax): Syntax {
    const first = rule();
    const terms = [first];
    while (this.#skip(op) !== undefined) terms.push(rule());
    return terms.length === 1 ? first : { op, terms, span: around(first.span, (terms.at(-1) ?? first).span) };
  }

  #negation(): Syntax {
    const not = this.#skip('not');
    if (not !== undefined) {
      const term = this.#negation();
      return { op: 'not', term, span: around(not.span, term.span) };
    }
    const open = this.#skip('(');
    if (open === undefined) return this.#test();
    const inner = this.#disjunction();
    return { ...inner, span: around(open.span, this.#take(')', 'close').span) };
  }

  #test(): Syntax {
    const { text, span } = this.#take('word', 'term');
    const { operator, values } = this.#question();
    return { op: 'test', field: { text, span }, operator, values, span: around(span, this.#tokens[this.#at - 1]?.span ?? span) };
  }

  #question(): { operator: Operator; values: readonly Word[] } {
    const comparison = this.#skip('comparison');
    if (comparison !== undefined) return { operator: comparison.text as Operator, values: [this.#value()] };
    const operator = this.#skip('not') === undefined ? 'in' : 'not in';
    this.#take('in', operator === 'in' ? 'operator' : 'in');
    return { operator, values: this.#list() };
  }

  #list(): Word[] {
    if (this.#skip('(') === undefined) return [this.#value()];
    const values = [this.#value()];
    while (this.#skip(',') !== undefined) values.push(this.#value());
    this.#take(')', 'close');
    return values;
  }

  #value(): Word {
    const quoted = this.#skip('quoted');
    if (quoted !== undefined) return { text: quoted.text.slice(1, -1).replace(/\\(.)/g, '$1'), span: quoted.span };
    const { text, span } = this.#take('word', 'value');
    return { text, span };
  }

  #skip(sort: Sort): Token | undefined {
    const token = this.#tokens[this.#at];
    if (token?.sort !== sort) return undefined;
    this.#at++;
    return token;
  }

  #take(sort: Sort, expected: Expected): Token {
    const token = this.#skip(sort);
    if (token !== undefined) return token;
    const { text, span } = this.#tokens[this.#at] ?? { text: '', span: { start: 0, end: 1 } };
    const hint = HINTS[text] === undefined ? '' : `: write ${HINTS[text]}`;
    const found = text === '' ? 'the expression ends' : `there is "${text}"${hint}`;
    throw new FilterError('filter_syntax', `expected ${EXPECTED[expected]}, but ${found}`, this.#expression, span, expected);
  }
}
