// Rows of made-up agents at a steady rate: copies of the recordings, as they would happen now, and each agent's reports.
import { setTimeout as sleep } from 'node:timers/promises';
import { REPORT_PATH } from '../../../agent/contract/batch-envelope.ts';
import { report } from '../../server/support/agent.ts';
import { newSent, Sender, type Sent } from '../ingest/send.ts';
import { type Batch, Cutter, hostOf, placed, type Recorded, rowsOf } from '../recorded-rows.ts';
import type { Complaints } from './complaints.ts';

const AGENTS = 20;
const TICK_MS = 250;
const REPORT_MS = 10_000;
/** Batches on their way; beyond it the load is behind, and says so by its rate. */
const IN_FLIGHT_MAX = 64;
/** After a connection that broke. */
const AGAIN_MS = 200;

export type LoadOptions = { url: string; rows_per_s: number; complaints: Complaints };

export class Load {
  readonly sent: Sent = newSent();
  readonly #options: LoadOptions;
  readonly #recordings: readonly Recorded[];
  readonly #cutters = Array.from({ length: AGENTS }, (_, index) => new Cutter(hostOf(index), BigInt(Date.now())));
  readonly #sender: Sender;
  readonly #under_way = new Set<Promise<void>>();
  #copy = 0;
  #stopped = false;

  constructor(recordings: readonly Recorded[], options: LoadOptions) {
    this.#recordings = recordings;
    this.#options = options;
    this.#sender = new Sender(options.url, IN_FLIGHT_MAX);
  }

  /** Until `stop`, and until all that was begun is acknowledged. */
  async run(): Promise<void> {
    const reporting = this.#report();
    let due = 0;
    for (let last_ms = performance.now(); !this.#stopped; await sleep(TICK_MS)) {
      const now_ms = performance.now();
      // What was missed while it was behind is not made up for.
      due = Math.min(due, this.#options.rows_per_s) + (this.#options.rows_per_s * (now_ms - last_ms)) / 1000;
      last_ms = now_ms;
      while (due > 0 && !this.#stopped) {
        if (this.#under_way.size >= IN_FLIGHT_MAX) await Promise.race(this.#under_way);
        if (performance.now() - last_ms > TICK_MS) break;
        const batches = this.#next();
        due -= rowsOf(batches);
        for (const batch of batches) this.#send(batch);
      }
    }
    await Promise.all([...this.#under_way, reporting]);
    this.#sender.close();
  }

  stop(): void {
    this.#stopped = true;
  }

  /** The rows of all recordings, on the next host, as if they had just ended. */
  #next(): Batch[] {
    const copy = this.#copy++;
    const cutter = this.#cutters[copy % AGENTS];
    if (!cutter) throw new Error('there are no agents');
    const now_ms = Date.now();
    const frames = this.#recordings.flatMap((recorded) => {
      const place = { host_id: hostOf(copy % AGENTS), start_ns: BigInt(now_ms - recorded.span_ms) * 1_000_000n, copy };
      return recorded.frames.map((frame) => ({ kind: frame.kind, rows: placed(frame, recorded, place) }));
    });
    return cutter.cut(frames);
  }

  #send(batch: Batch): void {
    const sending = this.#deliver(batch).finally(() => this.#under_way.delete(sending));
    this.#under_way.add(sending);
  }

  /** Again after a connection that broke, as an agent does. */
  async #deliver(batch: Batch): Promise<void> {
    for (;;) {
      try {
        return await this.#sender.rows(batch, this.sent);
      } catch (error) {
        this.#options.complaints.add(`a batch: ${error instanceof Error ? error.message : error}`);
        await sleep(AGAIN_MS);
      }
    }
  }

  async #report(): Promise<void> {
    for (let index = 0; !this.#stopped; index++) {
      const host_id = hostOf(index % AGENTS)
        .toString(16)
        .padStart(16, '0');
      const body = Buffer.from(JSON.stringify(report({ host_id })));
      try {
        const { status } = await this.#sender.post(REPORT_PATH, { 'content-type': 'application/json' }, body);
        if (status !== 200) this.#options.complaints.add(`a report was answered ${status}`);
      } catch (error) {
        this.#options.complaints.add(`a report: ${error instanceof Error ? error.message : error}`);
      }
      await sleep(REPORT_MS / AGENTS);
    }
  }
}
