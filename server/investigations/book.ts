// The investigations, which all collectors of a store share.
import { lookProblem } from '../../agent/contract/detail.ts';
import { parseConnections } from '../../agent/contract/language/connections.ts';
import { FilterError } from '../../agent/contract/language/filter-error.ts';
import { parseHosts } from '../../agent/contract/language/hosts.ts';
import type { Expression } from '../../agent/contract/language/tree.ts';
import { turns } from '../../agent/process/turns.ts';
import type { RecordBook } from '../access/record-book.ts';
import type { InvestigationRecord } from '../access/records.ts';
import type { InvestigationStart } from '../api/investigations.ts';
import { newId } from '../door/secrets.ts';
import { Refusal } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { endOf } from './host-state.ts';

export type Investigation = InvestigationRecord & { id: string };

export class InvestigationsBook {
  readonly #book: RecordBook;
  readonly #inTurn = turns();

  constructor(book: RecordBook) {
    this.#book = book;
  }

  /** The newest first. */
  list(): Investigation[] {
    return [...this.#book.all('investigation')].map(([id, record]) => ({ ...record, id })).toSorted((a, b) => b.begins_ms - a.begins_ms);
  }

  find(id: string): Investigation | undefined {
    const record = this.#book.get('investigation', id);
    return record && { ...record, id };
  }

  /** @throws Refusal `not_found` */
  get(id: string): Investigation {
    const found = this.find(id);
    if (found === undefined) throw new Refusal('not_found', `there is no investigation ${id}`);
    return found;
  }

  /** @returns its id. An investigation that exists with this id is left as it is. @throws Refusal `too_many_investigations` */
  start(
    { for_ms, keep_ms, dry_run: _, ...asked }: InvestigationStart,
    made_by: string,
    now_ms: number,
    id: string = newId(),
  ): Promise<string> {
    return this.#inTurn(async () => {
      if (this.find(id)) return id;
      const all = this.list();
      const running = all.filter((one) => endOf(one) > now_ms).length;
      if (running >= LIMITS.investigations_running.number) throw tooMany(`${running} investigations run: stop one first`);
      if (all.length >= LIMITS.investigations.number) throw tooMany(`there are ${all.length} investigations: remove one first`);
      const ends_ms = now_ms + for_ms;
      const kept_until_ms = keep_ms === null ? 0 : ends_ms + keep_ms;
      await this.#put(id, { ...asked, begins_ms: now_ms, ends_ms, kept_until_ms, made_by });
      return id;
    });
  }

  /** An investigation that has ended is left as it is. @throws Refusal `not_found` */
  stop(id: string, now_ms: number): Promise<void> {
    return this.#inTurn(async () => {
      const { id: _, ...record } = this.get(id);
      if (endOf(record) > now_ms) await this.#put(id, { ...record, stopped_ms: now_ms });
    });
  }

  /** @throws Refusal `not_found` */
  remove(id: string): Promise<void> {
    return this.#inTurn(async () => {
      this.get(id);
      await this.#book.remove('investigation', id);
    });
  }

  #put(id: string, record: InvestigationRecord): Promise<void> {
    return this.#book.put('investigation', id, record, record.kept_until_ms);
  }
}

const tooMany = (how: string) => new Refusal('too_many_investigations', `${how}; so many there may be`);

type Asked = Pick<InvestigationStart, 'expression' | 'hosts' | 'detail' | 'user_stacks'>;

/** @returns the expression of hosts; undefined: all hosts. @throws Refusal `filter_invalid` for either expression, `request_invalid` */
export function checkAsked({ expression, hosts, detail, user_stacks = false }: Asked): Expression | undefined {
  const problem = lookProblem({ detail, user_stacks });
  if (problem !== undefined) throw new Refusal('request_invalid', problem);
  try {
    parseConnections(expression);
    return parseHosts(hosts);
  } catch (cause) {
    if (cause instanceof FilterError) throw new Refusal('filter_invalid', cause.message, { cause, span: cause.span });
    throw cause;
  }
}
