// Deletes a host: its credential, and on request all that is stored of it.
import { Refusal } from '../errors.ts';
import { decimal } from '../storage/accounting.ts';
import type { Store } from '../storage/store.ts';
import { type Agents, SILENT_MS } from './agents.ts';
import type { LastHeard } from './last-heard.ts';

export class HostRemoval {
  readonly #store: Pick<Store, 'removeHost'>;
  readonly #agents: Pick<Agents, 'list' | 'remove'>;
  readonly #heard: Pick<LastHeard, 'of'>;

  constructor(store: Pick<Store, 'removeHost'>, agents: Pick<Agents, 'list' | 'remove'>, heard: Pick<LastHeard, 'of'>) {
    this.#store = store;
    this.#agents = agents;
    this.#heard = heard;
  }

  /** Removes the credential: the host can send no more. Its rows stay. @throws Refusal `not_found` where it has not joined */
  forget(host_id: string): Promise<void> {
    return this.#agents.remove(host_id);
  }

  /**
   * Removes the credential and all rows, also of hosts that never joined. Refused while the host reports: rows on their way would bring it
   * back.
   * @throws Refusal `not_found`, `host_reports`
   */
  async remove(host_id: string, now_ms: number): Promise<void> {
    const hasJoined = this.#agents.list().some((agent) => agent.host_id === host_id);
    const heard_ms = await this.#heard.of(host_id);
    if (!hasJoined && heard_ms === 0) throw new Refusal('not_found', `no host with the id ${host_id} has joined or reported`);
    const ago_ms = now_ms - heard_ms;
    if (ago_ms < SILENT_MS) throw new Refusal('host_reports', stillThere(host_id, ago_ms));
    if (hasJoined) await this.#agents.remove(host_id);
    await this.#store.removeHost(decimal(host_id));
  }
}

function stillThere(host_id: string, ago_ms: number): string {
  return `host ${host_id} was heard ${Math.max(0, Math.round(ago_ms / 1000))} s ago: revoke it or stop its agent, and delete it ${SILENT_MS / 1000} s after its last report`;
}
