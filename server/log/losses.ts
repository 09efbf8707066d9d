// What the collector itself loses of acknowledged rows, counted by host, run, kind and minute until the store has the count.
import type { Loss } from '../../agent/contract/outcome.ts';
import { HEAD_AT, KIND, KINDS } from '../../bpf/rows/rows.gen.ts';
import type { AsideBatch, BatchSpan, HostAccountingEntry } from '../storage/store.ts';
import { originOf } from './segment-name.ts';

/** When and by whom something is counted. */
export type Stamp = Pick<HostAccountingEntry, 'reporter' | 'minute_ms'>;
export type CollectorLoss = Extract<Loss, 'quarantined' | 'dead_letter' | 'log_damaged'>;

/** Rows of a batch that the store does not get. They count where the batch is this collector's to store: another may have taken it, too. */
export type Aside = Stamp & AsideBatch & { outcome: CollectorLoss };

const MINUTE_MS = 60_000;
/** A flush that began in a minute may count after it. */
const GROWS_MS = 10 * MINUTE_MS;
/** The run of an agent that damage has left nobody knowing. */
export const EPOCH_UNKNOWN = '0000000000000000';

export class Losses {
  /** By key; `told` is what the store has of it. */
  readonly #entries = new Map<string, { entry: HostAccountingEntry; told: number }>();
  /** Whose they are has not been asked yet. */
  readonly #asides = new Set<Aside>();
  readonly #run: string;
  #turns = 0;
  #minute_ms = 0;

  /** @param run new with every start: counts of another run are never added to */
  constructor(run: string) {
    this.#run = run;
  }

  /** A clock that goes back begins a new reporter: minutes that were told and forgotten are not begun anew. */
  stamp(now_ms: number): Stamp {
    const minute_ms = Math.floor(now_ms / MINUTE_MS) * MINUTE_MS;
    if (minute_ms < this.#minute_ms) this.#turns++;
    this.#minute_ms = minute_ms;
    return { reporter: this.#reporter, minute_ms };
  }

  get size(): number {
    return this.#entries.size + this.#asides.size;
  }

  addAside(aside: Aside): void {
    this.#asides.add(aside);
  }

  asides(): Aside[] {
    return [...this.#asides];
  }

  /** @param own whether the batch is this collector's: else what becomes of it is for another to say */
  decide(aside: Aside, own: boolean): void {
    if (!this.#asides.delete(aside) || !own) return;
    const { host_id, epoch, kind, outcome, rows, reporter, minute_ms } = aside;
    this.add({ host_id, epoch, kind, outcome, rows, reporter, minute_ms });
  }

  add(counted: HostAccountingEntry): void {
    const key = keyOf(counted);
    const known = this.#entries.get(key);
    const rows = counted.rows + (known?.entry.rows ?? 0);
    this.#entries.set(key, { entry: { ...counted, rows }, told: known?.told ?? 0 });
  }

  entries(): HostAccountingEntry[] {
    return Array.from(this.#entries.values(), ({ entry }) => entry);
  }

  /** What the store does not have yet. */
  untold(): HostAccountingEntry[] {
    return [...this.#entries.values()].filter(({ entry, told }) => entry.rows > told).map(({ entry }) => entry);
  }

  /** The store has them. What cannot grow any more is forgotten. */
  told(entries: readonly HostAccountingEntry[]): void {
    for (const entry of entries) {
      const key = keyOf(entry);
      const known = this.#entries.get(key);
      if (!known) continue;
      known.told = entry.rows;
      const grows = entry.reporter === this.#reporter && entry.minute_ms > this.#minute_ms - GROWS_MS;
      if (!grows && known.entry.rows === entry.rows) this.#entries.delete(key);
    }
  }

  get #reporter(): string {
    return this.#turns === 0 ? this.#run : `${this.#run}-${this.#turns}`;
  }
}

function keyOf({ host_id, epoch, minute_ms, kind, outcome, reporter }: HostAccountingEntry): string {
  return [host_id, epoch, minute_ms, kind, outcome, reporter].join('/');
}

/** All rows of these batches of a segment, or of a piece of it. Rows of batches that nobody knows are in no account. */
export function countLost(
  losses: Losses,
  { kind, segment }: { kind: string; segment: string },
  batches: Iterable<BatchSpan>,
  outcome: CollectorLoss,
  { reporter, minute_ms }: Stamp,
): void {
  const token = `${kind}/${originOf(segment)}`;
  for (const { host_id, epoch, sequence, rows } of batches) {
    if (host_id !== '') losses.addAside({ host_id, epoch, kind, sequence, token, outcome, rows, reporter, minute_ms });
  }
}

/** Whole rows of which nothing is known but what they say themselves. */
export function countByHost(losses: Losses, name: string, rows: Buffer): void {
  const kind = KIND.find((candidate) => candidate === name);
  if (kind === undefined) return;
  const { size } = KINDS[kind];
  const stamp = losses.stamp(Date.now());
  for (let at = 0; at + size <= rows.length; at += size) {
    const host_id = rows
      .readBigUInt64LE(at + HEAD_AT.host_id)
      .toString(16)
      .padStart(16, '0');
    losses.add({ host_id, epoch: EPOCH_UNKNOWN, kind, outcome: 'log_damaged', rows: 1, ...stamp });
  }
}
