// Watches how agents of this collector take a rollout, and moves the rollout on, or back. Every collector of the store watches its own
// agents. A trouble that one of them finds is stored as a record, so that all collectors see it.
import type { RowsSoFar } from '../../agent/contract/control.ts';
import type { RecordBook } from '../access/record-book.ts';
import type { RolloutRecord } from '../access/records.ts';
import type { AgentStates } from './agent-states.ts';
import { type Facts, harmOf, isUnderWay, type Rows, step } from './rollout.ts';
import type { SettingsBook } from './settings-book.ts';

const LOOK_MS = 500;
/** An agent whose channel closed during a rollout and that is not back after this time counts as silent. */
export const BACK_MS = 15_000;
/** For so long the troubles of a rollout are kept. */
const TROUBLE_KEPT_MS = 7 * 24 * 3600 * 1000;

/** `before`: the host's counts of rows when the change came. `closed_ms`: when its channel closed; 0: it is open. */
type Watched = { version: number; before: Rows | undefined; closed_ms: number };

export class RolloutWatch {
  readonly #settings: SettingsBook;
  readonly #book: RecordBook;
  readonly #states: AgentStates;
  readonly #failed: (error: unknown) => void;
  readonly #watched = new Map<string, Watched>();
  #looking: NodeJS.Timeout | undefined;
  #isLooking = false;

  constructor(settings: SettingsBook, book: RecordBook, states: AgentStates, failed: (error: unknown) => void) {
    this.#settings = settings;
    this.#book = book;
    this.#states = states;
    this.#failed = failed;
  }

  start(): void {
    this.#looking ??= setInterval(() => void this.#look(), LOOK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#looking);
  }

  /** The host is being told to take this version: it is watched from now on. */
  begins(host_id: string, version: number): void {
    if (this.#watched.get(host_id)?.version !== version) this.#watched.set(host_id, { version, before: undefined, closed_ms: 0 });
  }

  opened(host_id: string): void {
    const watched = this.#watched.get(host_id);
    if (watched) watched.closed_ms = 0;
  }

  closed(host_id: string): void {
    const watched = this.#watched.get(host_id);
    if (watched) watched.closed_ms = Date.now();
  }

  /** The first counts that an agent sends with a version are the baseline: these rows were made before the change. */
  counted(host_id: string, { version, seen, lost, withheld }: RowsSoFar): void {
    const watched = this.#watched.get(host_id);
    const { rollout } = this.#settings;
    if (watched?.version !== version || rollout?.version !== version || !isUnderWay(rollout)) return;
    const now = { seen, lost, withheld };
    watched.before ??= now;
    const why = harmOf(watched.before, now, rollout.accept_loss);
    if (why !== undefined) this.#trouble(rollout, host_id, why);
  }

  #trouble({ version }: RolloutRecord, host_id: string, why: string): void {
    const id = `${version}.${host_id}`;
    if (this.#book.get('rollout_trouble', id) !== undefined) return;
    const now_ms = Date.now();
    this.#book.put('rollout_trouble', id, { host_id, why, at_ms: now_ms }, now_ms + TROUBLE_KEPT_MS).catch(this.#failed);
  }

  async #look(): Promise<void> {
    const { rollout } = this.#settings;
    if (rollout === undefined || !isUnderWay(rollout) || this.#isLooking) return;
    this.#isLooking = true;
    try {
      this.#noteSilent(rollout);
      const next = step(rollout, this.#facts(rollout), Date.now());
      if (next !== rollout) await this.#settings.move(next);
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#isLooking = false;
    }
  }

  #noteSilent(rollout: RolloutRecord): void {
    for (const [host_id, { version, closed_ms }] of this.#watched) {
      if (version !== rollout.version || closed_ms === 0 || Date.now() - closed_ms < BACK_MS) continue;
      // The agent may have said hello to another collector meanwhile.
      const came_ms = this.#states.get(host_id)?.at_ms ?? 0;
      if (came_ms < closed_ms) this.#trouble(rollout, host_id, 'has fallen silent since');
    }
  }

  #facts({ version, first }: RolloutRecord): Facts {
    const prefix = `${version}.`;
    const troubles = [...this.#book.all('rollout_trouble')]
      .filter(([id]) => id.startsWith(prefix))
      .map(([, { host_id, why }]) => ({ host: this.#settings.nameOf(host_id), why }));
    const late = first.filter((host_id) => this.#states.get(host_id)?.version !== version);
    return { troubles, late: late.map((host_id) => this.#settings.nameOf(host_id)) };
  }
}
