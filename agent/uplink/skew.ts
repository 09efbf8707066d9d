// A collector of another version: it is told how rows lie that it does not know, and what it takes none of waits while the rest goes on.
import type { Layout } from '../../bpf/rows/layout.ts';
import { Every, type Log } from '../process/log.ts';
import type { CollectorClient } from './client.ts';
import { Holds } from './holds.ts';
import type { Answer } from './post.ts';

/** Somebody has to upgrade one side first. */
const REFUSED_MS = 60_000;
/** It has just been told: the next collector behind the same address may not have been. */
const TOLD_MS = 1000;
const COMPLAINT_PERIOD_MS = 60_000;

export type SkewOptions = {
  client: CollectorClient;
  host_id: string;
  layouts: ReadonlyMap<string, Layout>;
  log: Log;
  signal: AbortSignal;
  /** a hold has ended: its batches may be sent */
  onEnd: () => void;
};

export class Skew {
  readonly #options: SkewOptions;
  readonly #holds: Holds;
  readonly #complaints = new Map<string, Every>();
  readonly #asked_for = new Set<string>();
  #telling = false;
  #told_at_ms = Number.NEGATIVE_INFINITY;

  constructor(options: SkewOptions) {
    this.#options = options;
    this.#holds = new Holds(options.onEnd);
  }

  isHeld = (schema: string): boolean => this.#holds.has(schema);

  /** Whether batches that are held now may be sent in a moment. */
  get ends_soon(): boolean {
    return this.#telling || this.#holds.endsWithin(TOLD_MS);
  }

  /** The collector takes no rows of this schema; `reason` is in its words, which say what to upgrade. */
  refused(schema: string, reason: string): void {
    this.#holds.add(schema, REFUSED_MS);
    const complaint = this.#complaints.get(schema) ?? new Every(COMPLAINT_PERIOD_MS);
    this.#complaints.set(schema, complaint);
    complaint.run(Date.now(), () => this.#options.log.warn({ schema }, `rows of one layout wait, the others go on: ${reason}`));
  }

  /** The collector does not know how rows of this schema lie: tells it, once at a time, and lets them be sent again. */
  async unknown(schema: string): Promise<void> {
    const { client, host_id, layouts, signal } = this.#options;
    if (!layouts.has(schema)) {
      this.refused(
        schema,
        `${client.url} does not know the layout ${schema}, and neither does this agent: start the version that wrote it`,
      );
      return;
    }
    this.#holds.add(schema, REFUSED_MS);
    this.#asked_for.add(schema);
    if (this.#telling) return;
    this.#telling = true;
    const soon = performance.now() - this.#told_at_ms < TOLD_MS;
    const answer = await client.layouts(host_id, layouts.values(), signal);
    this.#telling = false;
    this.#told_at_ms = performance.now();
    const asked_for = [...this.#asked_for];
    this.#asked_for.clear();
    for (const asked of asked_for) this.#answered(asked, answer, soon);
  }

  close(): void {
    this.#holds.close();
  }

  #answered(schema: string, { verdict, reason }: Answer, soon: boolean): void {
    if (verdict === 'accepted' && !soon) this.#holds.end(schema);
    else if (verdict === 'accepted' || verdict === 'retry' || verdict === 'busy') this.#holds.add(schema, TOLD_MS);
    else this.refused(schema, reason);
  }
}
