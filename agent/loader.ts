// What the loader does, in the agent's own terms.
import { getSystemErrorName } from 'node:util';
import { COUNTERS, FILTER_COUNTERS, type FilterCounters, KIND, KINDS, type Kind, type KindCounters } from '../bpf/rows/rows.gen.ts';
import type { DetailKind } from './contract/detail.ts';
import { hex64 } from './contract/hex64.ts';
import { type KernelTypes, readKernelTypes } from './host/kernel-btf.ts';
import { HOLDER_BYTES, type NetnsHolder, readHolders } from './host/netns-holder.ts';
import { RowNames } from './host/row-names.ts';
import type { NetnsLook } from './host/sweep-counters.ts';
import type { Lifetimes } from './host/sweep-unseen.ts';
import type { Budget } from './kernel/budget.ts';
import { attachHooks, type HookOptions } from './loader-hooks.ts';
import { call, openLibrary } from './loader-library.ts';
import {
  LIFETIMES,
  LOOK_BYTES_MAX,
  MAP_BYTES_MAX,
  parseMisses,
  type Report,
  readFilterCounters,
  readLook,
  readSwept,
  SWEPT_BYTES,
  type Swept,
  sumsOf,
} from './loader-values.ts';
import { AgentError, CannotRunError } from './process/errors.ts';

const REPORT_BYTES = 16 * 1024;
const HOLDERS_MAX = 4096; // as many namespaces as one sweep takes

export type LoaderOptions = HookOptions;

/** What the kernel side can do, once it is open. One a process. */
export type Loader = ReturnType<typeof openLoader>;

function attach(options: HookOptions, kernel: KernelTypes | undefined): Report {
  const report = attachHooks(options, kernel);
  if (!report.hooks.some(({ attached }) => attached)) {
    call('loader__close');
    const reasons = report.hooks.map(({ name, reason }) => `  ${name}: ${reason}`).join('\n');
    throw new CannotRunError('no_hook', `this kernel refused every hook:\n${reasons}\nRun tcplens check for what is missing.`);
  }
  const result = call('loader__start');
  if (result < 0) {
    call('loader__close');
    throw new CannotRunError('loader_open', `the kernel side does not open: ${getSystemErrorName(result)}`);
  }
  return report;
}

function must(what: string, result: number): void {
  if (result < 0) throw new AgentError('filter', `${what} failed: ${getSystemErrorName(result)}`);
}

/** Filters and budgets, changed while the programs run. Each throws AgentError when the kernel refuses. */
const filterCalls = {
  /** `program` is a `struct filter`; it replaces what is in the slot, whose counters are gone with it. */
  set(slot: number, program: Uint8Array, { rows_per_s, burst }: Budget, only_details = false): void {
    must(`setting filter ${slot}`, call('loader__filter', slot, program, program.length, rows_per_s, burst, only_details ? 1 : 0));
  },

  clear(slot: number): void {
    must(`taking filter ${slot} away`, call('loader__filter_clear', slot));
  },

  /** Whether only rows that a live filter wants are written, or all. */
  exclusive(on: boolean): void {
    must('changing what is written', call('loader__filter_mode', on ? 1 : 0));
  },

  /** Makes the filter in slot FILTER_SCOPE the scope: rows outside of it are not written, whatever other filters say. */
  scope(): void {
    must('setting the scope', call('loader__filter_scope'));
  },

  /** Has rows of the kind written for what the filters in these slots want, a bit each; at 0 its programs are detached. */
  detail(kind: DetailKind, slots: number): void {
    must(`asking for ${kind} rows`, call('loader__detail', KINDS[kind].index, slots));
  },

  /** Has the stacks of these slots, a bit each, also say the process's own. */
  userStacks(slots: number): void {
    must('asking for stacks of processes', call('loader__user_stacks', slots));
  },

  /** Since the filter was set; `expired` once its end has passed. */
  counters(slot: number): FilterCounters & { expired: boolean } {
    const bytes = Buffer.alloc(FILTER_COUNTERS.length * 8);
    const result = call('loader__filter_counters', slot, bytes, bytes.length);
    must(`reading filter ${slot}`, result);
    return { ...readFilterCounters(bytes), expired: result === 1 };
  },

  /** What a kind may write when no filter wants the row. */
  budget(kind: Kind, { rows_per_s, burst }: Budget): void {
    must(`setting the budget of ${kind}`, call('loader__budget', KINDS[kind].index, rows_per_s, burst));
  },
};

/** Calls that keep the cost and the rights of this process down. */
const guestCalls = {
  /**
   * Descriptor of a socket: for each byte written there, one comes back as soon as a ring holds a row. The caller closes
   * it. Undefined where that thread cannot be had.
   */
  waker(): number | undefined {
    const descriptor = call('loader__waker');
    return descriptor < 0 ? undefined : descriptor;
  },

  /** Whether the calls above still work with these capabilities alone, a bit each. */
  suffices(capabilities: bigint): boolean {
    return call('loader__suffices', hex64(capabilities)) === 0;
  },

  /**
   * Gives up all other capabilities, in every thread and for good. Returns the number of threads.
   * @throws AgentError when one of them kept more
   */
  restrict(capabilities: bigint): number {
    const threads = call('loader__restrict', hex64(capabilities));
    if (threads > 0) return threads;
    throw new AgentError('privileges', `cannot give up capabilities: ${getSystemErrorName(threads)}; does a security module forbid it?`);
  },
};

