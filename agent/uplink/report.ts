// Reports to the collector who this host is, the names that the agent has learned, and what became of rows.
import { machine } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { KIND } from '../../bpf/rows/rows.gen.ts';
import { TOLD_AT_ONCE_MAX } from '../accounts/accounting.ts';
import { KERNEL_LOSSES } from '../accounts/ledger.ts';
import type { AgentReport } from '../contract/agent-report.ts';
import { LOST_BATCHES_MAX } from '../contract/outcome.ts';
import { reportText, TEXT_CHARS_MAX } from '../contract/report-text.ts';
import type { Changes, EntityNames } from '../host/entities.ts';
import { Every, type Log } from '../process/log.ts';
import type { RowSource } from '../source/row-source.ts';
import type { Run } from '../spool/books-check.ts';
import type { Opened } from '../spool/open.ts';
import type { CollectorClient } from './client.ts';

const COMPLAINT_PERIOD_MS = 60_000;
/** The collector has stored all of the report but the parts that it names, and would refuse these again. */
const PARTLY_REFUSED = 'report_partly_refused';
/** Between two attempts to send the last report. */
const AGAIN_MS = 300;

/** What came of a report. `again`: another attempt may succeed. `not`: no attempt would succeed now. */
type Told = 'told' | 'again' | 'not';
const NO_NAMES: Changes = { processes: [], cgroups: [], netns: [] };

export type ReporterOptions = {
  client: CollectorClient;
  /** this run of the agent */
  run: Run;
  source: RowSource;
  entities: Pick<EntityNames, 'changes' | 'acknowledge'>;
  spool: Pick<Opened, 'spool' | 'accounting' | 'runs' | 'forgetEnded'>;
  /** the present time between sweeps */
  interval_ms: () => number;
  log: Log;
};

/** The `host` of a report about the host that this agent watches. */
export function hostOf({ host }: RowSource, agent_version: string): AgentReport['host'] {
  return {
    name: reportText(host.name, TEXT_CHARS_MAX.host_name),
    machine: reportText(machine(), TEXT_CHARS_MAX.machine),
    kernel: reportText(host.kernel, TEXT_CHARS_MAX.kernel),
    agent_version,
  };
}

export class Reporter {
  readonly #options: ReporterOptions;
  readonly #complaint = new Every(COMPLAINT_PERIOD_MS);
  #posting: Promise<void> | undefined;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Sends a report, unless the last one is still being sent. What the collector did not take is in the next one. To be called after a drain. */
  async send(signal: AbortSignal): Promise<void> {
    if (this.#posting !== undefined) return;
    this.#posting = this.#tell(signal).then(() => undefined);
    await this.#posting;
    this.#posting = undefined;
  }

  /**
   * Sends the last report, after the one that is being sent: tries until the collector takes it, cannot be reached, or `signal` aborts.
   */
  async sendLast(signal: AbortSignal): Promise<void> {
    await this.#posting;
    while ((await this.#tell(signal)) === 'again' && !signal.aborted) await sleep(AGAIN_MS);
  }

  async #tell(signal: AbortSignal): Promise<Told> {
    const { run, spool, entities, source } = this.#options;
    this.#addKernelLosses();
    const own = await this.#post(run, entities.changes(source.netns()), signal);
    if (own !== 'told') return own;
    entities.acknowledge();
    const hosts = new Map([...spool.runs.values()].map((other) => [other.host_id, other]));
    for (const [host_id, other] of hosts) {
      const told = host_id === run.host_id ? own : await this.#post(other, NO_NAMES, signal);
      if (told !== 'told') return told;
    }
    spool.forgetEnded();
    return 'told';
  }

  /** Posts all accounting of a host that no collector has taken; in several reports where it is too much for one. */
  async #post(run: Run, names: Changes, signal: AbortSignal): Promise<Told> {
    const { client, spool, log } = this.#options;
    const epochs = new Set([...spool.runs.values()].flatMap(({ host_id, epoch }) => (host_id === run.host_id ? epoch : [])));
    const accounting = spool.accounting.untold(epochs);
    const lost = spool.accounting.lost.untold(epochs);
    if (run !== this.#options.run && accounting.length === 0 && lost.length === 0) return 'told';
    // The books are on disk before the report is posted: rows that a crash makes them forget after the collector was told would be counted
    // twice.
    await spool.spool.flush(true);
    const body = Buffer.from(
      JSON.stringify({ ...this.#report(run, names, accounting), ...(lost.length > 0 && { lost }) } satisfies AgentReport),
    );
    const { verdict, code, is_receipt, reason, status } = await client.report(run.host_id, body, signal);
    if (verdict !== 'accepted') {
      this.#complaint.run(Date.now(), (held) => log.warn({ held }, `the collector did not take all of a report: ${reason}`));
      if (!(is_receipt && code === PARTLY_REFUSED)) return verdict === 'rejected' || status === 0 ? 'not' : 'again';
    }
    spool.accounting.accepted(accounting);
    spool.accounting.lost.accepted(lost);
    const all = accounting.length < TOLD_AT_ONCE_MAX && lost.length < LOST_BATCHES_MAX;
    return all ? 'told' : this.#post(run, NO_NAMES, signal);
  }

  #addKernelLosses(): void {
    const { source, spool, run } = this.#options;
    const counters = source.counters();
    for (const kind of KIND) {
      for (const loss of KERNEL_LOSSES) {
        const rows = counters[kind][loss] - spool.accounting.total(run.epoch, kind, loss);
        spool.accounting.add(run.epoch, kind, 'seen', rows, Date.now());
        spool.accounting.add(run.epoch, kind, loss, rows, Date.now());
      }
    }
  }

  #report({ host_id, epoch, host }: Run, names: Changes, accounting: AgentReport['accounting']): AgentReport {
    const { source, run, interval_ms } = this.#options;
    const hooks = epoch === run.epoch ? source.hooks() : [];
    return {
      host_id,
      epoch,
      at_ms: Date.now(),
      host,
      ...names,
      hooks: hooks.map(({ name, attached, reason }) => ({ name, attached, reason: reportText(reason, TEXT_CHARS_MAX.hook_reason) })),
      interval_ms: Math.max(1, Math.round(interval_ms())),
      accounting,
    };
  }
}
