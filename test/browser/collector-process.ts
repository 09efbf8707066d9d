// The real collector as a process of its own, and an agent that talks to it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { zstdCompressSync } from 'node:zlib';
import { HEADERS, REPORT_PATH, ROWS_PATH } from '../../agent/contract/batch-envelope.ts';
import type { Outcome } from '../../agent/contract/outcome.ts';
import { HEAD_AT, KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { ask } from '../server/support/enrolled.ts';
import { type RowValues, rowBytes } from '../support/row-bytes.ts';
import { waitFor } from '../support/wait.ts';

const ROOT = new URL('../../', import.meta.url).pathname;

export class CollectorProcess {
  readonly data = mkdtempSync(join(tmpdir(), 'tcplens-browser-'));
  readonly #options: readonly string[];
  #child: ChildProcess | undefined;
  #listen = '127.0.0.1:0';
  url = '';
  /** Gives a browser the owner's rights; works once. */
  link = '';

  /** @param options further options of the command line */
  constructor(...options: readonly string[]) {
    this.#options = options;
  }

  /** Starts it on a free port; later again on the same port. */
  async start(): Promise<void> {
    const args = ['cli.ts', 'serve', '--listen', this.#listen, '--data', this.data, '--log-level', 'error', ...this.#options];
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child = child;
    const [message] = (await once(child, 'message')) as [{ url: string; link: string }];
    this.url = message.url;
    this.link = message.link;
    this.#listen = new URL(message.url).host;
    await this.#ready();
  }

  /** Needed since the collector listens before its engine is open, and answers that it is not ready. */
  async #ready(): Promise<void> {
    const ready = async () => (await ask(`${this.url}/readyz`)).status === 200;
    await waitFor('a collector that is ready', ready, Boolean, 50);
  }

  /** Waits for all rows. They reach the tables kind by kind, so a page that is opened earlier would have only some of them. */
  async stored(): Promise<void> {
    const unstored = async () => /^tcplens_collector_log_size\S* (\d+)$/m.exec(await (await fetch(`${this.url}/metrics`)).text())?.[1];
    await waitFor('all rows in the tables', unstored, (bytes) => bytes === '0', 100);
  }

  /** Kills it with SIGKILL, as the kernel does when memory runs out. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.data, { recursive: true, force: true });
  }
}

/** An agent made by hand: sends rows that are built byte by byte, and reports. */
export class TestAgent {
  readonly #collector: CollectorProcess;
  readonly #hex: string;
  readonly #epoch = BigInt(Date.now()).toString(16).padStart(16, '0');
  #sequence = 0;
  readonly name: string;
  readonly host_id: bigint;

  constructor(collector: CollectorProcess, host_id: bigint, name: string) {
    this.#collector = collector;
    this.host_id = host_id;
    this.name = name;
    this.#hex = host_id.toString(16).padStart(16, '0');
  }

  async rows(kind: Kind, rows: readonly RowValues[]): Promise<void> {
    await this.#send(
      kind,
      rows.map((row) => rowBytes(kind, { host_id: this.host_id, ...row })),
    );
  }

  /** Sends rows that kernel programs wrote, as rows of this host. */
  async recorded(kind: Kind, rows: readonly Uint8Array[]): Promise<void> {
    const own = rows.map((bytes) => {
      const row = Buffer.from(bytes);
      row.writeBigUInt64LE(this.host_id, HEAD_AT.host_id);
      return row;
    });
    if (own.length > 0) await this.#send(kind, own);
  }

  async #send(kind: Kind, rows: readonly Uint8Array[]): Promise<void> {
    await this.#post(ROWS_PATH, zstdCompressSync(Buffer.concat(rows)), {
      'content-type': 'application/octet-stream',
      [HEADERS.schema]: KINDS[kind].schema,
      [HEADERS.hostId]: this.#hex,
      [HEADERS.epoch]: this.#epoch,
      [HEADERS.sequence]: String(++this.#sequence),
    });
  }

  /** Reports that of a thousand connection rows `ring_lost` were lost, and that the kernel refused one hook. */
  async report(ring_lost: number): Promise<void> {
    const told = (kind: Kind, outcome: Outcome, rows: number) => ({
      epoch: this.#epoch,
      minute_ms: Math.floor(Date.now() / 60_000) * 60_000,
      kind,
      outcome,
      rows,
    });
    const whole = (['retransmit', 'state_change', 'sample'] as const).flatMap((kind) => [
      told(kind, 'seen', 1000),
      told(kind, 'sent', 1000),
    ]);
    const report = {
      host_id: this.#hex,
      epoch: this.#epoch,
      at_ms: Date.now(),
      host: { name: this.name, machine: 'x86_64', kernel: '6.12.0-test', agent_version: '0.1.0' },
      processes: [],
      cgroups: [],
      netns: [],
      hooks: [
        { name: 'tcp_retransmit_skb', attached: true, reason: '' },
        { name: 'tcp_retransmit_synack', attached: false, reason: 'this kernel has no such tracepoint' },
      ],
      interval_ms: 10_000,
      accounting: [
        ...whole,
        told('connection', 'seen', 1000),
        told('connection', 'sent', 1000 - ring_lost),
        told('connection', 'ring_lost', ring_lost),
      ],
    };
    await this.#post(REPORT_PATH, JSON.stringify(report), { 'content-type': 'application/json' });
  }

  async #post(path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string>): Promise<void> {
    const response = await fetch(this.#collector.url + path, { method: 'POST', headers, body });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  }
}