const looked = Buffer.alloc(LOOK_BYTES_MAX);
const holders = Buffer.alloc(HOLDERS_MAX * HOLDER_BYTES);
const misses = Buffer.alloc(REPORT_BYTES);
const swept = Buffer.alloc(SWEPT_BYTES);
const key = Buffer.alloc(8);
const value = Buffer.alloc(MAP_BYTES_MAX);

/** An element of a map by its number; empty where there is none. */
function readMap(name: string, number: number): Buffer {
  key.writeUInt32LE(number);
  return value.subarray(0, Math.max(0, call('loader__map', name, key, value, value.length)));
}

/** Rows out of the kernel, and what became of them. */
const rowCalls = {
  /**
   * Whole rows of one kind into `into`; returns bytes, 0 when nothing waits.
   * @throws AgentError when the ring holds what is no row of this kind
   */
  drain(kind: Kind, into: Uint8Array): number {
    const bytes = call('loader__drain', KINDS[kind].index, into, into.byteLength);
    if (bytes < 0) throw new AgentError('drain', `draining ${kind} rows failed: ${getSystemErrorName(bytes)}`);
    return bytes;
  },

  /** Opens the sweep of one namespace, `first` in a round. Returns the errno's name where it is gone or may not be entered. */
  sweep(netnsPath: string, first: boolean): NetnsLook | string {
    const result = call('loader__sweep', netnsPath, first ? 1 : 0, looked, looked.length);
    return result < 0 ? getSystemErrorName(result) : readLook(looked.subarray(0, result));
  },

  /** Has the sweep meet the sockets that the namespace has by now. Does nothing where the namespace has gone. */
  meet(netnsPath: string): void {
    call('loader__meet', netnsPath);
  },

  /** Events of each hook that reached no program because its processor was in it already. */
  misses(): ReadonlyMap<string, number> {
    const bytes = call('loader__misses', misses, misses.length);
    return parseMisses(misses.toString('utf8', 0, Math.max(0, bytes)));
  },

  /** Whether a sweep has more samples, even if a drain found none for now; and figures of the sweeps that have ended. */
  sweeping(): Swept {
    const more = call('loader__sweeping', swept, swept.length) > 0;
    return { more, ...readSwept(swept) };
  },

  /** The counters of each kind since the programs were loaded, as far as the programs count. */
  counters(): Record<Kind, KindCounters> {
    const of = (kind: Kind) => sumsOf(readMap('counters', KINDS[kind].index), COUNTERS);
    return Object.fromEntries(KIND.map((kind) => [kind, of(kind)])) as Record<Kind, KindCounters>;
  },

  lifetimes(): Lifetimes {
    return sumsOf(readMap('lifetimes', 0), LIFETIMES);
  },
};

/** Rows added up while they are taken out, by a tally program (bpf/rows/tally_program.h). Each throws AgentError where that fails. */
const tallyCalls = {
  /** Counts by a `struct tally_program` from now on. */
  start(program: Uint8Array): void {
    const result = call('loader__tally', program, program.length);
    if (result < 0) throw new AgentError('tally', `counting rows failed: ${getSystemErrorName(result)}`);
  },

  /** `struct tally_group`s from number `from` on, as many as fit into `into`; returns bytes. */
  groups(from: number, into: Uint8Array): number {
    const bytes = call('loader__tallied', from, into, into.length);
    if (bytes < 0) throw new AgentError('tally', `rows are counted no more: ${getSystemErrorName(bytes)}`);
    return bytes;
  },

  /** From now on the loader itself takes rows of events out of the rings, every `interval_ms`, and only counts them. */
  countAlone(interval_ms: number): void {
    const result = call('loader__count', interval_ms);
    if (result < 0) throw new AgentError('tally', `counting rows failed: ${getSystemErrorName(result)}`);
  },
};

/** Calls that look at the whole host. */
const hostCalls = {
  /** Walks the files of all processes for the owners of sockets. Returns the namespaces that are open there. */
  walk(): NetnsHolder[] {
    return readHolders(holders.subarray(0, Math.max(0, call('loader__walk', holders, holders.length))));
  },

  /** Counts processes that have renamed themselves. */
  renames(): number {
    return sumsOf(readMap('renames', 0), ['renames']).renames;
  },

  /** The network namespaces that tasks are in, each by one of them. */
  namespaces(): NetnsHolder[] {
    return readHolders(holders.subarray(0, Math.max(0, call('loader__namespaces', holders, holders.length))));
  },
};

/**
 * Loads and attaches everything that the kernel allows.
 * @throws CannotRunError when the library cannot be used here, its rows are not ours, or no hook is left.
 */
export function openLoader(options: LoaderOptions) {
  openLibrary(options.prebuilt);
  const kernel = readKernelTypes();
  const report = attach(options, kernel);
  const names = new RowNames(kernel);
  // This walk finds the owners of sockets that are older than the programs.
  hostCalls.walk();
  return {
    ...report,
    ...rowCalls,
    ...hostCalls,
    ...guestCalls,
    filters: filterCalls,
    tally: tallyCalls,
    names,
    close(): void {
      names.close();
      call('loader__close');
    },
  };
}
