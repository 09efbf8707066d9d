// The investigations of this host: begins those that a collector wants, tells every second how far they are, and ends each when its time is
// over, when the collector wants it no more, or when it becomes too much. The kernel knows the end of each, so it holds also while this
// process hangs. When this process ends, all that they have in the kernel goes with it.

import type { Kind } from '../../bpf/rows/rows.gen.ts';
import type { BlackBox, LookBack } from '../black-box/black-box.ts';
import { DETAIL } from '../contract/detail.ts';
import type { End, InvestigationStates, ToldState, WantedInvestigation } from '../contract/investigation.ts';
import { FilterError } from '../contract/language/filter-error.ts';
import type { Names } from '../filter/names.ts';
import type { KernelFilter } from '../filter/parse.ts';
import type { Budget } from '../kernel/budget.ts';
import { AgentError } from '../process/errors.ts';
import type { Log } from '../process/log.ts';
import { programOf } from './program.ts';
import { type Figures, harmOf, LIMITS, type Limits } from './safety.ts';
import type { Slots } from './slots.ts';

const TELL_MS = 1000;
/** How many rows may come at once, as a share of a second's rows. */
const BURST_SHARE = 1 / 5;
const WORDS_CHARS_MAX = 1000;

type Kernel = { slots: Slots; names: () => Names; black_box: BlackBox; add: (kind: Kind, rows: Uint8Array) => void };

export type InvestigationsOptions = {
  /** undefined: rows do not come from a kernel */
  kernel: Kernel | undefined;
  figures: () => Figures;
  limits?: Limits;
  send: (message: InvestigationStates) => void;
  log: Log;
};

type LookedBack = Pick<ToldState, 'looked_back' | 'looks_back_ms'>;
type Running = {
  wanted: WantedInvestigation;
  filter: KernelFilter;
  slot: number;
  end_ms: number;
  other_end: ToldState['other_end'];
  back: LookedBack;
};

const NO_PAST: LookedBack = { looked_back: 0, looks_back_ms: 0 };
const NOTHING_YET = { words: '', slot: 0, other_end: { watched: false, why: '' }, matched: 0, passed: 0, over_budget: 0, ...NO_PAST };

export class Investigations {
  readonly #options: InvestigationsOptions;
  readonly #limits: Limits;
  readonly #running = new Map<string, Running>();
  /** Final states of investigations that the collector still wants, so that they are not begun again. */
  readonly #ended = new Map<string, ToldState>();
  #figures: Figures[] = [];
  #looking: NodeJS.Timeout | undefined;

  constructor(options: InvestigationsOptions) {
    this.#options = options;
    this.#limits = options.limits ?? LIMITS;
  }

