// The tokens of an expression.
import { FilterError, type Span } from './filter-error.ts';

const KEYWORDS = ['and', 'or', 'not', 'in'] as const;
export type Sort = 'word' | 'quoted' | 'comparison' | 'end' | (typeof KEYWORDS)[number] | '(' | ')' | ',';
export type Token = { sort: Sort; text: string; span: Span };

const TOKEN = /(?<quoted>"(?:[^"\\]|\\["\\])*")|(?<comparison>!=|<=|>=|=|<|>)|(?<sign>[(),])|(?<word>[^\s()"'=!<>,]+)/y;
const SPACE = /\s*/y;

const LEXICAL: Record<string, string> = { '"': 'a quotation that does not end', "'": 'a value is quoted with ""' };

/** Whether a value can stand without quotation marks. */
export const isBare = (text: string): boolean => /^[^\s()"'=!<>,]+$/.test(text) && !(KEYWORDS as readonly string[]).includes(text);

/** The tokens, an end behind them. @throws FilterError at the first character that begins none */
export function tokensOf(expression: string): Token[] {
  const tokens: Token[] = [];
  for (let at = skipSpace(expression, 0); at < expression.length; ) {
    TOKEN.lastIndex = at;
    const { quoted, comparison, word } = TOKEN.exec(expression)?.groups ?? {};
    const text = expression.slice(at, TOKEN.lastIndex);
    if (TOKEN.lastIndex === 0) throw unreadable(expression, at);
    const keyword = KEYWORDS.find((each) => each === word);
    const sort = keyword ?? (word ? 'word' : quoted ? 'quoted' : comparison ? 'comparison' : (text as '(' | ')' | ','));
    tokens.push({ sort, text, span: { start: at, end: at + text.length } });
    at = skipSpace(expression, at + text.length);
  }
  const end = expression.length;
  return [...tokens, { sort: 'end', text: '', span: { start: end, end: end + 1 } }];
}

function skipSpace(expression: string, at: number): number {
  SPACE.lastIndex = at;
  SPACE.test(expression);
  return SPACE.lastIndex;
}

function unreadable(expression: string, at: number): FilterError {
  const character = expression[at] ?? '';
  const problem = LEXICAL[character] ?? `"${character}" means nothing here`;
  return new FilterError('filter_syntax', problem, expression, { start: at, end: at + 1 });
}
