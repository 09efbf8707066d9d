// States of investigations that agents of this collector report: kept in memory, and stored once a second for all collectors.

import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { HostState } from '../../agent/contract/investigation.ts';
import { object } from '../api/schema.ts';
import type { Queryable } from '../storage/engine.ts';
import { hostStatesOf } from '../storage/investigation-hosts.ts';
import type { Store } from '../storage/store.ts';
import type { Heard } from './host-state.ts';

const WRITE_MS = 1000;
const Body = object({ state: HostState, since_ms: Type.Integer({ minimum: 0 }) });
const BODY = Compile(Body);

type Own = { investigation: string; host_id: string; state: HostState; since_ms: number; at_ms: number; kept_until_ms: number };

export class HostStates {
  readonly #store: Pick<Store, 'query' | 'insertHostStates'>;
  readonly #failed: (error: unknown) => void;
  readonly #own = new Map<string, Own>();
  readonly #unwritten = new Set<string>();
  #writing: NodeJS.Timeout | undefined;

  constructor(store: Pick<Store, 'query' | 'insertHostStates'>, failed: (error: unknown) => void) {
    this.#store = store;
    this.#failed = failed;
  }

  /** The state that the host's agent has reported to this collector. */
  own(investigation: string, host_id: string): HostState | undefined {
    return this.#own.get(keyOf(investigation, host_id))?.state;
  }

  /** @param kept_until_ms until when the state has to be stored; 0: for ever */
  note(investigation: string, host_id: string, state: HostState, kept_until_ms: number): void {
    const key = keyOf(investigation, host_id);
    const before = this.#own.get(key);
    const at_ms = Date.now();
    // An ended investigation does not change any more, so this state is written only once.
    if (before?.state.state === 'ended' && JSON.stringify(before.state) === JSON.stringify(state)) return;
    const since_ms = before?.state.state === state.state ? before.since_ms : at_ms;
    this.#own.set(key, { investigation, host_id, state, since_ms, at_ms, kept_until_ms });
    this.#unwritten.add(key);
    this.#writeLater();
  }

  /** The states at hosts of all collectors, by host id. @param store where to read those of other collectors. @param most limit of hosts */
  async of(store: Queryable, investigation: string, most: number): Promise<Map<string, Heard>> {
    const found = new Map<string, Heard>();
    for (const { host_id, body, age_ms } of await hostStatesOf(store, investigation, most)) {
      const heard = bodyIn(body);
      if (heard !== undefined) found.set(host_id, { ...heard, age_ms });
    }
    const now_ms = Date.now();
    for (const { host_id, state, since_ms, at_ms } of this.#own.values().filter((own) => own.investigation === investigation)) {
      const age_ms = now_ms - at_ms;
      const stored = found.get(host_id);
      // If the host has moved to another collector, that one's state is the newer one.
      if (stored === undefined || age_ms <= stored.age_ms) found.set(host_id, { state, since_ms, age_ms });
    }
    return found;
  }

  /** Drops the states of investigations that have ended, except those that are not stored yet. */
  forget(isOver: (investigation: string) => boolean): void {
    for (const [key, { investigation }] of this.#own) if (!this.#unwritten.has(key) && isOver(investigation)) this.#own.delete(key);
  }

  async stop(): Promise<void> {
    clearTimeout(this.#writing);
    await this.#write().catch(this.#failed);
  }

  #writeLater(): void {
    this.#writing ??= setTimeout(() => {
      this.#writing = undefined;
      this.#write().catch((error: unknown) => {
        this.#failed(error);
        // An agent reports an end only once, so the write is tried again until the store takes it.
        this.#writeLater();
      });
    }, WRITE_MS).unref();
  }

  async #write(): Promise<void> {
    const states = [...this.#unwritten].flatMap((key) => this.#own.get(key) ?? []);
    await this.#store.insertHostStates(
      states.map(({ investigation, host_id, state, since_ms, kept_until_ms }) => ({
        investigation,
        host_id,
        body: JSON.stringify({ state, since_ms }),
        ends_ms: kept_until_ms,
      })),
    );
    for (const own of states) {
      const key = keyOf(own.investigation, own.host_id);
      if (this.#own.get(key) === own) this.#unwritten.delete(key);
    }
  }
}

const keyOf = (investigation: string, host_id: string) => `${investigation} ${host_id}`;

function bodyIn(text: string): Pick<Heard, 'state' | 'since_ms'> | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return BODY.Check(body) ? body : undefined;
  } catch {
    return undefined;
  }
}
