// A spool on a real directory beside a model of it: what was put in, what came to which end, what must still be there.
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { LOSSES, type Outcome } from '../../../agent/contract/outcome.ts';
import { createLog } from '../../../agent/process/log.ts';
import type { Caps } from '../../../agent/spool/caps.ts';
import { type Opened, openSpool } from '../../../agent/spool/open.ts';
import type { Batch } from '../../../agent/spool/record.ts';
import type { Parcel } from '../../../agent/spool/spool.ts';
import { TornDisk } from '../durable/torn-disk.ts';

export const KINDS = ['sample', 'retransmit', 'of_another_version'] as const;
const HOST = { name: 'h', machine: 'm', kernel: 'k', agent_version: 'v' };
export const NEVER = () => false;

/** `acked_in_books`: a killed agent knows it. `acked_on_disk`: so does one whose power was cut. */
type Known = { batch: Batch; acked: boolean; acked_in_books: boolean; acked_on_disk: boolean };

export class ModelledSpool {
  directory = mkdtempSync(join(tmpdir(), 'tcplens-spool-'));
  readonly known = new Map<string, Known>();
  /** names of batches that came to an end, for the caller, at least once */
  readonly ended = new Set<string>();
  readonly under_way: Parcel[] = [];
  disk = new TornDisk(this.directory);
  now_ms = 1_700_000_000_000;
  epoch = '';
  opened!: Opened;
  readonly #caps: Caps;
  #starts = 0;
  readonly #sequences = new Map<string, number>();

  constructor(caps: Caps) {
    this.#caps = caps;
  }

  get spool() {
    return this.opened.spool;
  }

  async open(): Promise<void> {
    this.#starts++;
    this.epoch = this.#starts.toString(16).padStart(16, '0');
    this.#sequences.clear();
    this.under_way.length = 0;
    this.disk = new TornDisk(this.directory);
    this.opened = await openSpool({
      directory: this.directory,
      caps: this.#caps,
      memory_bytes: 16 * 1024,
      run: { epoch: this.epoch, host_id: '00000000000000ff', host: HOST },
      log: createLog('silent'),
      disk: this.disk,
      flush_ms: Number.POSITIVE_INFINITY,
      now_ms: () => this.now_ms,
    });
  }

  async append(kind: (typeof KINDS)[number], rows: number, bytes: number): Promise<void> {
    const sequence = (this.#sequences.get(kind) ?? 0) + 1;
    this.#sequences.set(kind, sequence);
    const batch: Batch = {
      host_id: '00000000000000ff',
      epoch: this.epoch,
      kind,
      schema: `${kind}/1`,
      sequence,
      rows,
      cut_at_ms: this.now_ms,
      payload: Buffer.from(Array.from({ length: bytes }, (_, index) => (index * 7 + sequence + rows) % 256)),
    };
    this.known.set(nameOf(batch), { batch, acked: false, acked_in_books: false, acked_on_disk: false });
    this.opened.accounting.add(this.epoch, kind, 'seen', rows, this.now_ms);
    this.under_way.push(await this.spool.append(batch));
  }

  /** Takes the oldest that waits and compares it with what was put in. */
  async next(): Promise<Parcel | undefined> {
    // A file that cannot be read is tried again a few times.
    const parcel = await this.spool.next(NEVER).catch(() => undefined);
    if (parcel === undefined) return undefined;
    const known = this.known.get(nameOf(parcel.batch));
    expect(known, 'only what was put in comes out').toBeDefined();
    expect({ ...parcel.batch, payload: undefined }).toEqual({ ...known?.batch, payload: undefined });
    expect(Buffer.compare(parcel.batch.payload, known?.batch.payload ?? Buffer.alloc(0)), 'the same bytes').toBe(0);
    expect(
      this.under_way.map(({ batch }) => nameOf(batch)),
      'not twice at once',
    ).not.toContain(nameOf(parcel.batch));
    expect(known?.acked_in_books, `${nameOf(parcel.batch)} is not offered again`).toBe(false);
    this.under_way.push(parcel);
    return parcel;
  }

  settle(index: number, outcome: Outcome): void {
    const [parcel] = this.under_way.splice(index % Math.max(1, this.under_way.length), 1);
    if (parcel === undefined) return;
    this.spool.settle(parcel, outcome);
    this.ended.add(nameOf(parcel.batch));
    const known = this.known.get(nameOf(parcel.batch));
    if (known) known.acked = true;
  }

  release(index: number): void {
    const [parcel] = this.under_way.splice(index % Math.max(1, this.under_way.length), 1);
    if (parcel) this.spool.release(parcel);
  }

  async flush(durable: boolean): Promise<void> {
    await this.spool.flush(durable);
    if (this.disk.fault === 'none') this.#noteBooks(durable);
  }

  /** As SIGKILL does: what was written is there, nothing else happens. */
  async crash(): Promise<void> {
    this.disk.kill();
    await this.opened.close();
    for (const known of this.known.values()) known.acked &&= known.acked_in_books;
  }

  /** Of what was not flushed, so large a share survives, from 0 to 1. */
  async powerCut(share: number): Promise<void> {
    const left = mkdtempSync(join(tmpdir(), 'tcplens-spool-'));
    this.disk.powerCut(left, { bytes: () => share, names: () => share });
    await this.opened.close();
    rmSync(this.directory, { recursive: true });
    this.directory = left;
    for (const known of this.known.values()) {
      known.acked_in_books &&= known.acked_on_disk;
      known.acked &&= known.acked_on_disk;
    }
  }

  #noteBooks(durable: boolean): void {
    for (const known of this.known.values()) {
      known.acked_in_books = known.acked;
      if (durable) known.acked_on_disk = known.acked;
    }
  }

