// The control of agents. Each agent keeps a WebSocket open to one collector and is told on it what to do. The wanted settings and
// investigations are records that all collectors of the store share; the open channels and the agents' messages are known only to the
// collector that has them.
import type { AgentHello, FromAgent } from '../agent/contract/control.ts';
import type { HostFacts } from '../agent/contract/language/hosts.ts';
import type { RolloutRecord } from './access/records.ts';
import type { Access } from './access.ts';
import { AgentStates } from './control/agent-states.ts';
import { AgentChannels } from './control/channels.ts';
import { isUnderWay } from './control/rollout.ts';
import { BACK_MS, RolloutWatch } from './control/rollout-watch.ts';
import { SettingsBook } from './control/settings-book.ts';
import type { HostNames } from './host-names.ts';
import type { App } from './http.ts';
import { Investigations } from './investigations.ts';
import { LIMITS } from './limits.ts';
import type { Store } from './storage/store.ts';

export type ControlParts = {
  access: Access;
  store: Pick<Store, 'query' | 'insertHostStates'>;
  hostNames: HostNames;
  /** For so long rows are inserted more often, so that they are seen sooner; that costs more inserts. */
  hasten: (for_ms: number) => void;
  /** an agent sent a message that it may not send */
  refused: (host_id: string, why: string) => void;
  failed: (error: unknown) => void;
};

export class Control {
  readonly settings: SettingsBook;
  readonly channels: AgentChannels;
  readonly investigations: Investigations;
  readonly access: Access;
  readonly #parts: ControlParts;
  readonly #watch: RolloutWatch;
  readonly states: AgentStates;
  /** The rollout that agents were last told of. undefined: they were not told yet. */
  #told: { rollout: RolloutRecord | undefined } | undefined;
  /** By host: the settings that were sent last, as text. */
  readonly #sent = new Map<string, string>();

  constructor(parts: ControlParts) {
    const { access, store, hasten, refused, failed } = parts;
    this.#parts = parts;
    this.access = access;
    this.states = new AgentStates(access.book, failed);
    this.settings = new SettingsBook(access.book, access.agents, this.states);
    this.#watch = new RolloutWatch(this.settings, access.book, this.states, failed);
    this.channels = new AgentChannels({
      opened: (host_id, hello) => this.#opened(host_id, hello),
      said: (host_id, message) => this.#said(host_id, message),
      closed: (host_id) => this.#closed(host_id),
      refused,
    });
    this.investigations = new Investigations({
      book: access.book,
      store,
      hostOf: this.hostOf,
      hosts: () => this.channels.hosts(),
      send: (host_id, message) => this.channels.send(host_id, message),
      hasten,
      failed,
    });
  }

  register(app: App): void {
    const { book } = this.#parts.access;
    this.channels.register(app);
    book.watch(() => {
      this.channels.recheck((host_id) => this.#isIn(host_id));
      this.investigations.changed();
      // Any record may have changed. The settings depend on this one only.
      const { rollout } = this.settings;
      if (this.#told !== undefined && this.#told.rollout === rollout) return;
      if (book.isRead) this.#told = { rollout };
      for (const host_id of this.channels.hosts()) this.#tell(host_id);
    });
    this.#watch.start();
  }

  #isIn(host_id: string): boolean {
    const record = this.#parts.access.book.get('agent', host_id);
    return record !== undefined && record.revoked_ms === undefined;
  }

  /** Hosts that can take a change now: they have a channel here, or have lately reported to another collector. */
  async present(now_ms: number): Promise<Set<string>> {
    const { heard } = this.#parts.access;
    // Without the store only hosts with a channel here are known to run.
    const lately = await heard.since(now_ms - 4 * BACK_MS).catch(() => new Set<string>());
    const known = [...this.states.all()].map(([host_id]) => host_id);
    return new Set([...this.channels.hosts(), ...known.filter((host_id) => lately.has(host_id))]);
  }

  /** Name and labels of a host; also of one that never joined. */
  hostOf = (host_id: string): HostFacts => {
    const { name, ...subject } = this.settings.subject(host_id);
    return { ...subject, name: name || this.#parts.hostNames.get(BigInt(`0x${host_id}`)) };
  };

  /**
   * Closes the channels. Resolves when the states of investigations are written; agents repeat what they said of settings in their next
   * hello.
   */
  async stop(): Promise<void> {
    this.#watch.stop();
    this.states.stop();
    this.channels.stop();
    await this.investigations.stop();
  }

  #opened(host_id: string, { agent_version, known, version, in_force }: AgentHello): void {
    this.#learn(agent_version, known);
    this.states.note(host_id, { agent_version, version, in_force, at_ms: Date.now() });
    this.#sent.delete(host_id);
    this.#watch.opened(host_id);
    this.#tell(host_id);
    this.investigations.opened(host_id);
  }

  /** Keeps the settings that agents of a version know. The number of versions is limited, as an agent can claim any version. */
  #learn(agent_version: string, known: AgentHello['known']): void {
    const { access, failed } = this.#parts;
    const before = access.book.get('agent_version', agent_version);
    if (JSON.stringify(before?.known) === JSON.stringify(known)) return;
    const count = [...access.book.all('agent_version')].length;
    if (before !== undefined || count < LIMITS.agent_versions.number)
      access.book.put('agent_version', agent_version, { known }).catch(failed);
  }

  #said(host_id: string, message: Exclude<FromAgent, AgentHello>): void {
    switch (message.type) {
      case 'rows':
        this.#watch.counted(host_id, message);
        break;
      case 'investigations':
        this.investigations.said(host_id, message.states);
        break;
      case 'in_force': {
        const state = this.states.get(host_id);
        const { version, in_force } = message;
        if (state !== undefined) this.states.note(host_id, { ...state, version, in_force });
      }
    }
  }

  #closed(host_id: string): void {
    this.#sent.delete(host_id);
    this.#watch.closed(host_id);
    this.investigations.closed(host_id);
  }

  /** Sends the host its settings, unless they were sent last. */
  #tell(host_id: string): void {
    // Until the store has been read, the wanted settings are unknown: agents keep what they have.
    if (!this.#parts.access.book.isRead) return;
    const { rollout } = this.settings;
    const wanted = this.settings.wantedBy(host_id);
    const isWatched = rollout !== undefined && isUnderWay(rollout) && wanted.version === rollout.version;
    if (isWatched) this.#watch.begins(host_id, wanted.version);
    const text = JSON.stringify([wanted, isWatched && rollout.stage]);
    if (this.#sent.get(host_id) === text) return;
    this.#sent.set(host_id, text);
    this.channels.send(host_id, { type: 'settings', ...wanted, watch_ms: isWatched ? rollout.watch_ms : 0 });
  }
}
