// The kernel source while an investigation of one port runs: rows of all namespaces, including progress and packets.

import { type FilterRun, filterInKernel } from '../../agent/filter/run.ts';
import { NO_LIMIT } from '../../agent/kernel/budget.ts';
import { type KernelSource, openKernel } from '../../agent/kernel/ring-source.ts';
import { EVIDENCE_KINDS, type Evidence, noEvidence } from '../../agent/verdict/evidence.ts';
import { KINDS, type Kind, type Rows } from '../../bpf/rows/rows.gen.ts';
import { drainAll } from '../support/drain-all.ts';
import { PORT } from './scenario.ts';

const HOST_ID = 0x7e57n;
const DRAIN_MS = 20;
const SWEEP_MS = 500;

export class InvestigatedKernel {
  readonly #source: KernelSource;
  readonly #filter: FilterRun;
  readonly #draining: NodeJS.Timeout;
  readonly #sweeping: NodeJS.Timeout;
  #rows = noEvidence();

  constructor() {
    this.#source = openKernel({ host_id: HOST_ID, ring_bytes: 32 * 1024 * 1024 });
    this.#filter = filterInKernel(this.#source.filters, {
      expressions: [`port = ${PORT}`],
      kinds: EVIDENCE_KINDS,
      budget: NO_LIMIT,
      duration_ms: undefined,
    });
    this.#draining = setInterval(() => this.#drain(), DRAIN_MS);
    this.#sweeping = setInterval(() => this.#source.sweep(), SWEEP_MS);
  }

  /** Returns the rows since the last call, after one more sweep. */
  take(): Evidence {
    this.#source.sweep();
    this.#drain();
    const rows = this.#rows;
    this.#rows = noEvidence();
    return rows;
  }

  /** The cookie of a namespace as of the last sweep; 0 if it did not exist. */
  netnsOf(name: string): bigint {
    return BigInt(this.#source.netns().find((known) => known.name === name)?.netns ?? 0);
  }

  close(): void {
    clearInterval(this.#draining);
    clearInterval(this.#sweeping);
    this.#source.close();
  }

  #drain(): void {
    drainAll(this.#source, (kind, drained) => {
      const rows = this.#filter.wanted(kind, drained);
      if (isEvidence(kind)) this.#add(kind, rows);
    });
  }

  #add<Name extends keyof Evidence>(kind: Name, bytes: Uint8Array): void {
    const { size, read } = KINDS[kind];
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const rows: Rows[Name][] = this.#rows[kind];
    for (let at = 0; at < bytes.length; at += size) rows.push(read(view, at) as Rows[Name]);
  }
}

const isEvidence = (kind: Kind): kind is keyof Evidence => EVIDENCE_KINDS.some((name) => name === kind);
