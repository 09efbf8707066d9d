// People's questions to the store. A limited number runs at once, and a question ends when nobody waits for its answer any more.
import { randomUUID } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import type { QuestionProgress } from '../api/explore.ts';
import { Refusal } from '../errors.ts';
import { askedBy } from '../storage/asker.ts';
import type { Engine, Queryable } from '../storage/engine.ts';
import { QueryLimit } from './limit.ts';

/** A client names its question in this header, and can ask for the progress by that name. */
export const QUESTION_HEADER = 'x-question-id';
export const QUESTION_ID = /^[0-9a-z-]{16,64}$/;

/** An answer that several requests share. `waiting`: how many of them still wait for it. */
type Shared<Answer> = { answer: Promise<Answer>; left: AbortController; waiting: number };

export class Questions {
  readonly #limit: QueryLimit;
  readonly #large: QueryLimit;
  readonly #shared = new Map<string, Shared<unknown>>();
  readonly #store: Pick<Engine, 'query' | 'progress'>;
  readonly #asked = new Map<string, { began_ms: number; reading: boolean }>();

  constructor(store: Pick<Engine, 'query' | 'progress'>, { running, waiting }: { running: number; waiting: number }) {
    this.#store = store;
    this.#limit = new QueryLimit(running, waiting);
    this.#large = new QueryLimit(1, waiting);
  }

  /**
   * Runs `find` with a store for this question. If the client leaves, its statements are ended.
   * @throws Refusal `too_many_queries`, `client_gone`, `request_invalid`, `question_under_way`; also what `find` throws
   */
  async answer<Answer>({ raw, request }: FastifyReply, find: (store: Queryable) => Promise<Answer>): Promise<Answer> {
    const id = this.#nameOf(request.headers[QUESTION_HEADER]);
    const gone = new AbortController();
    const leave = () => gone.abort();
    raw.once('close', leave);
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
      raw.off('close', leave);
      this.#asked.delete(id);
    }
  }

  /**
   * For answers that take much time and memory: one runs at a time, and requests for the same `name` share it. If all of them leave, its
   * statements are ended.
   * @throws Refusal `too_many_queries`, `client_gone`; also what `find` throws
   */
  async answerOnce<Answer>({ raw }: FastifyReply, name: string, find: (store: Queryable) => Promise<Answer>): Promise<Answer> {
    const shared = (this.#shared.get(name) as Shared<Answer> | undefined) ?? this.#share(name, find);
    const left = Promise.withResolvers<never>();
    const leave = () => left.reject(new Refusal('client_gone', 'whoever asked has gone'));
    shared.waiting++;
    raw.once('close', leave);
    try {
      return await Promise.race([shared.answer, left.promise]);
    } finally {
      raw.off('close', leave);
      if (--shared.waiting === 0) shared.left.abort();
    }
  }

  #share<Answer>(name: string, find: (store: Queryable) => Promise<Answer>): Shared<Answer> {
    const left = new AbortController();
    const asked = () => this.#limit.run(() => find(askedBy(this.#store, { id: randomUUID(), left: left.signal })), left.signal);
    const shared: Shared<Answer> = { answer: this.#large.run(asked, left.signal), left, waiting: 0 };
    const forget = () => {
      if (this.#shared.get(name) === shared) this.#shared.delete(name);
    };
    // All that shared it have left: the next request for this name starts anew.
    left.signal.addEventListener('abort', forget);
    shared.answer.then(forget, forget);
    this.#shared.set(name, shared);
    return shared;
  }

  /** The progress of a question. */
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
