// Users: people who log in here by name and password, and people whose name a trusted proxy sends and whose role is set here.
import { turns } from '../../agent/process/turns.ts';
import { Refusal } from '../errors.ts';
import { hashPassword, isPassword } from './passwords.ts';
import type { RecordBook } from './record-book.ts';
import type { Role, UserRecord } from './records.ts';

/** Names that other principals have. */
const TAKEN: ReadonlySet<string> = new Set(['owner', 'local']);

/** Without `password` the user cannot log in by password. */
export type NewUser = { name: string; role: Role; password?: string };
export type UserChange = { role?: Role; password?: string };

export class Users {
  readonly #book: RecordBook;
  readonly #inTurn = turns();

  constructor(book: RecordBook) {
    this.#book = book;
  }

  list(): (UserRecord & { name: string })[] {
    return [...this.#book.all('user')].map(([name, record]) => ({ ...record, name })).toSorted((a, b) => a.name.localeCompare(b.name));
  }

  has(name: string): boolean {
    return this.#book.get('user', name) !== undefined;
  }

  /** @throws Refusal `user_exists` */
  add({ name, role, password }: NewUser, now_ms: number): Promise<void> {
    return this.#inTurn(async () => {
      if (TAKEN.has(name)) throw new Refusal('user_exists', `the name ${name} is tcplens's own: choose another`);
      await this.#book.look();
      if (this.#book.get('user', name)) throw new Refusal('user_exists', `there is a user ${name} already: change or remove that one`);
      const hash = password === undefined ? '' : await hashPassword(password);
      await this.#book.put('user', name, { role, password: hash, password_ms: now_ms, made_ms: now_ms });
    });
  }

  /** A new role holds from the next request on. A new password ends the user's sessions. @throws Refusal `not_found` */
  change(name: string, { role, password }: UserChange, now_ms: number): Promise<UserRecord> {
    return this.#inTurn(async () => {
      await this.#book.look();
      const { ...record } = this.#known(name);
      if (role !== undefined) record.role = role;
      // Always later than the time of the password before, even if the clock was set back: sessions are tied to this time.
      const password_ms = Math.max(now_ms, record.password_ms + 1);
      if (password !== undefined) Object.assign(record, { password: await hashPassword(password), password_ms });
      await this.#book.put('user', name, record);
      return record;
    });
  }

  /** Ends the user's sessions, too. @throws Refusal `not_found` */
  remove(name: string): Promise<void> {
    return this.#inTurn(async () => {
      this.#known(name);
      await this.#book.remove('user', name);
    });
  }

  /** The user with this name and password, if any. The check takes as long for a name that does not exist. */
  async knows(name: string, password: string): Promise<UserRecord | undefined> {
    const record = this.#book.get('user', name);
    return (await isPassword(password, record?.password ?? '')) ? record : undefined;
  }

  #known(name: string): UserRecord {
    const record = this.#book.get('user', name);
    if (record === undefined) throw new Refusal('not_found', `there is no user ${name}`);
    return record;
  }
}