  /** Runs these investigations and ends all others. Resolves when those that begin have their rows from the black box. */
  async want(wanted: readonly WantedInvestigation[]): Promise<void> {
    const ids = new Set(wanted.map(({ id }) => id));
    for (const id of this.#running.keys()) if (!ids.has(id)) this.#end(id, 'by_hand');
    const begun = wanted.filter((one) => !this.#running.has(one.id) && !this.#ended.has(one.id) && one.ends_in_ms > 0);
    for (const one of begun) this.#begin(one);
    this.#tell();
    for (const id of this.#ended.keys()) if (!ids.has(id)) this.#ended.delete(id);
    await Promise.all(begun.map(({ id }) => this.#lookBack(this.#running.get(id))));
  }

  /** What runs, and how the others that the collector wants have ended. */
  states(): ToldState[] {
    return [...[...this.#running.values()].map((running) => this.#stateOf(running)), ...this.#ended.values()];
  }

  /** Ends all of them without a message: the end of the channel tells the collector. */
  stop(): void {
    for (const id of [...this.#running.keys()]) this.#end(id, 'host_gone');
  }

  #begin(wanted: WantedInvestigation): void {
    const { id, expression, detail, user_stacks, rows_per_s } = wanted;
    const { log } = this.#options;
    const why = this.#tried(wanted);
    if (why !== undefined) {
      log.warn({ investigation: id, why }, 'an investigation is refused');
      this.#ended.set(id, { id, state: 'ended', reason: 'refused', ...NOTHING_YET, words: why.slice(0, WORDS_CHARS_MAX) });
      return;
    }
    log.info({ investigation: id, expression, detail, user_stacks, rows_per_s }, 'an investigation begins');
    this.#figures = [];
    this.#looking ??= setInterval(() => this.#look(), TELL_MS).unref();
  }

  /** Tries to begin it. Returns why it cannot run here; undefined: it runs. */
  #tried(wanted: WantedInvestigation): string | undefined {
    const { kernel } = this.#options;
    if (kernel === undefined) return 'this agent replays a recording, which cannot be told what to write';
    const end_ms = Date.now() + wanted.ends_in_ms;
    try {
      const { program, filter, other_end } = programOf(wanted, kernel.names(), end_ms);
      const take = () => kernel.slots.take(program, budgetOf(wanted.rows_per_s), wanted);
      let slot = take();
      if (slot === undefined) {
        kernel.black_box.yield();
        slot = take();
      }
      if (slot === undefined) return 'as many investigations run on this host as can at a time: stop one first';
      this.#running.set(wanted.id, { wanted, filter, slot, end_ms, other_end, back: NO_PAST });
      return undefined;
    } catch (error) {
      if (error instanceof FilterError) return error.message;
      if (error instanceof AgentError) return `the kernel refuses it: ${error.message}`;
      throw error;
    }
  }

  /** Gives it its first rows: those that the black box has of it. */
  async #lookBack(running: Running | undefined): Promise<void> {
    const { kernel } = this.#options;
    if (running === undefined || kernel === undefined) return;
    const { wanted, filter, slot } = running;
    const isWanted = () => this.#running.get(wanted.id) === running;
    const found = await kernel.black_box.handOver({ filter, kinds: DETAIL[wanted.detail], slot, give: kernel.add, isWanted });
    if (found.rows === 0) return;
    running.back = backOf(found);
    this.#tell();
  }

  #end(id: string, reason: End, words = ''): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    this.#running.delete(id);
    this.#options.kernel?.slots.free(running.slot);
    // Read only now, when no more rows can pass.
    const last = this.#stateOf(running);
    this.#ended.set(id, { ...last, state: 'ended', reason, words });
    const { passed, over_budget } = last;
    this.#options.log.info({ investigation: id, reason, words, passed, over_budget }, 'an investigation ends');
    if (this.#running.size > 0) return;
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  #stateOf({ wanted: { id }, slot, other_end, back }: Running): ToldState {
    const { matched = 0, passed = 0, over_budget = 0 } = this.#options.kernel?.slots.counters(slot) ?? {};
    return { id, state: 'running', words: '', slot, other_end, matched, passed, over_budget, ...back };
  }

  #look(): void {
    for (const running of [...this.#running.values()]) {
      const { id, rows_max } = running.wanted;
      if (Date.now() >= running.end_ms) this.#end(id, 'time');
      else if (rows_max > 0 && this.#stateOf(running).passed >= rows_max) this.#end(id, 'budget');
    }
    this.#guard();
    this.#tell();
  }

  /** If the load becomes too much, ends the newest: the load of the others was bearable before it. */
  #guard(): void {
    const now = this.#options.figures();
    const words = this.#harm(now);
    const newest = [...this.#running.keys()].at(-1);
    this.#figures =
      words === undefined ? [...this.#figures.filter(({ at_ms }) => at_ms >= now.at_ms - 2 * this.#limits.window_ms), now] : [];
    if (words !== undefined && newest !== undefined) this.#end(newest, 'safety', words);
  }

  #harm(now: Figures): string | undefined {
    const before = this.#figures.findLast(({ at_ms }) => at_ms <= now.at_ms - this.#limits.window_ms);
    return before && harmOf(before, now, this.#limits);
  }

  #tell(): void {
    const states = this.states();
    if (states.length > 0) this.#options.send({ type: 'investigations', states });
  }
}

function backOf({ rows, since_ms }: LookBack): LookedBack {
  return { looked_back: rows, looks_back_ms: since_ms === undefined ? 0 : Math.max(1, Math.round(Date.now() - since_ms)) };
}

function budgetOf(rows_per_s: number): Budget {
  return { rows_per_s, burst: Math.ceil(rows_per_s * BURST_SHARE) };
}
