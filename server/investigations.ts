// Investigations. The wanted ones are records that all collectors of a store share. Each collector sends them to its own agents, and stores
// the states that these report.
import type { ToldState, WantedInvestigation, WantedInvestigations } from '../agent/contract/investigation.ts';
import { type HostFacts, isHost, parseHosts } from '../agent/contract/language/hosts.ts';
import type { Expression } from '../agent/contract/language/tree.ts';
import type { RecordBook } from './access/record-book.ts';
import { type Investigation, InvestigationsBook } from './investigations/book.ts';
import { HostStates } from './investigations/host-states.ts';
import type { Store } from './storage/store.ts';

/** An agent ends an investigation by its own clock. So long after the end, the collector does not withdraw it. */
const GRACE_MS = 5000;
const HASTE_MS = 5000;

export type InvestigationParts = {
  book: RecordBook;
  store: Pick<Store, 'query' | 'insertHostStates'>;
  hostOf: (host_id: string) => HostFacts;
  /** hosts with a control channel here */
  hosts: () => readonly string[];
  send: (host_id: string, message: WantedInvestigations) => void;
  /** called when an investigation begins or ends: for so long rows are inserted sooner, since somebody waits for them */
  hasten: (for_ms: number) => void;
  failed: (error: unknown) => void;
};

export class Investigations {
  readonly book: InvestigationsBook;
  readonly states: HostStates;
  readonly #parts: InvestigationParts;
  /** ids of all that ran when agents were last told; undefined: agents were not told yet */
  #told: string | undefined;
  /** by host: ids of the investigations that were sent to it last */
  readonly #sent = new Map<string, string>();
  readonly #meant = new Map<string, Expression | undefined>();

  constructor(parts: InvestigationParts) {
    this.#parts = parts;
    this.book = new InvestigationsBook(parts.book);
    this.states = new HostStates(parts.store, parts.failed);
  }

  /** Whether the host is one of those that should run the investigation. */
  isMeant({ id, hosts }: Investigation, host_id: string): boolean {
    if (!this.#meant.has(id)) this.#meant.set(id, parseHosts(hosts));
    return isHost(this.#meant.get(id), this.#parts.hostOf(host_id));
  }

  /** Called after any record has changed; mostly that is no investigation. */
  changed(): void {
    if (!this.#parts.book.isRead) return;
    const wanted = this.#wanted(Date.now());
    const ids = idsOf(wanted);
    if (ids === this.#told) return;
    if (this.#told !== undefined) this.#parts.hasten(HASTE_MS);
    this.#told = ids;
    for (const host_id of this.#parts.hosts()) this.#tell(host_id, wanted);
    const left = new Set(wanted.map(({ id }) => id));
    for (const id of this.#meant.keys()) if (!left.has(id)) this.#meant.delete(id);
    this.states.forget((id) => !left.has(id));
  }

  opened(host_id: string): void {
    this.#sent.delete(host_id);
    // Until the store has been read, the wanted investigations are unknown: agents go on as they are.
    if (this.#parts.book.isRead) this.#tell(host_id, this.#wanted(Date.now()));
  }

  closed(host_id: string): void {
    this.#sent.delete(host_id);
  }

  said(host_id: string, told: readonly ToldState[]): void {
    for (const { id, ...state } of told) {
      const investigation = this.book.find(id);
      // Only states of investigations that the host was told to run are taken.
      if (investigation !== undefined && this.isMeant(investigation, host_id))
        this.states.note(id, host_id, state, investigation.kept_until_ms);
    }
  }

  stop(): Promise<void> {
    return this.states.stop();
  }

  #wanted(now_ms: number): Investigation[] {
    return this.book.list().filter(({ ends_ms, stopped_ms }) => stopped_ms === undefined && ends_ms + GRACE_MS > now_ms);
  }

  #tell(host_id: string, all: readonly Investigation[]): void {
    const own = all.filter((one) => this.isMeant(one, host_id) && !this.#isTooMuch(one, host_id));
    const ids = idsOf(own);
    if (this.#sent.get(host_id) === ids) return;
    this.#sent.set(host_id, ids);
    const now_ms = Date.now();
    this.#parts.send(host_id, { type: 'investigations', wanted: own.map((one) => wantedOf(one, now_ms)) });
  }

  /** Whether the host has ended it for safety or budget. A restarted agent has forgotten that, so it is not sent again. */
  #isTooMuch({ id }: Investigation, host_id: string): boolean {
    const state = this.states.own(id, host_id);
    return state?.state === 'ended' && (state.reason === 'safety' || state.reason === 'budget');
  }
}

const idsOf = (investigations: readonly Investigation[]) => investigations.map(({ id }) => id).join();

function wantedOf(investigation: Investigation, now_ms: number): WantedInvestigation {
  const { id, expression, detail, user_stacks = false, rows_per_s, rows_max, ends_ms } = investigation;
  return { id, expression, detail, user_stacks, rows_per_s, rows_max, ends_in_ms: Math.max(0, ends_ms - now_ms) };
}
