// The black box: the headers of the last packets of the connections with most retransmissions, in memory of this host. Nobody gets to see
// them, and they are in no account, until an investigation begins that matches some: then those are its first rows, so that it can look
// back.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { HEAD_AT, KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import type { DetailKind, Look } from '../contract/detail.ts';
import type { Names } from '../filter/names.ts';
import type { KernelFilter } from '../filter/parse.ts';
import { matchesRow } from '../filter/recorded.ts';
import { programOf } from '../investigations/program.ts';
import type { Slots } from '../investigations/slots.ts';
import { AgentError, reasonOf } from '../process/errors.ts';
import type { Log } from '../process/log.ts';
import { RowRing } from './row-ring.ts';
import { type Edge, expressionOf, WorstEdges } from './worst-edges.ts';

/** The kinds that the box keeps. Not stacks: they come with rows of events, to which its filter is not applied. */
const KEPT = ['progress', 'packet'] as const satisfies readonly DetailKind[];
type Kept = (typeof KEPT)[number];
const isKept = (kind: Kind): kind is Kept => KEPT.some((kept) => kept === kind);

const LOOK: Look = { detail: 'packets', user_stacks: false };
const LOOK_MS = 10_000;
const EDGES = 4;
/** Rows that are looked at without a pause: some ten milliseconds. */
const SLICE_ROWS = 1000;
/** The time that the rows in memory are to reach back; the budget follows from it. */
export const REACH_MS = 180_000;
/** The kernel forgets the filter by itself should this process hang; it is set anew long before. */
const FILTER_MS = 600_000;
/** A filter's name in the kernel; an investigation's is never so small. */
const FILTER_ID = '0000000000000b0b';

export type BlackBoxOptions = { slots: Slots; names: () => Names; bytes: number; log: Log };

/** Rows of the past that an investigation gets, each with the bit of its slot. `since_ms`: of the oldest, by this host's clock. */
export type LookBack = { rows: number; since_ms: number | undefined };

export type HandOver = {
  filter: KernelFilter;
  kinds: readonly DetailKind[];
  /** of the investigation */
  slot: number;
  give: (kind: Kind, rows: Uint8Array) => void;
  isWanted: () => boolean;
};

export class BlackBox {
  readonly #options: BlackBoxOptions;
  readonly #edges = new WorstEdges();
  #bytes: number;
  #rings: Record<Kept, RowRing> | undefined;
  #slot: number | undefined;
  /** the bit in rows that the box has asked for. It stays when the slot is freed, since such rows may still come, until another takes the slot */
  #bit = 0;
  #watched = '';
  #set_ms = 0;
  #looking: NodeJS.Timeout | undefined;

