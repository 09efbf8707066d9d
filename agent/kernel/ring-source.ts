// The running kernel as a source of rows, through the loader.
import { hostname, release } from 'node:os';
import { join } from 'node:path';
import { KIND, type Kind } from '../../bpf/rows/rows.gen.ts';
import type { HookName } from '../contract/settings.ts';
import { HostNames } from '../filter/host-names.ts';
import { restrictProcess } from '../host/privileges.ts';
import { type Round, rounds, WALK_INTERVAL_MS } from '../host/sweep-round.ts';
import { SweepRows } from '../host/sweep-rows.ts';
import { openLoader } from '../loader.ts';
import type { RowSource } from '../source/row-source.ts';
import type { Budget } from './budget.ts';
import type { KernelControls } from './controls.ts';
import { Waker } from './waker.ts';

export const PREBUILT = join(import.meta.dirname, '..', '..', 'bpf', 'prebuilt');

export type KernelOptions = {
  host_id: bigint;
  ring_bytes: number;
  /** the folder with the BPF objects and the loader, if not the committed one */
  prebuilt?: string;
  /** hooks to treat as refused by the kernel */
  refuse?: readonly string[];
  /** write open rows only of connections that a sweep finds alive; of all others the close row tells of the opening, too */
  opens_by_sweep?: boolean;
  /** a kind without one has no limit */
  budgets?: Partial<Record<Kind, Budget>>;
  /** the least time between two walks over the files of all processes, in ms; a sweep begins with one that is due */
  walk_interval_ms?: number;
};

type Sweep = Extract<HookName, 'sample' | 'sample_netns'>;

/** Either of these iterators makes sweeps. */
const isSweep = (name: string): name is Sweep => name === 'sample' || name === 'sample_netns';

/** Walks over files are made more often where only they find connections that have ended while their process keeps the socket. */
const walkInterval = (sweeps: readonly Sweep[]) => (sweeps.includes('sample') ? WALK_INTERVAL_MS : WALK_INTERVAL_MS / 6);

export type KernelSource = RowSource & KernelControls;

/**
 * Opens the kernel source.
 * @throws CannotRunError with what is missing and what to do about it.
 */
export function openKernel(options: KernelOptions): KernelSource {
  const { host_id, ring_bytes, prebuilt = PREBUILT, refuse = [], opens_by_sweep = false, budgets = {}, walk_interval_ms } = options;
  const loader = openLoader({ prebuilt, host_id, ring_bytes, refuse, opens_by_sweep });
  const swept = new SweepRows(loader, host_id);
  const sweeps = loader.hooks.flatMap(({ name, attached }) => (attached && isSweep(name) ? name : []));
  const nextRound = rounds({ ...loader, sweep: (path, first) => swept.look(path, first) }, walk_interval_ms ?? walkInterval(sweeps));
  let round: Round = { entered: [], refused: [] };
  const limit = (wanted: Partial<Readonly<Record<Kind, Budget>>>) => {
    for (const kind of KIND) if (wanted[kind] !== undefined) loader.filters.budget(kind, wanted[kind]);
  };

  try {
    limit(budgets);
  } catch (error) {
    loader.close();
    throw error;
  }
  const descriptor = loader.waker();
  const waker = descriptor === undefined ? undefined : new Waker(descriptor);
  const sweep = () => {
    if (sweeps.length > 0) round = nextRound();
  };
  const drain = (kind: Kind, into: Uint8Array) => {
    if (kind === 'namespace') return swept.drain(into);
    const bytes = loader.drain(kind, into);
    loader.names.fill(kind, into.subarray(0, bytes));
    if (kind === 'listener') swept.complete(into.subarray(0, bytes));
    return bytes;
  };
  /** The namespaces of the last sweep; makes the first one if there was none. */
  const entered = () => {
    if (round.entered.length === 0) sweep();
    return round.entered;
  };

  return {
    host_id,
    host: { name: hostname(), kernel: release() },
    notices: [],
    waits: false,
    drain,
    sweeping: () => swept.isUnderWay(),
    sweep,
    counters: () => swept.counters(loader.counters()),
    filters: { ...loader.filters, budgets: limit, names: () => new HostNames(loader.names.reasons(), entered) },
    tally: { ...loader.tally, reasonOf: (kind, code) => loader.names.reasonOf(kind, code) },
    hooks: () => loader.hooks,
    fields: () => loader.fields,
    misses: () => loader.misses(),
    netns: () => round.entered,
    netns_refused: () => round.refused,
    // Without the waker's thread nobody can tell when a row comes.
    onceRows: (callback) => (waker === undefined ? callback() : waker.once(callback)),
    restrict: (own_netns) => restrictProcess(loader, own_netns),
    ended: () => false,
    close() {
      waker?.close();
      loader.close();
    },
  };
}
