// What may come next in an expression, for an editor. The grammar itself says it: the text before the cursor is parsed, and where it ends the
// parser says what it takes there.
import { FIELD_NAMES, FIELDS, fieldNamed, isOrdered, type Place } from './fields.ts';
import { type Expected, FilterError, type Span } from './filter-error.ts';
import { OPERATORS, parseSyntax } from './syntax.ts';
import { type Token, tokensOf } from './tokens.ts';
import { quoted } from './write.ts';

export type Suggestion = { text: string; words: string };
export type Completion = {
  /** what a suggestion replaces */
  span: Span;
  /** what has been typed of it */
  prefix: string;
  suggestions: readonly Suggestion[];
  /** the field whose values, or with `label` whose names, only a store knows */
  ask?: string;
};

const WORD_BEFORE = /[^\s()"'=!<>,]*$/;
const IS = (text: string, words = ''): Suggestion => ({ text, words });

/** @param cursor in characters. @param place where the expression is to be evaluated. @param only these fields are suggested */
export function completion(text: string, cursor: number, place: Place, only: readonly string[] = FIELD_NAMES): Completion {
  const before = text.slice(0, cursor);
  const start = openQuotation(before) ?? before.search(WORD_BEFORE);
  const prefix = before.slice(start).replace(/^"/, '');
  const span = { start, end: cursor };
  const head = before.slice(0, start);
  const expected = expectedAfter(head);
  const tokens = expected === undefined ? [] : tokensOf(head);
  const next = expected === undefined ? { suggestions: [] } : suggested(expected, tokens, prefix, fieldsOf(place, only));
  const suggestions = next.suggestions.filter((suggestion) => suggestion.text.replace(/^"/, '').startsWith(prefix));
  return { ...next, span, prefix, suggestions };
}

/** Where a quotation begins that does not end. */
function openQuotation(text: string): number | undefined {
  try {
    tokensOf(text);
    return undefined;
  } catch (error) {
    return error instanceof FilterError && text[error.span.start] === '"' ? error.span.start : undefined;
  }
}

/** What the grammar takes behind the text; undefined where something before is wrong. */
function expectedAfter(head: string): Expected | undefined {
  try {
    parseSyntax(head);
    return 'end';
  } catch (error) {
    return error instanceof FilterError && error.span.start >= head.length ? error.expected : undefined;
  }
}

function suggested(
  expected: Expected,
  tokens: readonly Token[],
  prefix: string,
  fields: readonly Suggestion[],
): Pick<Completion, 'suggestions' | 'ask'> {
  switch (expected) {
    case 'term':
      if (prefix.startsWith('label.')) return { suggestions: [], ask: 'label' };
      return { suggestions: [...fields, IS('not'), IS('(')] };
    case 'operator': {
      const found = fieldNamed(fieldBefore(tokens));
      const ordered = found === undefined || isOrdered(found.field);
      return { suggestions: OPERATORS.filter((operator) => ordered || !/[<>]/.test(operator)).map((operator) => IS(operator)) };
    }
    case 'in':
      return { suggestions: [IS('in')] };
    case 'value':
      return valuesOf(fieldBefore(tokens));
    case 'close':
      return { suggestions: isInList(tokens) ? [IS(','), IS(')')] : [IS('and'), IS('or'), IS(')')] };
    case 'end':
      return { suggestions: [IS('and'), IS('or')] };
  }
}

function fieldsOf(place: Place, only: readonly string[]): Suggestion[] {
  const known = FIELD_NAMES.filter((name) => (FIELDS[name].places as readonly Place[]).includes(place) && only.includes(name));
  return known.map((name) => IS(name === 'label' ? 'label.' : name, FIELDS[name].words));
}

function valuesOf(field: string): Pick<Completion, 'suggestions' | 'ask'> {
  const values = fieldNamed(field)?.field.values;
  return values === undefined ? { suggestions: [], ask: field } : { suggestions: values.map((value) => IS(quoted(value))) };
}

/** The last field: a word with an operator behind it, or the end. */
function fieldBefore(tokens: readonly Token[]): string {
  const isField = (token: Token, index: number) =>
    token.sort === 'word' && ['comparison', 'in', 'not', 'end'].includes(tokens[index + 1]?.sort ?? '');
  return tokens.findLast((token, index) => isField(token, index) && tokens[index - 1]?.sort !== 'comparison')?.text ?? '';
}

/** Whether the innermost parenthesis that is open is one of a list of values. */
function isInList(tokens: readonly Token[]): boolean {
  let depth = 0;
  for (let at = tokens.length - 1; at >= 0; at--) {
    if (tokens[at]?.sort === ')') depth++;
    else if (tokens[at]?.sort === '(' && depth-- === 0) return tokens[at - 1]?.sort === 'in';
  }
  return false;
}