  constructor(options: BlackBoxOptions) {
    this.#options = options;
    this.#bytes = options.bytes;
    if (this.#bytes > 0) this.#start();
  }

  /** Sets the memory, in bytes; 0 ends the box. The rows in it are dropped. */
  resize(bytes: number): void {
    if (bytes === this.#bytes) return;
    this.stop();
    this.#rings = undefined;
    this.#bytes = bytes;
    if (bytes > 0) this.#start();
  }

  /** Gives its slot in the kernel to an investigation. The rows in memory stay. */
  yield(): void {
    this.#free();
  }

  stop(): void {
    clearInterval(this.#looking);
    this.#free();
  }

  /** Keeps what only the box has asked for. @returns the other rows, moved to the front, without the box's bit */
  take(kind: Kind, rows: Uint8Array): Uint8Array {
    if (kind === 'retransmit' && this.#bytes > 0) this.#edges.see(rows);
    return this.#bit !== 0 && isKept(kind) ? this.#keep(kind, rows) : rows;
  }

  /**
   * Calls `give` with the kept rows that the filter matches, for as long as `isWanted`. Works in slices, so that rings are drained in
   * between.
   */
  async handOver({ filter, kinds, slot, give, isWanted }: HandOver): Promise<LookBack> {
    // If the box had this slot before, its bit means the investigation from now on.
    if (this.#slot === undefined && this.#bit === 1 << slot) this.#bit = 0;
    const found: LookBack = { rows: 0, since_ms: undefined };
    for (const kind of kinds.filter(isKept)) {
      const { size } = KINDS[kind];
      const all = this.#rings?.[kind].rows() ?? Buffer.alloc(0);
      for (let from = 0; from < all.length; from += SLICE_ROWS * size) {
        await nextTurn();
        if (!isWanted()) return found;
        const rows = matching(filter, kind, all.subarray(from, from + SLICE_ROWS * size), slot);
        if (rows.length === 0) continue;
        const oldest_ms = Number(rows.readBigInt64LE(HEAD_AT.time_ns) / 1_000_000n);
        found.since_ms = Math.min(found.since_ms ?? oldest_ms, oldest_ms);
        found.rows += rows.length / size;
        give(kind, rows);
      }
    }
    return found;
  }

  /** Chooses anew which connections to watch. */
  look(now_ms: number): void {
    const worst = this.#edges.worst(EDGES);
    this.#edges.fade();
    const watched = worst.length === 0 ? '' : expressionOf(worst);
    if (watched === this.#watched && now_ms - this.#set_ms < FILTER_MS / 2) return;
    if (worst.length > 0) this.#watch(watched, worst, now_ms);
    else this.#free();
  }

  #free(): void {
    if (this.#slot !== undefined) this.#options.slots.free(this.#slot);
    this.#slot = undefined;
    this.#watched = '';
  }

  #start(): void {
    this.#looking = setInterval(() => this.look(Date.now()), LOOK_MS).unref();
  }

  #watch(expression: string, edges: readonly Edge[], now_ms: number): void {
    const { slots, names, log } = this.#options;
    this.#rings ??= ringsOf(this.#bytes);
    try {
      const { program } = programOf({ id: FILTER_ID, expression }, names(), now_ms + FILTER_MS);
      const rows_per_s = Math.max(1, Math.floor((this.#rings.packet.rows_max * 1000) / REACH_MS));
      const budget = { rows_per_s, burst: rows_per_s };
      if (this.#slot === undefined) this.#slot = slots.take(program, budget, LOOK, true);
      else slots.replace(this.#slot, program, budget, true);
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      log.warn({ why: reasonOf(error) }, 'the black box is off: the kernel refuses what it needs');
      this.stop();
      return;
    }
    // Investigations have all the slots: the next look tries again.
    if (this.#slot === undefined) return;
    this.#bit = 1 << this.#slot;
    this.#watched = expression;
    this.#set_ms = now_ms;
    log.info({ edges: edges.length, expression }, 'the black box keeps packets of the connections that hurt most');
  }

  #keep(kind: Kept, rows: Uint8Array): Uint8Array {
    const ring = this.#rings?.[kind];
    const { size } = KINDS[kind];
    const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
    let left = 0;
    for (let at = 0; at < rows.length; at += size) {
      const wanted = view.getUint32(at + HEAD_AT.filters, true);
      if (ring !== undefined && wanted === this.#bit) ring.add(rows.subarray(at, at + size));
      else {
        view.setUint32(at + HEAD_AT.filters, wanted & ~this.#bit, true);
        rows.copyWithin(left, at, at + size);
        left += size;
      }
    }
    return rows.subarray(0, left);
  }
}

/** Moves the rows that the filter matches to the front, each with the bit of the slot alone, and returns them. */
function matching(filter: KernelFilter, kind: Kept, rows: Buffer, slot: number): Buffer {
  const { size } = KINDS[kind];
  const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
  let kept = 0;
  for (let at = 0; at < rows.length; at += size) {
    if (!matchesRow(filter, kind, view, at)) continue;
    view.setUint32(at + HEAD_AT.filters, 1 << slot, true);
    rows.copyWithin(kept, at, at + size);
    kept += size;
  }
  return rows.subarray(0, kept);
}

/** Half of the memory for each: a packet at a device is mostly one at a socket too. */
function ringsOf(bytes: number): Record<Kept, RowRing> {
  const ring = (kind: Kept) => new RowRing(bytes / KEPT.length, KINDS[kind].size);
  return { progress: ring('progress'), packet: ring('packet') };
}
