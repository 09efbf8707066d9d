// Lexer and grammar of filter expressions: from text to syntax. The meaning of words is not known here.
import { createToken, EmbeddedActionsParser, type IToken, Lexer, type ParserMethod } from 'chevrotain';
import { FilterError } from './filter-error.ts';
import type { Span } from './tree.ts';

export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in';
export type Word = { text: string; span: Span };

export type Syntax =
  | { op: 'and' | 'or'; terms: readonly Syntax[]; span: Span }
  | { op: 'not'; term: Syntax; span: Span }
  | { op: 'test'; field: Word; operator: Operator; values: readonly Word[]; span: Span };

type Question = Pick<Extract<Syntax, { op: 'test' }>, 'operator' | 'values'>;

const EXPRESSION_CHARS_MAX = 4096;
/** Most nested parentheses: the parser recurses into each. */
const NESTED_MAX = 200;

const Space = createToken({ name: 'Space', pattern: /\s+/, group: Lexer.SKIPPED });
const Quoted = createToken({ name: 'Quoted', pattern: /"(?:[^"\\]|\\["\\])*"/, label: 'a value' });
const Bare = createToken({ name: 'Bare', pattern: /[^\s()"'=!<>,]+/, label: 'a word' });
const keyword = (word: string) => createToken({ name: word, pattern: word, longer_alt: Bare, label: `"${word}"` });
const sign = (name: string, pattern: string) => createToken({ name, pattern, label: `"${pattern}"` });
const [And, Or, Not, In] = [keyword('and'), keyword('or'), keyword('not'), keyword('in')];
const [Open, Close, Comma] = [sign('Open', '('), sign('Close', ')'), sign('Comma', ',')];
const Comparison = createToken({ name: 'Comparison', pattern: /!=|<=|>=|=|<|>/, label: 'an operator' });

const TOKENS = [Space, Quoted, And, Or, Not, In, Open, Close, Comma, Comparison, Bare];
const lexer = new Lexer(TOKENS, { positionTracking: 'onlyOffset' });

/** Operators of other languages, to suggest the right one. */
const HINTS: Record<string, string> = { '&&': 'and', '||': 'or', '&': 'and', '|': 'or', AND: 'and', OR: 'or', NOT: 'not', IN: 'in' };

const LEXICAL: Record<string, string> = { '"': 'a quotation that does not end', "'": 'a value is quoted with ""' };

/** What the grammar expects where there are several alternatives, for messages. */
const TERM = 'a field, "not" or "("';
const VALUE = 'a value';

const spanOf = (first: IToken, last = first): Span => ({ start: first.startOffset, end: last.startOffset + last.image.length });
const from = ({ start }: Span, { end }: Span): Span => ({ start, end });

function found(token: IToken): string {
  if (token.image === '') return 'the expression ends';
  const hint = HINTS[token.image];
  return `there is "${token.image}"${hint === undefined ? '' : `: write ${hint}`}`;
}

class FilterParser extends EmbeddedActionsParser {
  constructor() {
    super(TOKENS, {
      errorMessageProvider: {
        buildMismatchTokenMessage: ({ expected, actual }) => `expected ${expected.LABEL}, but ${found(actual)}`,
        buildNotAllInputParsedMessage: ({ firstRedundant }) => `expected "and", "or" or the end, but ${found(firstRedundant)}`,
        buildNoViableAltMessage: ({ customUserDescription, actual: [actual], previous }) =>
          `expected ${customUserDescription}, but ${found(actual ?? previous)}`,
        buildEarlyExitMessage: ({ customUserDescription, actual: [actual], previous }) =>
          `expected ${customUserDescription}, but ${found(actual ?? previous)}`,
      },
    });
    this.performSelfAnalysis();
  }

  readonly expression: ParserMethod<[], Syntax> = this.RULE('expression', () => {
    const terms: Syntax[] = [];
    this.AT_LEAST_ONE_SEP({ SEP: Or, DEF: () => terms.push(this.SUBRULE(this.conjunction)), ERR_MSG: TERM });
    return this.ACTION(() => joined('or', terms));
  });

  readonly conjunction: ParserMethod<[], Syntax> = this.RULE('conjunction', () => {
    const terms: Syntax[] = [];
    this.AT_LEAST_ONE_SEP({ SEP: And, DEF: () => terms.push(this.SUBRULE(this.negation)), ERR_MSG: TERM });
    return this.ACTION(() => joined('and', terms));
  });

  readonly negation: ParserMethod<[], Syntax> = this.RULE('negation', () =>
    this.OR({
      DEF: [
        {
          ALT: (): Syntax => {
            const not = this.CONSUME(Not);
            const term = this.SUBRULE(this.negation);
            return this.ACTION(() => ({ op: 'not', term, span: from(spanOf(not), term.span) }));
          },
        },
        {
          ALT: (): Syntax => {
            const open = this.CONSUME(Open);
            const inner = this.SUBRULE(this.expression);
            const close = this.CONSUME(Close);
            return this.ACTION(() => ({ ...inner, span: spanOf(open, close) }));
          },
        },
        { ALT: () => this.SUBRULE(this.test) },
      ],
      ERR_MSG: TERM,
    }),
  );

  readonly test: ParserMethod<[], Syntax> = this.RULE('test', () => {
    const field = this.CONSUME(Bare);
    const { operator, values } = this.SUBRULE(this.question);
    return this.ACTION((): Syntax => {
      const span = from(spanOf(field), values.at(-1)?.span ?? spanOf(field));
      return { op: 'test', field: { text: field.image, span: spanOf(field) }, operator, values, span };
    });
  });

  readonly question: ParserMethod<[], Question> = this.RULE('question', () =>
    this.OR({
      DEF: [
        {
          ALT: (): Question => {
            const operator = this.CONSUME(Comparison);
            const value = this.SUBRULE(this.value);
            return { operator: operator.image as Operator, values: [value] };
          },
        },
        {
          ALT: (): Question => {
            const not = this.OPTION(() => this.CONSUME(Not));
            this.CONSUME(In);
            const values = this.SUBRULE(this.list);
            return { operator: not === undefined ? 'in' : 'not in', values };
          },
        },
      ],
      ERR_MSG: 'an operator (=, !=, <, <=, >, >=, in, not in)',
    }),
  );

  readonly list: ParserMethod<[], Word[]> = this.RULE('list', () => {
    const values: Word[] = [];
    this.OR([
      {
        ALT: () => {
          this.CONSUME(Open);
          this.AT_LEAST_ONE_SEP({ SEP: Comma, DEF: () => values.push(this.SUBRULE(this.value)), ERR_MSG: VALUE });
          this.CONSUME(Close);
        },
      },
      { ALT: () => values.push(this.SUBRULE2(this.value)) },
    ]);
    return values;
  });

  readonly value: ParserMethod<[], Word> = this.RULE('value', () =>
    this.OR({
      DEF: [
        {
          ALT: () => {
            const token = this.CONSUME(Quoted);
            return this.ACTION(() => ({ text: token.image.slice(1, -1).replace(/\\(.)/g, '$1'), span: spanOf(token) }));
          },
        },
        {
          ALT: () => {
            const token = this.CONSUME(Bare);
            return this.ACTION(() => ({ text: token.image, span: spanOf(token) }));
          },
        },
      ],
      ERR_MSG: VALUE,
    }),
  );
}

/** Several terms as one node; a single term stays as it is. */
function joined(op: 'and' | 'or', terms: readonly Syntax[]): Syntax {
  const [first] = terms;
  const last = terms.at(-1);
  if (first === undefined || last === undefined) throw new Error('a grammar rule with no term');
  return terms.length === 1 ? first : { op, terms, span: from(first.span, last.span) };
}

const parser = new FilterParser();

/** @throws FilterError with the first place at which the text is no expression */
export function parseSyntax(expression: string): Syntax {
  if (expression.length > EXPRESSION_CHARS_MAX) {
    const end = { start: EXPRESSION_CHARS_MAX, end: EXPRESSION_CHARS_MAX + 1 };
    throw new FilterError('filter_too_long', `a filter has at most ${EXPRESSION_CHARS_MAX} characters`, expression, end);
  }
  const { tokens, errors } = lexer.tokenize(expression);
  const [unread] = errors;
  if (unread !== undefined) {
    const character = expression[unread.offset];
    const problem = LEXICAL[character ?? ''] ?? `"${character}" means nothing here`;
    throw new FilterError('filter_syntax', problem, expression, { start: unread.offset, end: unread.offset + 1 });
  }
  const deep = tokens.filter(({ tokenType }) => tokenType === Open || tokenType === Not)[NESTED_MAX];
  if (deep !== undefined)
    throw new FilterError('filter_too_long', `a filter has at most ${NESTED_MAX} "(" and "not"`, expression, spanOf(deep));
  parser.input = tokens;
  const syntax = parser.expression();
  const [wrong] = parser.errors;
  if (wrong !== undefined) {
    const at = wrong.token.image === '' ? { start: expression.length, end: expression.length + 1 } : spanOf(wrong.token);
    throw new FilterError('filter_syntax', wrong.message, expression, at);
  }
  return syntax;
}
