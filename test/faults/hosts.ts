// The agents of a run: each host's agent starts again and again, each time with rows of its own and with what earlier ones left.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../support/project-files.ts';
import { Actor } from './actor.ts';
import { keepBusy } from './busy.ts';
import { Dice } from './dice.ts';
import type { AgentPlan } from './schedule.ts';
import { makeTape, type Tape } from './tape.ts';

/** The number in place of a tape's for rows of this kernel, which are on no tape. */
export const KERNEL = 0;

/** A tape, and how it was played. */
export type Played = Tape & { host_id: string; ended: 'to the end' | 'stopped' | 'killed' };

export type HostOptions = {
  plan: AgentPlan;
  index: number;
  seed: number;
  directory: string;
  spool: string;
  collector: string;
  env: Record<string, string>;
};

/** How long beyond its tape's length an agent may take until it ends. */
const END_MS = 25_000;

export class Host {
  readonly actor: Actor;
  readonly spool: string;
  readonly played: Played[] = [];
  /** its clock was set back: it would wait for as long before its tape goes on */
  waits = false;
  readonly #options: HostOptions;
  #tapes = 0;
  #traffic: { stop(): void } | undefined;

  constructor(options: HostOptions) {
    const { index, directory, spool } = options;
    this.actor = new Actor(`agent ${index}`, join(directory, `agent-${index}.log`));
    this.spool = spool;
    this.#options = options;
  }

  /** Starts the agent; the run before must have ended. @param share of the planned rows that its tape has */
  start(share: number): void {
    const { plan, spool, collector, env } = this.#options;
    this.#note();
    const source = plan.source === 'kernel' && share > 0 ? this.#watch() : this.#play(share);
    const args = ['agent', ...source, '--host-id', plan.host_id, '--collector', collector, '--metrics', 'none', '--interval', '1s'];
    this.actor.start({ file: join(root, 'tcplens'), args: [...args, '--spool', spool, '--exit-with-parent'], env });
    this.waits = false;
  }

  #play(share: number): string[] {
    const { plan, index, seed, directory } = this.#options;
    const number = (index + 1) * 100 + this.#tapes++;
    const [rows, length_ms] = [Math.round(plan.rows * share), Math.round(plan.length_ms * share)];
    const tape = makeTape(new Dice(seed ^ (number * 0x9e37)), { number, host_id: plan.host_id, rows, length_ms, directory });
    this.played.push({ ...tape, host_id: plan.host_id, ended: 'killed' });
    return ['--replay', tape.file];
  }

  #watch(): string[] {
    this.#traffic ??= keepBusy();
    return [];
  }

  /** Waits until it has played to the end, or stops it where it would not get there. @returns what is wrong about its end; '' if nothing */
  async finish(): Promise<string> {
    if (this.#traffic) return this.#stopWatching();
    const code = this.waits ? undefined : await this.actor.ended(this.#options.plan.length_ms + END_MS);
    const last = this.played.at(-1);
    if (code === undefined && last) last.ended = 'stopped';
    const at_last = code ?? (await this.#stop());
    this.#note();
    return at_last === 0 || this.actor.killed ? '' : `${this.actor.name} ended with ${at_last}`;
  }

  /** How the last tape's agent has ended, if by itself. */
  #note(): void {
    const last = this.played.at(-1);
    if (last?.ended === 'killed' && this.actor.code === 0) last.ended = 'to the end';
  }

  async #stopWatching(): Promise<string> {
    await this.actor.started();
    await sleep(this.#options.plan.length_ms);
    this.#traffic?.stop();
    this.#traffic = undefined;
    const code = await this.#stop();
    return code === 0 ? '' : `${this.actor.name} ended with ${code}`;
  }

  async #stop(): Promise<number | undefined> {
    await this.actor.started();
    return this.actor.stop();
  }

  close(): void {
    this.#traffic?.stop();
  }
}
