// Enrolments: a line with an id and a secret that a person gives to hosts, so that they may join. It holds for some time and some hosts.

import { digestOf, newSecret } from '../../agent/contract/secret.ts';
import { isOfDigest, newId } from '../door/secrets.ts';
import { Refusal } from '../errors.ts';
import type { RecordBook } from './record-book.ts';
import type { EnrolmentRecord } from './records.ts';

const DAY_MS = 24 * 3600 * 1000;
/** For how long the record of an enrolment that has ended is kept, so that the refusal can say that it ended. */
const rememberedMs = ({ made_ms, ends_ms }: Pick<EnrolmentRecord, 'made_ms' | 'ends_ms'>) =>
  Math.min(30 * DAY_MS, 24 * (ends_ms - made_ms));

export type NewEnrolment = Pick<EnrolmentRecord, 'labels' | 'uses' | 'rejoin'> & { for_ms: number };
export type Enrolment = EnrolmentRecord & { id: string; used: number };

export class Enrolments {
  readonly #book: RecordBook;

  constructor(book: RecordBook) {
    this.#book = book;
  }

  /** @returns its id, and the secret, which nobody can read again */
  async make({ for_ms, ...asked }: NewEnrolment, now_ms: number): Promise<{ id: string; secret: string; ends_ms: number }> {
    const [id, secret, ends_ms] = [newId(), newSecret(), now_ms + for_ms];
    const record = { ...asked, secret_sha256: digestOf(secret), made_ms: now_ms, ends_ms };
    await this.#book.put('enrolment', id, record, ends_ms + rememberedMs(record));
    return { id, secret, ends_ms };
  }

  list(): Enrolment[] {
    const used = new Map<string, number>();
    for (const [, { enrolment }] of this.#book.all('agent')) used.set(enrolment, (used.get(enrolment) ?? 0) + 1);
    return [...this.#book.all('enrolment')].map(([id, record]) => ({ ...record, id, used: used.get(id) ?? 0 }));
  }

  /** Nobody can join with it any more. Hosts that have joined stay. */
  async revoke(id: string, now_ms: number): Promise<void> {
    const record = this.#book.get('enrolment', id);
    if (record === undefined) throw new Refusal('not_found', `there is no enrolment ${id}`);
    await this.#book.put('enrolment', id, { ...record, revoked_ms: now_ms }, record.ends_ms + rememberedMs(record));
  }

  /** The record of a secret that was shown. @throws Refusal `enrolment_refused` */
  shown(text: string, now_ms: number): { id: string; record: EnrolmentRecord } {
    const [id = '', secret = ''] = text.split('.');
    const record = this.#book.get('enrolment', id);
    // An unknown id is compared with a digest too, so that the time of the answer does not tell whether the id exists.
    const isRight = isOfDigest(secret, record?.secret_sha256 ?? digestOf(''));
    if (record === undefined || !isRight) throw refused('the collector does not know this line');
    if (record.revoked_ms !== undefined) throw refused('this line was revoked');
    if (record.ends_ms <= now_ms) throw refused(`this line has ended, at ${new Date(record.ends_ms).toISOString()}`);
    return { id, record };
  }

  /** The host was removed: its use of the line is taken away, so that no other host can join in its place. */
  async forget(id: string): Promise<void> {
    const record = this.#book.get('enrolment', id);
    if (record === undefined) return;
    await this.#book.put('enrolment', id, { ...record, uses: Math.max(0, record.uses - 1) }, record.ends_ms + rememberedMs(record));
  }
}

/** A refusal for a host that wants to join and may not. */
export function refused(why: string): Refusal {
  return new Refusal('enrolment_refused', `${why}: "tcplens admin enrol" on the collector prints another`);
}
