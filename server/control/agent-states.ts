// What agents last said of their settings. It is written in one batch twice a second, since a whole fleet may report at once.
import type { RecordBook } from '../access/record-book.ts';
import type { AgentStateRecord } from '../access/records.ts';

const WRITE_MS = 500;
/** Until the next try after a failed write. */
const RETRY_MS = 2000;

export class AgentStates {
  readonly #book: RecordBook;
  readonly #failed: (error: unknown) => void;
  readonly #unwritten = new Map<string, AgentStateRecord>();
  #writing: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(book: RecordBook, failed: (error: unknown) => void) {
    this.#book = book;
    this.#failed = failed;
  }

  get(host_id: string): AgentStateRecord | undefined {
    return this.#unwritten.get(host_id) ?? this.#book.get('agent_state', host_id);
  }

  /** All states, with those that are not written yet. */
  *all(): Generator<[host_id: string, AgentStateRecord]> {
    for (const one of this.#book.all('agent_state')) if (!this.#unwritten.has(one[0])) yield one;
    yield* this.#unwritten;
  }

  note(host_id: string, state: AgentStateRecord): void {
    if (JSON.stringify(this.get(host_id)) === JSON.stringify(state)) return;
    this.#unwritten.set(host_id, state);
    this.#writeIn(WRITE_MS);
  }

  #writeIn(ms: number): void {
    if (this.#stopped) return;
    this.#writing ??= setTimeout(() => {
      this.#writing = undefined;
      this.#write().catch((error: unknown) => {
        this.#failed(error);
        this.#writeIn(RETRY_MS);
      });
    }, ms).unref();
  }

  async #write(): Promise<void> {
    const states = [...this.#unwritten];
    await this.#book.putAll('agent_state', states);
    for (const [host_id, state] of states) if (this.#unwritten.get(host_id) === state) this.#unwritten.delete(host_id);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#writing);
  }
}
