// What `tcplens watch` cannot see of the kinds it was asked for: told as soon as it is known, and at the end once more.
import type { Kind } from '../../bpf/rows/rows.gen.ts';
import { AgentError, CannotRunError } from '../process/errors.ts';
import { lacking, sentenceOf } from '../source/hooks-of-kinds.ts';
import type { RowSource } from '../source/row-source.ts';

const SWEPT: ReadonlySet<Kind> = new Set<Kind>(['sample', 'listener', 'namespace']);

export class WatchLacks {
  readonly #source: Pick<RowSource, 'hooks' | 'netns' | 'netns_refused' | 'recorded'>;
  readonly #kinds: ReadonlySet<Kind>;
  readonly #tell: (sentence: string) => void;
  /** in the order in which they were found */
  readonly #told = new Set<string>();
  #silent = 0;

  constructor(
    source: Pick<RowSource, 'hooks' | 'netns' | 'netns_refused' | 'recorded'>,
    kinds: ReadonlySet<Kind>,
    tell: (sentence: string) => void,
  ) {
    this.#source = source;
    this.#kinds = kinds;
    this.#tell = tell;
  }

  /** To be called at the start and now and then: a hook may go away. A recording says by itself what it lacks. */
  look(): void {
    if (this.#source.recorded !== undefined) return;
    const lacks = lacking(this.#kinds, this.#source.hooks());
    this.#silent = lacks.filter(({ silent }) => silent).length;
    for (const sentence of [...lacks.map(sentenceOf), ...this.#unswept()]) {
      if (this.#told.has(sentence)) continue;
      this.#told.add(sentence);
      this.#tell(sentence);
    }
  }

  /** Nothing that was asked for can come. */
  get is_deaf(): boolean {
    return this.#silent === this.#kinds.size;
  }

  /** @throws CannotRunError, AgentError whose message says what was not seen */
  end(): void {
    if (this.#told.size === 0) return;
    const message = [...this.#told].join('\n');
    throw this.is_deaf ? new CannotRunError('kinds_unseen', message) : new AgentError('kinds_incomplete', message);
  }

  /** The last sweep was let into no namespace at all. */
  #unswept(): string[] {
    const refused = this.#source.netns_refused?.() ?? [];
    const [first] = refused;
    const swept = [...this.#kinds].filter((kind) => SWEPT.has(kind));
    if (first === undefined || swept.length === 0 || this.#source.netns().length > 0) return [];
    return [`no ${swept.join(' or ')} row can be seen: no network namespace may be entered (${first.reason}); tcplens check says more`];
  }
}
