// The forms that the values of settings have. The agent reads a value by its form, and the collector refuses a bad one by the same form before
// it leaves, also for agents of other versions, which tell their forms as JSON.
import { ConfigError } from '../process/errors.ts';
import { oneOf, parseDuration, parsePercent, parseSize } from '../process/units.ts';

/** `min`, `max`: the texts of the smallest and the largest value. `words`: one of them; `list`: several with commas, or "none". */
export type SettingForm =
  | { form: 'duration' | 'size'; min: string; max: string }
  | { form: 'percent' }
  | { form: 'word' | 'list'; words: readonly string[] }
  | { form: 'budgets'; kinds: readonly string[] };

/** The kernel's bucket counts whole nanoseconds between rows. */
const ROWS_PER_S_MAX = 1_000_000;

/** Rows a second of one kind; 'none': no limit, 'off': no row. */
export type BudgetText = number | 'none' | 'off';

const bad = (message: string) => new ConfigError('bad_value', message);

/** Milliseconds, or bytes. @throws ConfigError */
export function numberIn({ form, min, max }: Extract<SettingForm, { form: 'duration' | 'size' }>, text: string): number {
  const parse = form === 'duration' ? parseDuration : parseSize;
  const value = parse(text);
  if (value < parse(min)) throw bad(`${text} is too small: give at least ${min}`);
  if (value > parse(max)) throw bad(`${text} is too large: give at most ${max}`);
  return value;
}

/** @throws ConfigError */
export function wordsIn<const Word extends string>(words: readonly Word[], text: string): Word[] {
  if (text === 'none') return [];
  return text.split(',').map(oneOf(words));
}

/** "100/s", "none" or "off". @throws ConfigError */
export function budgetIn(text: string): BudgetText {
  if (text === 'none' || text === 'off') return text;
  const rows_per_s = Number(/^(\d{1,7})\/s$/.exec(text)?.[1]);
  if (rows_per_s >= 1 && rows_per_s <= ROWS_PER_S_MAX) return rows_per_s;
  throw bad(
    `"${text}" is no budget: write rows a second from 1/s to ${ROWS_PER_S_MAX}/s, like 100/s, or none for no limit, or off for no row`,
  );
}

/** "drop=2000/s,reset=none,congestion=off". @throws ConfigError */
export function budgetsIn<Kind extends string>(kinds: readonly Kind[], text: string): Map<Kind, BudgetText> {
  return new Map(
    text.split(',').map((part) => {
      const [name = '', budget = ''] = part.split('=');
      const kind = kinds.find((each) => each === name);
      if (kind === undefined) throw bad(`"${part}" budgets no kind of row: write KIND=ROWS/s with one of ${kinds.join(', ')}`);
      return [kind, budgetIn(budget)];
    }),
  );
}

/** What is wrong with a text as a value of this form; undefined: nothing. A form of a later version is not known here. */
export function problemOf(form: SettingForm, text: string): string | undefined {
  try {
    read(form, text);
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

function read(form: SettingForm, text: string): unknown {
  switch (form.form) {
    case 'duration':
    case 'size':
      return numberIn(form, text);
    case 'percent':
      return parsePercent(text);
    case 'word':
      return oneOf(form.words)(text);
    case 'list':
      return wordsIn(form.words, text);
    case 'budgets':
      return budgetsIn(form.kinds, text);
    default:
      throw bad(`this version does not know the form "${(form as { form: string }).form}": update the collector`);
  }
}
