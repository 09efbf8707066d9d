// Tells the collector who this host is, what it has learned and what became of its rows.
import { machine } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { KIND } from '../../bpf/rows/rows.gen.ts';
import { TOLD_AT_ONCE_MAX } from '../accounts/accounting.ts';
import { KERNEL_LOSSES } from '../accounts/ledger.ts';
import type { AgentReport } from '../contract/agent-report.ts';
import { reportText, TEXT_CHARS_MAX } from '../contract/report-text.ts';
import type { Changes, EntityNames } from '../host/entities.ts';
import { Every, type Log } from '../process/log.ts';
import type { RowSource } from '../source/row-source.ts';
import type { Run } from '../spool/books-check.ts';
import type { Opened } from '../spool/open.ts';
import type { CollectorClient } from './client.ts';

const COMPLAINT_PERIOD_MS = 60_000;
/** It has stored all but what it names, which it would refuse again. */
const PARTLY_REFUSED = 'report_partly_refused';
/** Between two attempts at the last report. */
const AGAIN_MS = 300;

/** `not`: nor would it be if it were sent again now. */
type Told = 'told' | 'again' | 'not';
const NO_NAMES: Changes = { processes: [], cgroups: [], netns: [] };

export type ReporterOptions = {
  client: CollectorClient;
  /** this one */
  run: Run;
  source: RowSource;
  entities: Pick<EntityNames, 'changes' | 'acknowledge'>;
  spool: Pick<Opened, 'spool' | 'accounting' | 'runs' | 'forgetEnded'>;
  /** between sweeps, at present */
  interval_ms: () => number;
  log: Log;
};

/** What a report of this agent's own host says. */
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

  /** Reports, unless the last report is still under way. What it could not tell, the next one tells. To be called after a drain. */
  async send(signal: AbortSignal): Promise<void> {
    if (this.#posting !== undefined) return;
    this.#posting = this.#tell(signal).then(() => undefined);
    await this.#posting;
    this.#posting = undefined;
  }

  /** The report at the end, once the one under way is through: tried until it is taken, the collector is found to be away, or `signal`. */
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

  /** Of a host all that is untold; in more than one report where it is much. */
  async #post(run: Run, names: Changes, signal: AbortSignal): Promise<Told> {
    const { client, spool, log } = this.#options;
    const epochs = new Set([...spool.runs.values()].flatMap(({ host_id, epoch }) => (host_id === run.host_id ? epoch : [])));
    const accounting = spool.accounting.untold(epochs);
    if (run !== this.#options.run && accounting.length === 0) return 'told';
    // What a collector has been told must not be forgotten by a crash: it would be counted once more.
    await spool.spool.flush(true);
    const body = Buffer.from(JSON.stringify(this.#report(run, names, accounting)));
    const { verdict, code, is_receipt, reason, status } = await client.report(run.host_id, body, signal);
    if (verdict !== 'accepted') {
      this.#complaint.run(Date.now(), (held) => log.warn({ held }, `the collector did not take all of a report: ${reason}`));
      if (!(is_receipt && code === PARTLY_REFUSED)) return verdict === 'rejected' || status === 0 ? 'not' : 'again';
    }
    spool.accounting.accepted(accounting);
    return accounting.length < TOLD_AT_ONCE_MAX ? 'told' : this.#post(run, NO_NAMES, signal);
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
