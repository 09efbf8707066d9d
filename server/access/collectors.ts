// The collectors of one store, and their CAs, by which agents recognise them.
import { X509Certificate } from 'node:crypto';
import { authoritiesDigest } from '../../agent/contract/credential.ts';
import type { Collectors as Answer } from '../api/access.ts';
import { fingerprintOf } from '../door/tls/served.ts';
import { Refusal } from '../errors.ts';
import type { RecordBook } from './record-book.ts';

/** Every collector records this often that it is running. */
export const ATTEND_MS = 60_000;
/** A collector that has recorded nothing for so long counts as gone. */
const GONE_MS = 5 * ATTEND_MS;

/** `authority`: PEM of the CA that signed the collector's certificate. `address`: its URL. */
export type Attending = { authority: string; name: string; address: string };
type Authority = Answer['authorities'][number];

export class Collectors {
  readonly #book: RecordBook;
  /** Kept, as each report of an agent is answered with it; reset when records change. */
  #digest: string | undefined;

  constructor(book: RecordBook) {
    this.#book = book;
    book.watch(() => {
      this.#digest = undefined;
    });
  }

  /** Records that this collector runs. All agents then come to trust its CA, also those that talk to other collectors. */
  async attend({ authority, name, address }: Attending, now_ms: number): Promise<void> {
    const ends_ms = new X509Certificate(authority).validToDate.getTime();
    const id = fingerprintOf(authority);
    if (this.#book.get('authority', id) === undefined) await this.#book.put('authority', id, { certificate: authority, ends_ms }, ends_ms);
    await this.#book.put('collector', address, { authority: id, name, heard_ms: now_ms }, ends_ms);
  }

  list(): Authority[] {
    const collectors = [...this.#book.all('collector')].toSorted(([, a], [, b]) => b.heard_ms - a.heard_ms);
    const byAuthority = Map.groupBy(collectors, ([, { authority }]) => authority);
    return [...this.#book.all('authority')].map(([id, { ends_ms }]) => ({
      id,
      ends_ms,
      collectors: (byAuthority.get(id) ?? []).map(([address, { name, heard_ms }]) => ({ name, address, heard_ms })),
    }));
  }

  /**
   * Agents stop trusting this CA at their next contact with another collector. If its collector comes back, the CA is trusted again.
   * @throws Refusal `not_found`, `collector_there`
   */
  async forget(id: string, now_ms: number): Promise<void> {
    await this.#book.look();
    const found = this.list().find((authority) => authority.id === id);
    if (found === undefined) throw new Refusal('not_found', `there is no CA ${id}: "tcplens admin collectors" lists them`);
    const [last] = found.collectors;
    if (last && now_ms - last.heard_ms < GONE_MS) throw new Refusal('collector_there', stillThere(last, now_ms));
    for (const { address } of found.collectors) await this.#book.remove('collector', address);
    await this.#book.remove('authority', id);
  }

  /** The CAs of all collectors, PEM. */
  authorities(): string[] {
    return [...this.#book.all('authority')].map(([, { certificate }]) => certificate);
  }

  /** Digest of all CAs. An agent compares it with that of the CAs it trusts. */
  digest(): string {
    this.#digest ??= authoritiesDigest(this.authorities());
    return this.#digest;
  }
}

function stillThere({ name, address, heard_ms }: Authority['collectors'][number], now_ms: number): string {
  const ago_s = Math.max(0, Math.round((now_ms - heard_ms) / 1000));
  return `the collector ${name} at ${address} was heard ${ago_s} s ago: stop it, and forget its CA ${GONE_MS / 60_000} minutes after that`;
}