  async restart(): Promise<void> {
    for (const parcel of this.under_way.splice(0)) this.spool.release(parcel);
    const healthy = this.disk.fault === 'none';
    await this.opened.close();
    if (healthy) this.#noteBooks(true);
    for (const known of this.known.values()) known.acked &&= known.acked_in_books;
    await this.open();
  }

  segmentFiles(): string[] {
    const names = readdirSync(this.directory).filter((name) => name.endsWith('.batches'));
    return names.sort().map((name) => join(this.directory, name));
  }

  /** Of every run that is known: each row is in one place. */
  expectLaw(): void {
    const { accounting } = this.opened;
    const waiting = this.spool.waiting();
    for (const { epoch, kind } of accounting.all().totals) {
      const ends = ['sent', ...Object.keys(LOSSES)].map((outcome) => [outcome, accounting.total(epoch, kind, outcome as Outcome)] as const);
      const sum = ends.reduce((total, [, rows]) => total + rows, waiting.of(epoch, kind));
      const seen = accounting.total(epoch, kind, 'seen');
      expect(sum, `${epoch} ${kind}: ${JSON.stringify(Object.fromEntries(ends))} and ${waiting.of(epoch, kind)} wait`).toBe(seen);
    }
    for (const { rows } of waiting) expect(rows).toBeGreaterThanOrEqual(0);
    this.#expectNames();
  }

  /** Rows that are lost with their batches are named by these, to the row. Those of too many ranges are not. */
  #expectNames(): void {
    const { accounting } = this.opened;
    const batches = [...this.known.values()].map(({ batch }) => batch);
    const named = accounting.lost.all();
    for (const { epoch, kind, outcome, rows, sequences } of named) {
      const of = batches.filter(
        (batch) =>
          batch.epoch === epoch &&
          batch.kind === kind &&
          sequences.some(([first, last]) => first <= batch.sequence && batch.sequence <= last),
      );
      expect(
        of.reduce((sum, batch) => sum + batch.rows, 0),
        `${rows} ${outcome} rows of ${epoch} ${kind} ${JSON.stringify(sequences)}`,
      ).toBe(rows);
    }
    for (const { epoch, kind, outcome, rows } of accounting.all().totals) {
      if (outcome === 'died' || !(outcome in LOSSES)) continue;
      const sum = named
        .filter((each) => each.epoch === epoch && each.kind === kind && each.outcome === outcome)
        .reduce((total, each) => total + each.rows, 0);
      expect(sum, `${epoch} ${kind}: ${outcome}`).toBe(rows);
    }
  }

  /** Rows of all runs by what became of them. */
  totals(): Record<string, number> {
    const totals: Record<string, number> = {};
    for (const { outcome, rows } of this.opened.accounting.all().totals) totals[outcome] = (totals[outcome] ?? 0) + rows;
    return totals;
  }

  put_in(names: ReadonlySet<string> | ReadonlyMap<string, unknown> = this.known): number {
    return [...this.known].reduce((sum, [name, { batch }]) => sum + (names.has(name) ? batch.rows : 0), 0);
  }

  /** Sends all that waits. */
  async drain(): Promise<void> {
    this.disk.fault = 'none';
    this.now_ms += 2000;
    await this.flush(true);
    while (this.under_way.length > 0) this.settle(0, 'sent');
    while ((await this.next()) !== undefined) this.settle(0, 'sent');
    await this.flush(true);
  }

  async remove(): Promise<void> {
    await this.crash();
    rmSync(this.directory, { recursive: true });
  }
}

export function nameOf({ epoch, kind, sequence }: Batch): string {
  return `${epoch} ${kind} ${sequence}`;
}

/** Changes a byte of a file, `at` as a share of its length. */
export function corrupt(path: string, at: number): void {
  const bytes = readFileSync(path);
  const index = Math.floor(at * bytes.length);
  if (bytes.length > 0) bytes[index] = (bytes[index] ?? 0) ^ 0x55;
  writeFileSync(path, bytes);
}

export function addGarbage(path: string, bytes: number): void {
  appendFileSync(path, Buffer.alloc(bytes, 0xa5));
}
