// Tells the collector who this host is, what it has learned and what became of its rows.
import { hostname, machine, release } from 'node:os';
import type { Kind, KindCounters } from '../../bpf/rows.gen.ts';
import { accountOf, eachKind, type Ledger } from '../account.ts';
import type { AgentReport } from '../agent-report.ts';
import { REPORT_PATH } from '../batch-envelope.ts';
import type { Entities } from '../host/entities.ts';
import { Every, type Log } from '../log.ts';
import type { RowSource } from '../source.ts';
import { post } from './post.ts';
import { hex64 } from './ship.ts';

const COMPLAINT_PERIOD_MS = 60_000;

export type ReporterOptions = {
  collector: string;
  epoch: string;
  version: string;
  source: RowSource;
  entities: Pick<Entities, 'changes' | 'acknowledge'>;
  ledger: Ledger;
  log: Log;
};

export class Reporter {
  readonly #options: ReporterOptions;
  readonly #complaint = new Every(COMPLAINT_PERIOD_MS);
  #posting = false;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Posts one report, unless the last is still under way. What it could not tell, the next one tells. */
  async send(signal: AbortSignal): Promise<void> {
    const { source } = this.#options;
    if (!this.#posting) await this.#post(source.counters(), signal);
  }

  /** Posts the account at the end: rows written since the last drain were not asked for any more. */
  async sendLast(signal: AbortSignal): Promise<void> {
    const { source, ledger } = this.#options;
    const counters = source.counters();
    await this.#post(
      eachKind((kind) => ({ ...counters[kind], written: ledger[kind].drained })),
      signal,
    );
  }

  async #post(counters: Record<Kind, KindCounters>, signal: AbortSignal): Promise<void> {
    this.#posting = true;
    const { collector, entities, log } = this.#options;
    const body = Buffer.from(JSON.stringify(this.#report(counters)));
    const { verdict, reason } = await post(collector + REPORT_PATH, { 'content-type': 'application/json' }, body, signal);
    this.#posting = false;
    if (verdict === 'accepted') entities.acknowledge();
    else this.#complaint.run(Date.now(), (held) => log.warn({ held }, `the collector did not take a report: ${reason}`));
  }

  #report(counters: Record<Kind, KindCounters>): AgentReport {
    const { source, epoch, version, entities, ledger } = this.#options;
    const { recorded } = source;
    return {
      host_id: hex64(source.host_id),
      epoch,
      at_ms: Date.now(),
      host: { name: recorded?.host ?? hostname(), machine: machine(), kernel: recorded?.kernel ?? release(), agent_version: version },
      ...entities.changes(source.netns()),
      hooks: source.hooks().map(({ name, attached, reason }) => ({ name, attached, reason: reason.slice(0, 512) })),
      accounts: eachKind((kind) => accountOf(ledger[kind], counters[kind])),
    };
  }
}
