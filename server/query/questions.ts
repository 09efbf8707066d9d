// The questions of people: so many run at once, and each as long as somebody waits for its answer.
import { randomUUID } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import type { QuestionProgress } from '../api/explore.ts';
import { Refusal } from '../errors.ts';
import { askedBy } from '../storage/asker.ts';
import type { Engine, Queryable } from '../storage/engine.ts';
import { QueryLimit } from './limit.ts';

/** By what he calls it, whoever asks can ask how far his question is. */
export const QUESTION_HEADER = 'x-question-id';
export const QUESTION_ID = /^[0-9a-z-]{16,64}$/;

export class Questions {
  readonly #limit: QueryLimit;
  readonly #store: Pick<Engine, 'query' | 'progress'>;
  readonly #asked = new Map<string, { began_ms: number; reading: boolean }>();

  constructor(store: Pick<Engine, 'query' | 'progress'>, { running, waiting }: { running: number; waiting: number }) {
    this.#store = store;
    this.#limit = new QueryLimit(running, waiting);
  }

  /**
   * Finds the answer in the store that is given to `find`. Where whoever asked leaves, `find` ends.
   * @throws Refusal `too_many_queries`, `client_gone`, `request_invalid`, `question_under_way`; also what `find` throws
   */
  async answer<Answer>({ raw, request }: FastifyReply, find: (store: Queryable) => Promise<Answer>): Promise<Answer> {
    const id = this.#nameOf(request.headers[QUESTION_HEADER]);
    const gone = new AbortController();
    raw.once('close', () => gone.abort());
    const question = { began_ms: performance.now(), reading: false };
    this.#asked.set(id, question);
    try {
      return await this.#limit.run(async () => {
        question.reading = true;
        return await find(askedBy(this.#store, { id, left: gone.signal }));
      }, gone.signal);
    } catch (cause) {
      if (gone.signal.aborted) throw new Refusal('client_gone', 'whoever asked has gone', { cause });
      throw cause;
    } finally {
      this.#asked.delete(id);
    }
  }

  /** How far a question is. */
  async progress(id: string): Promise<QuestionProgress> {
    const question = this.#asked.get(id);
    if (question === undefined) return { state: 'none', rows_read: 0, rows: 0, elapsed_ms: 0 };
    const found = question.reading ? await this.#store.progress(id) : undefined;
    const { rows_read = 0, rows = 0 } = found ?? {};
    return {
      state: question.reading ? 'reading' : 'waiting',
      rows_read,
      rows,
      elapsed_ms: Math.round(performance.now() - question.began_ms),
    };
  }

  #nameOf(given: string | string[] | undefined): string {
    if (given === undefined) return randomUUID();
    if (typeof given !== 'string' || !QUESTION_ID.test(given))
      throw new Refusal('request_invalid', `${QUESTION_HEADER}: 16 to 64 of a–z, 0–9 and -, such as a random UUID`);
    if (this.#asked.has(given)) throw new Refusal('question_under_way', 'a question of this name is under way: give each a random name');
    return given;
  }
}
