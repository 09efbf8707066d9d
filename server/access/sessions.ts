// Sessions of people: a browser shows a secret of 256 random bits, and its SHA-256 is the session's id at all collectors of the store.
import type { FastifyRequest } from 'fastify';
import { digestOf, newSecret } from '../../agent/contract/secret.ts';
import { cookieIn, newCookie } from '../door/cookie.ts';
import type { Identify, Principal } from '../door/principal.ts';
import { Refusal } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { RecordBook } from './record-book.ts';
import type { SessionRecord } from './records.ts';

const COOKIE = 'tcplens';
/** The use of a session is written to the store at most this often. */
const NOTED_MS = 10 * 60_000;

export type NewSession = Pick<SessionRecord, 'name' | 'role' | 'by' | 'password_ms' | 'address'>;
export type Session = SessionRecord & { id: string; used_ms: number };

export class Sessions {
  readonly #book: RecordBook;
  readonly #noting = new Set<string>();

  constructor(book: RecordBook) {
    this.#book = book;
  }

  /** The person whose session cookie the request has. */
  readonly identify: Identify = (request) => {
    const secret = cookieIn(request, COOKIE);
    const session = secret === undefined ? undefined : this.get(digestOf(secret), Date.now());
    if (session === undefined) return undefined;
    this.#note(session, Date.now());
    return {
      kind: session.by === 'link' ? 'owner' : 'user',
      name: session.name,
      role: session.role,
      record: session.id,
    } satisfies Principal;
  };

  /** A session that has not ended. */
  get(id: string, now_ms: number): Session | undefined {
    const record = this.#book.get('session', id);
    return record && this.#known(id, record, now_ms);
  }

  list(now_ms: number): Session[] {
    return [...this.#book.all('session')].flatMap(([id, record]) => this.#known(id, record, now_ms) ?? []);
  }

  /** @returns the Set-Cookie header. Each log-in makes a new secret, so that a cookie planted before it gives no access. */
  async make(request: FastifyRequest, asked: NewSession, now_ms: number): Promise<string> {
    const secret = newSecret();
    const ends_ms = now_ms + (asked.by === 'oidc' ? LIMITS.session_oidc_ms : LIMITS.session_ms).number;
    await this.#endOldest(asked, now_ms);
    await this.#book.put('session', digestOf(secret), { ...asked, made_ms: now_ms, ends_ms }, ends_ms);
    return newCookie(request, COOKIE, secret);
  }

  /** The session is refused from now on: by this collector at once, by the others within seconds. @throws Refusal `not_found` */
  async end(id: string): Promise<void> {
    if (this.#book.get('session', id) === undefined) throw new Refusal('not_found', 'there is no such session: it may have ended');
    await this.#book.remove('session', id);
  }

  /** The header that takes the cookie from a browser. */
  forget(request: FastifyRequest): string {
    return newCookie(request, COOKIE, '', { max_age_s: 0 });
  }

  #known(id: string, record: SessionRecord, now_ms: number): Session | undefined {
    const used_ms = this.#book.get('session_use', id)?.at_ms ?? record.made_ms;
    if (now_ms >= record.ends_ms || now_ms - used_ms >= LIMITS.session_idle_ms.number) return undefined;
    if (record.by !== 'password') return { ...record, id, used_ms };
    const user = this.#book.get('user', record.name);
    if (user === undefined || user.password_ms !== record.password_ms) return undefined;
    return { ...record, id, used_ms, role: user.role };
  }

  /** Writes that the session is in use. If the store does not take that now, the next request tries again. */
  #note({ id, used_ms }: Session, now_ms: number): void {
    if (now_ms - used_ms < NOTED_MS || this.#noting.has(id)) return;
    this.#noting.add(id);
    void this.#book
      .put('session_use', id, { at_ms: now_ms }, now_ms + LIMITS.session_idle_ms.number)
      .catch(() => undefined)
      .finally(() => this.#noting.delete(id));
  }

  async #endOldest({ name, by }: NewSession, now_ms: number): Promise<void> {
    const own = this.list(now_ms).filter((session) => session.name === name && session.by === by);
    const over = own.toSorted((a, b) => b.made_ms - a.made_ms).slice(LIMITS.sessions.number - 1);
    for (const { id } of over) await this.#book.remove('session', id);
  }
}
