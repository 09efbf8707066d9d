// Version skew between agent and collector: posts the layouts that the collector does not know, and holds back batches of schemas that it
// does not take while others are sent.
import type { Layout } from '../../bpf/rows/layout.ts';
import { Every, type Log } from '../process/log.ts';
import type { CollectorClient } from './client.ts';
import { Holds } from './holds.ts';
import type { Answer } from './post.ts';

/** How long a schema is held after a refusal that only an upgrade of one side ends. */
const REFUSED_MS = 60_000;
/**
 * How long a schema is held after its layout could not be posted, or is still unknown just after it was: another collector may have
 * answered.
 */
const TOLD_MS = 1000;
const COMPLAINT_PERIOD_MS = 60_000;

export type SkewOptions = {
  client: CollectorClient;
  host_id: string;
  layouts: ReadonlyMap<string, Layout>;
  log: Log;
  signal: AbortSignal;
  /** called when a hold has ended: its batches may be sent */
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

  /** Whether batches that are held may be sent in a moment: a layout is being posted, or a hold is about to end. */
  get ends_soon(): boolean {
    return this.#telling || this.#holds.endsWithin(TOLD_MS);
  }

  /** The collector takes no rows of this schema. `reason` is its message, which says what to upgrade. */
  refused(schema: string, reason: string): void {
    this.#holds.add(schema, REFUSED_MS);
    const complaint = this.#complaints.get(schema) ?? new Every(COMPLAINT_PERIOD_MS);
    this.#complaints.set(schema, complaint);
    complaint.run(Date.now(), () => this.#options.log.warn({ schema }, `rows of one layout wait, the others go on: ${reason}`));
  }

  /** The collector does not know the layout of this schema: posts it, one post at a time, and lets the batches be sent again. */
  async unknown(schema: string): Promise<void> {
    const { client, host_id, layouts, signal } = this.#options;
    if (!layouts.has(schema)) {
      this.refused(
        schema,
        `the collector does not know the layout ${schema}, and neither does this agent: start the version that wrote it`,
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
