// Tokens for scripts and other tools, with a role and an end: tcplens-token.ID.SECRET, of which only the SHA-256 of the secret is kept.

import { digestOf, newSecret } from '../../agent/contract/secret.ts';
import type { Identify, Principal } from '../door/principal.ts';
import { bearerOf, isOfDigest, newId } from '../door/secrets.ts';
import { Refusal } from '../errors.ts';
import type { RecordBook } from './record-book.ts';
import type { TokenRecord } from './records.ts';

const TOKEN = /^tcplens-token\.([0-9a-f]{16})\.([0-9a-f]{64})$/;
const DAY_MS = 24 * 3600 * 1000;
/** For so long after its end a token's record is kept, so that the refusal can say that it ended. */
const REMEMBERED_MS = 30 * DAY_MS;

export type NewToken = Pick<TokenRecord, 'name' | 'role' | 'made_by'> & { for_ms: number };

export class Tokens {
  readonly #book: RecordBook;

  constructor(book: RecordBook) {
    this.#book = book;
  }

  /** The token that the request shows. @throws Refusal `credential_ended` */
  readonly identify: Identify = ({ headers: { authorization } }) => {
    const [, id = '', secret = ''] = TOKEN.exec(bearerOf(authorization) ?? '') ?? [];
    const record = this.#book.get('token', id);
    if (record === undefined || !isOfDigest(secret, record.secret_sha256)) return undefined;
    if (record.ends_ms <= Date.now()) throw new Refusal('credential_ended', ended(record));
    return { kind: 'token', name: record.name, role: record.role, record: id } satisfies Principal;
  };

  list(): (TokenRecord & { id: string })[] {
    return [...this.#book.all('token')].map(([id, record]) => ({ ...record, id })).toSorted((a, b) => b.made_ms - a.made_ms);
  }

  /** @returns the token, which nobody can read again */
  async make({ for_ms, ...asked }: NewToken, now_ms: number): Promise<{ id: string; token: string; ends_ms: number }> {
    const [id, secret, ends_ms] = [newId(), newSecret(), now_ms + for_ms];
    await this.#book.put('token', id, { ...asked, secret_sha256: digestOf(secret), made_ms: now_ms, ends_ms }, ends_ms + REMEMBERED_MS);
    return { id, token: `tcplens-token.${id}.${secret}`, ends_ms };
  }

  /** @throws Refusal `not_found` */
  async revoke(id: string): Promise<void> {
    if (this.#book.get('token', id) === undefined) throw new Refusal('not_found', `there is no token ${id}`);
    await this.#book.remove('token', id);
  }
}

function ended({ name, ends_ms }: TokenRecord): string {
  return `the token "${name}" has ended, at ${new Date(ends_ms).toISOString()}: "tcplens admin token make" makes another`;
}
