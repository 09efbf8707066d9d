// The audit: who did what from where, also what was refused. An entry that the store does not take is logged and counted; the action goes
// on.
import type { FastifyRequest } from 'fastify';
import { TcplensError } from '../../agent/process/errors.ts';
import type { AuditEntry } from '../storage/audit.ts';
import type { Store } from '../storage/store.ts';
import { addressOf } from './peer.ts';
import { NOBODY, type Principal } from './principal.ts';

/** Actions that the audit can have. */
export const AUDITED = [
  'agent_join',
  'agent_rejoin',
  'agent_revoke',
  'agent_remove',
  'collector_forget',
  'enrolment_make',
  'enrolment_revoke',
  'investigation_download',
  'investigation_remove',
  'investigation_start',
  'investigation_stop',
  'link_open',
  'login',
  'logout',
  'password_change',
  'retention_change',
  'session_end',
  'settings_change',
  'settings_rollback',
  'snapshot',
  'token_make',
  'token_revoke',
  'user_add',
  'user_change',
  'user_remove',
  'view_remove',
  'view_save',
] as const;
export type Audited = (typeof AUDITED)[number];
export type Doing = { action: Audited; target: string; detail?: string };

/** Entries that may wait for the store; beyond this number the oldest are dropped. */
export const WAITING_MAX = 10_000;

export class Audit {
  readonly #store: Pick<Store, 'insertAudit'>;
  readonly #lost: (entries: number, error: unknown) => void;
  #waiting: AuditEntry[] = [];
  #writing: Promise<void> = Promise.resolve();

  /** @param lost is called with the number of entries that were dropped */
  constructor(store: Pick<Store, 'insertAudit'>, lost: (entries: number, error: unknown) => void) {
    this.#store = store;
    this.#lost = lost;
  }

  /** Runs `work` and notes whether it succeeded or was refused. */
  async of<Result>(request: FastifyRequest, doing: Doing, work: () => Promise<Result>): Promise<Result> {
    try {
      const result = await work();
      this.note(request, doing, 'done');
      return result;
    } catch (error) {
      this.note(request, doing, error instanceof TcplensError ? error.code : 'internal');
      throw error;
    }
  }

  /** @param who the principal, where that is known better than by the credential of the request */
  note(request: FastifyRequest, { action, target, detail = '' }: Doing, outcome: string, who: Principal = request.who ?? NOBODY): void {
    const { name: actor, kind: actor_kind, role = '' } = who;
    this.#waiting.push({ at_ms: Date.now(), actor, actor_kind, role, address: addressOf(request), action, target, outcome, detail });
    if (this.#waiting.length > WAITING_MAX) {
      this.#waiting.shift();
      this.#lost(1, undefined);
    }
    this.#writing = this.#writing.then(() => this.#write());
  }

  /** Resolves when the waiting entries are written, or the write has failed. */
  async stop(): Promise<void> {
    await this.#writing;
    if (this.#waiting.length > 0) await this.#write();
    if (this.#waiting.length > 0) this.#lost(this.#waiting.length, undefined);
  }

  /** Writes the waiting entries. Those that the store does not take are tried again with the next entry. */
  async #write(): Promise<void> {
    const entries = this.#waiting;
    if (entries.length === 0) return;
    this.#waiting = [];
    try {
      await this.#store.insertAudit(entries);
    } catch (error) {
      const all = [...entries, ...this.#waiting];
      const given_up = Math.max(0, all.length - WAITING_MAX);
      this.#waiting = all.slice(given_up);
      this.#lost(given_up, error);
    }
  }
}
