// Saved views. Their owner is known by name and kind: a token may have the same name as a user.
import { turns } from '../../agent/process/turns.ts';
import type { NewView } from '../api/views.ts';
import { hasRole, type Principal } from '../door/principal.ts';
import { newId } from '../door/secrets.ts';
import { Refusal } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { RecordBook } from './record-book.ts';
import type { ViewRecord } from './records.ts';

export class SavedViews {
  readonly #book: RecordBook;
  readonly #inTurn = turns();

  constructor(book: RecordBook) {
    this.#book = book;
  }

  list(): (ViewRecord & { id: string })[] {
    return [...this.#book.all('view')].map(([id, record]) => ({ ...record, id })).toSorted((a, b) => a.name.localeCompare(b.name));
  }

  /** @returns its id. @throws Refusal `too_many_views` */
  save({ name, link }: NewView, who: Principal, now_ms: number): Promise<string> {
    return this.#inTurn(async () => {
      const all = this.list();
      const own = all.filter((view) => isOwner(view, who));
      if (own.length >= LIMITS.views_own.number) throw tooMany(`you have saved ${own.length} views`);
      if (all.length >= LIMITS.views.number) throw tooMany(`there are ${all.length} saved views`);
      const id = newId();
      await this.#book.put('view', id, { name, link, owner: who.name, owner_kind: who.kind, made_ms: now_ms });
      return id;
    });
  }

  /** @throws Refusal `not_found`, `role_needed` */
  async remove(id: string, who: Principal): Promise<void> {
    const view = this.#book.get('view', id);
    if (view === undefined) throw new Refusal('not_found', `there is no saved view ${id}`);
    if (!isOwner(view, who) && !hasRole(who, 'admin'))
      throw new Refusal('role_needed', `${view.owner} saved it: ask ${view.owner}, or an admin, to remove it`);
    await this.#book.remove('view', id);
  }

  /** The view's name; '' where there is no such view. */
  nameOf(id: string): string {
    return this.#book.get('view', id)?.name ?? '';
  }
}

export const isOwner = ({ owner, owner_kind }: ViewRecord, { name, kind }: Principal): boolean => owner === name && owner_kind === kind;

const tooMany = (how: string) => new Refusal('too_many_views', `${how}, which is as many as there may be: remove one first`);
