// Suggestions for the filter's box: fields, operators and names at once; values from the store when it has answered.
import { type Completion, completion } from '../agent/contract/language/completion.ts';
import { fieldNamed } from '../agent/contract/language/fields.ts';
import { WRITTEN } from '../agent/contract/language/values.ts';
import { quoted } from '../agent/contract/language/write.ts';
import type { Values } from '../server/api.ts';
import type { ApiClient, Query } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { rememberedFilters } from './filter-history.ts';
import { formatNumber } from './format.ts';

/** Values are asked for only after a pause of this length in typing. */
const PAUSE_MS = 150;
const LABEL = 'label.';

/** `insert`: replaces the typed word. `words`: its meaning, or how often it occurs. */
export type Suggestion = { insert: string; shown: string; words: string };
type Replaced = { text: string; start: number; end: number };

export class FilterSuggestions {
  items = $state.raw<readonly Suggestion[]>([]);
  /** index of the active suggestion; -1: none */
  active = $state(-1);
  isOpen = $state(false);
  /** why there are no values, or that they are being read */
  note = $state('');

  readonly #api: Pick<ApiClient, 'values'>;
  readonly #range: () => Query;
  readonly #fields: readonly string[] | undefined;
  #replaced: Replaced = { text: '', start: 0, end: 0 };
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking: AbortController | undefined;

  /** @param range the range whose values are suggested. @param fields the fields to offer; undefined: all */
  constructor(api: Pick<ApiClient, 'values'>, range: () => Query, fields?: readonly string[]) {
    this.#api = api;
    this.#range = range;
    this.#fields = fields;
  }

  /** Suggests what can follow at the cursor. */
  offer(text: string, cursor: number): void {
    const next = completion(text, cursor, 'rows', this.#fields);
    const items = next.suggestions.filter((one) => one.text !== next.prefix);
    this.#open(
      { text, ...next.span },
      items.map(({ text: insert, words }) => ({ insert, shown: insert, words })),
    );
    if (next.ask !== undefined) this.#ask(next.ask, next);
  }

  /** Suggests the last used filters instead. */
  offerRemembered(kept: Storage): void {
    const items = rememberedFilters(kept).map((insert) => ({ insert, shown: insert, words: '' }));
    this.#open({ text: '', start: 0, end: 0 }, items);
    this.active = Math.min(0, items.length - 1);
  }

  move(step: number): void {
    const count = this.items.length;
    if (count > 0) this.active = this.active < 0 ? (step > 0 ? 0 : count - 1) : (this.active + step + count) % count;
  }

  /** The text with the suggestion inserted, and the cursor's position after it. */
  take(index: number): { text: string; cursor: number } {
    const { text, start, end } = this.#replaced;
    const insert = this.items[index]?.insert ?? '';
    const rest = text.slice(end);
    const space = insert === '(' || insert.endsWith('.') || rest.startsWith(' ') ? '' : ' ';
    const before = insert === ',' || insert === ')' ? text.slice(0, start).trimEnd() : text.slice(0, start);
    const head = before + insert + space;
    return { text: head + rest, cursor: head.length };
  }

  /** Whether there are suggestions to complete a word that was begun. */
  get isTyped(): boolean {
    return this.#replaced.end > this.#replaced.start && this.items.length > 0;
  }

  close(): void {
    this.#stop();
    this.isOpen = false;
    this.active = -1;
  }

  #open(replaced: Replaced, items: readonly Suggestion[]): void {
    this.#stop();
    this.#replaced = replaced;
    this.items = items;
    this.active = -1;
    this.note = '';
    this.isOpen = items.length > 0;
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#asking?.abort();
  }

  #ask(field: string, { prefix }: Completion): void {
    const type = fieldNamed(field)?.field.type;
    if (type === 'duration' || type === 'bytes') {
      this.#tell(WRITTEN[type]);
      return;
    }
    const asking = new AbortController();
    this.#asking = asking;
    const begins = field === 'label' ? prefix.slice(LABEL.length) : prefix;
    this.#timer = setTimeout(async () => {
      try {
        const found = await this.#api.values({ ...this.#range(), field, prefix: begins }, asking.signal);
        if (!asking.signal.aborted) this.#takeValues(field, begins, found);
      } catch (cause) {
        if (!asking.signal.aborted) this.#tell(cause instanceof ApiError ? cause.message : String(cause));
      }
    }, PAUSE_MS);
  }

  #takeValues(field: string, typed: string, { values, of }: Values): void {
    this.items = values
      .filter(({ text }) => text !== typed)
      .map(({ text, count }) => ({
        insert: field === 'label' ? LABEL + text : quoted(text),
        shown: field === 'label' ? LABEL + text : text,
        words: `${formatNumber(count)} ${count === 1 ? of.replace(/s$/, '') : of}`,
      }));
    this.active = -1;
    if (values.length === 0) this.#tell(`no value of ${field} begins so in this time`);
    else this.isOpen = this.items.length > 0;
  }

  #tell(note: string): void {
    this.note = note;
    this.isOpen = true;
  }
}
