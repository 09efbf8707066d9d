// The kernel source beside some traffic: every row that was drained while it ran, decoded.

import { eachKind } from '../../agent/accounts/ledger.ts';
import { DETAIL_KINDS } from '../../agent/contract/detail.ts';
import { compileFilter } from '../../agent/filter/compile.ts';
import { parseFilter } from '../../agent/filter/parse.ts';
import { NO_LIMIT } from '../../agent/kernel/budget.ts';
import type { KernelFilters } from '../../agent/kernel/controls.ts';
import { type KernelOptions, openKernel } from '../../agent/kernel/ring-source.ts';
import type { Hook } from '../../agent/source/row-source.ts';
import { HEAD_AT, KINDS, type Kind, type KindCounters, type Rows } from '../../bpf/rows/rows.gen.ts';
import { drainAll } from './drain-all.ts';

export type Collected = {
  hooks: readonly Hook[];
  /** what only some kernels tell */
  fields: readonly Hook[];
  rows: { [Name in Kind]: Rows[Name][] };
  /** the same rows as they lie in the ring, if they were asked for */
  raw: { [Name in Kind]: Uint8Array[] };
  /** rows drained, those of other namespaces than `only` included */
  drained: Record<Kind, number>;
  counters: Record<Kind, KindCounters>;
  /** rows that the programs had written when the last drain began; `counters` are of its end */
  writtenBefore(kind: Kind): number;
  /** events that found these hooks' programs running on the same processor already, by the kernel's own count */
  missesOf(...hooks: string[]): number;
  /** cookie of a namespace by its `ip netns` name */
  netnsOf(name: string): bigint;
};

const HOST_ID = 0x7e57n;

type Options = Pick<Partial<KernelOptions>, 'ring_bytes' | 'walk_interval_ms' | 'opens_by_sweep'> & {
  refuse?: string[];
  only?: (name: string) => boolean;
  keepRaw?: boolean;
  /** which connections have rows of details too */
  follow?: string;
};

/**
 * Opens the kernel source, runs `traffic`, sweeps and drains throughout and whenever `look` is called, closes. With
 * `only`, which is asked about names of namespaces, the rows of all others are left where they are: the machine may be busy.
 */
export async function collectRows(
  traffic: (look: () => void) => Promise<void>,
  { only, keepRaw = false, follow, ...options }: Options = {},
): Promise<Collected> {
  const source = openKernel({ host_id: HOST_ID, ring_bytes: 8 * 1024 * 1024, ...options });
  if (follow !== undefined) askForDetails(source.filters, follow);
  const rows = eachKind<Rows[Kind][]>(() => []);
  const raw = eachKind<Uint8Array[]>(() => []);
  const names = new Map<string, bigint>();
  const wanted = new Set<bigint>();
  const drained = eachKind(() => 0);
  const isWanted = (view: DataView, at: number) => !only || wanted.has(view.getBigUint64(at + HEAD_AT.netns, true));
  const drain = () => {
    drainAll(source, (kind, bytes) => {
      const { size, read } = KINDS[kind];
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      for (let at = 0; at < bytes.length; at += size) {
        if (!isWanted(view, at)) continue;
        rows[kind].push(read(view, at));
        if (keepRaw) raw[kind].push(bytes.slice(at, at + size));
      }
      drained[kind] += bytes.length / size;
    });
  };
  const sweep = () => {
    source.sweep();
    for (const { name, netns } of source.netns()) {
      names.set(name, BigInt(netns));
      if (only?.(name)) wanted.add(BigInt(netns));
    }
  };
  const look = () => {
    sweep();
    drain();
  };
  const draining = setInterval(drain, 50);
  const sweeping = setInterval(sweep, 1_000);
  try {
    // As the agent does: what a namespace has counted before the first sweep is from before the programs.
    look();
    await traffic(look);
    look();
    // Others on this machine go on: what they had caused before the last drain must be in it, what they cause during it may be.
    const before = source.counters();
    drain();
    const misses = source.misses();
    return {
      hooks: source.hooks(),
      fields: source.fields(),
      rows: rows as Collected['rows'],
      raw,
      drained,
      counters: source.counters(),
      writtenBefore: (kind) => before[kind].written,
      missesOf: (...hooks) => hooks.reduce((sum, hook) => sum + (misses.get(hook) ?? 0), 0),
      netnsOf: (name) => names.get(name) ?? 0n,
    };
  } finally {
    clearInterval(draining);
    clearInterval(sweeping);
    source.close();
  }
}

const SLOT = 7;

function askForDetails(filters: KernelFilters, expression: string): void {
  filters.set(SLOT, compileFilter(parseFilter(expression, filters.names()), expression, BigInt(SLOT), undefined), NO_LIMIT);
  for (const kind of DETAIL_KINDS) filters.detail(kind, 1 << SLOT);
}
