// Says what a command cannot see of the kinds that it was asked for: as soon as that is known, and again at the end, with an exit code
// other than 0.
import type { Kind } from '../../bpf/rows/rows.gen.ts';
import { AgentError, CannotRunError } from '../process/errors.ts';
import { escapeControls } from '../process/terminal-text.ts';
import { NOTHING_UNSEEN, type Unseen } from '../source/unseen.ts';

export function sayUnseen(sentence: string): void {
  process.stderr.write(`tcplens: ${escapeControls(sentence)}\n`);
}

export class UnseenTold {
  readonly #look: () => Unseen;
  readonly #say: (sentence: string) => void;
  /** sentences that were said, in that order */
  readonly #said = new Set<string>();
  #last = NOTHING_UNSEEN;

  constructor(source: { unseen(kinds: ReadonlySet<Kind>): Unseen }, kinds: ReadonlySet<Kind>, say: (sentence: string) => void) {
    this.#look = () => source.unseen(kinds);
    this.#say = say;
  }

  /** To be called at the start and after each sweep: a hook may go away. */
  look(): void {
    this.#last = this.#look();
    for (const sentence of this.#last.sentences) {
      if (this.#said.has(sentence)) continue;
      this.#said.add(sentence);
      this.#say(sentence);
    }
  }

  /** Whether no row of any of the kinds can come. */
  get is_all(): boolean {
    return this.#last.all;
  }

  /** @throws CannotRunError, AgentError whose message says what was not seen */
  end(): void {
    if (this.#said.size === 0) return;
    const message = [...this.#said].join('\n');
    throw this.is_all ? new CannotRunError('kinds_unseen', message) : new AgentError('kinds_incomplete', message);
  }
}
