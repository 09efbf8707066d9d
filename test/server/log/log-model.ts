// A model of the log, of the agents that send to it and of a store that knows each row by its identity; and what is done to them.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect } from 'vitest';
import { HEAD_AT, KINDS, type Kind } from '../../../bpf/rows/rows.gen.ts';
import type { Batch } from '../../../server/log/group.ts';
import { Log } from '../../../server/log/log.ts';
import { originOf } from '../../../server/log/segment-name.ts';
import type { SealedSegment } from '../../../server/log/segments.ts';
import type { LostRows } from '../../../server/storage/engine.ts';
import { type Fault, type Plan, TornDisk } from '../../agent/durable/torn-disk.ts';
import { identified } from './stored-rows.ts';

export const EPOCH = '00000000000000ee';
const HOSTS = ['00000000000000aa', '00000000000000bb'] as const;
const USED_KINDS = ['sample', 'retransmit'] as const satisfies readonly Kind[];
const LIMITS = { segment_bytes_max: 6 * KINDS.sample.size, log_bytes_max: 64 * 1024 * 1024, journal_bytes_max: 1500 };

const roots: string[] = [];
export function removeDirectories(): void {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
}
afterAll(removeDirectories);

type Sent = { batch: Batch; acknowledged: boolean };

export class Model {
  /** By name. */
  readonly sent: Sent[] = [];
  /** By identity: the rows that the store has. */
  readonly stored = new Map<string, string>();
  /** Rows that the store does not take, and the segment that was given up with them. */
  readonly refused = new Map<string, string>();
  readonly told = new Map<string, LostRows>();
  directory = '';
  disk: TornDisk | undefined;
  log: Log | undefined;
  readonly #plans: Plan[];

  constructor(plans: readonly Plan[]) {
    this.#plans = [...plans];
  }

  /** Opens what is in `directory`, again and again if that is cut short. */
  async open(journal: 'whole' | 'damaged' = 'whole'): Promise<void> {
    if (this.directory === '') this.directory = newRoot();
    for (;;) {
      const plan = this.#plans.shift() ?? { faults: [], random: [0.5] };
      const disk = new TornDisk(this.directory, plan);
      const beside = { quarantine: join(this.directory, 'quarantine'), dead_letter: join(this.directory, 'dead-letter') };
      const log = new Log({ directory: join(this.directory, 'log'), ...beside, ...LIMITS, disk });
      this.disk = disk;
      this.log = log;
      const outcome = await log.start().catch((error: unknown) => error);
      if (!disk.dead && !(outcome instanceof Error)) {
        if (journal === 'whole')
          expect(outcome).toMatchObject({ damaged_lines: 0, set_aside: [], unknown_bytes: 0, missing_unclear: [], foreign: [] });
        return;
      }
      this.cut();
    }
  }

  /** The power is cut. */
  cut(): void {
    const target = newRoot();
    this.disk?.powerCut(target);
    this.directory = target;
  }

  /** Does something with the log; after a planned crash, starts anew instead. */
  async attempt<Result>(work: (log: Log) => Promise<Result>): Promise<Result | undefined> {
    const { log, disk } = this;
    if (!log || !disk) return undefined;
    const outcome = await work(log).catch(() => undefined);
    if (!disk.dead) return outcome;
    this.cut();
    await this.open();
    return undefined;
  }

  async append(batches: readonly Sent[]): Promise<void> {
    await this.attempt((log) =>
      Promise.all(
        batches.map(async (one) => {
          const before = one.acknowledged;
          const answer = await log.append(one.batch).catch(() => undefined);
          if (answer && before) expect(answer).toEqual({ duplicate: true });
          one.acknowledged ||= answer !== undefined;
        }),
      ),
    );
  }

  /** Gives all sealed segments to a store that knows rows by their identity, and lets the log forget them. */
  async insert(): Promise<void> {
    for (const segment of this.log?.sealed ?? []) {
      for (const [name, row] of rowsIn(segment)) {
        if (this.refused.has(name)) continue;
        expect([name, this.stored.get(name) ?? row]).toEqual([name, row]);
        this.stored.set(name, row);
      }
      await this.attempt((log) => log.retire(segment.segment));
    }
  }

  /** What the store refuses once it refuses always, also of a batch that was sent again. */
  async refuse(what: 'split' | 'bury', index: number): Promise<void> {
    const sealed = (this.log?.sealed ?? []).filter((segment) => rowsIn(segment).every(([name]) => !this.stored.has(name)));
    const one = sealed[index % Math.max(1, sealed.length)];
    if (!one || (what === 'split' && one.length <= one.row_bytes)) return;
    if (what === 'split') return void (await this.attempt((log) => log.split(one.segment)));
    const origin = originOf(one.segment);
    const batches = new Set(rowsIn(one).map(([name]) => batchOf(name)));
    if ([...this.refused].some(([name, by]) => by !== origin && batches.has(batchOf(name)))) return;
    const names = rowsIn(one).map(([name]) => name);
    await this.attempt((log) => log.bury(one.segment, 'refused'));
    // It may have been given up though the power was cut before it said so.
    if (!this.log?.sealed.some(({ segment }) => segment === one.segment)) for (const name of names) this.refused.set(name, origin);
  }

  tell(): void {
    const { log } = this;
    const entries = log?.losses.unstored() ?? [];
    for (const entry of entries) {
      const { rows: _, minute_ms: __, ...key } = entry;
      const name = JSON.stringify(key);
      if ((this.told.get(name)?.rows ?? 0) < entry.rows) this.told.set(name, entry);
    }
    log?.losses.stored(entries);
    log?.losses.forgetStored(log.origins);
  }

  lost(outcome: string): number {
    return [...this.told.values()].filter((entry) => entry.outcome === outcome).reduce((sum, { rows }) => sum + rows, 0);
  }
}

function newRoot(): string {
  const root = mkdtempSync(join(tmpdir(), 'tcplens-crash-'));
  roots.push(root);
  return root;
}

/** Each row by its identity, which agrees with what the segment says of its batches. */
function rowsIn({ path, kind, length, batches }: SealedSegment): [name: string, row: string][] {
  const bytes = readFileSync(path);
  expect(bytes.length).toBe(length);
  const rows = identified(bytes, kind);
  expect(batches.flatMap((batch) => new Array<number>(batch.rows).fill(batch.sequence))).toEqual(rows.map(({ sequence }) => sequence));
  for (const { row, sequence, place } of rows) expect([row.readUInt32LE(0), row.readUInt32LE(4)]).toEqual([sequence, place]);
  return rows.map(({ name, row }) => [name, row.toString('hex')]);
}

const batchOf = (name: string): string => name.slice(0, name.lastIndexOf('/'));

/** Rows say which batch they are of, and which of its rows; the first ones are put into quarantine. */
function newBatch(number: number, rows: number, quarantined: number): Batch {
  const kind = USED_KINDS[number % USED_KINDS.length] ?? 'sample';
  const { size } = KINDS[kind];
  const bytes = Buffer.alloc((rows + quarantined) * size);
  const host_id = HOSTS[number % 3 === 0 ? 1 : 0];
  for (let row = 0; row < rows + quarantined; row++) {
    bytes.writeUInt32LE(number, row * size);
    bytes.writeUInt32LE(row, row * size + 4);
    bytes.writeBigUInt64LE(BigInt(`0x${host_id}`), row * size + HEAD_AT.host_id);
    bytes.writeUInt8(KINDS[kind].index, row * size + HEAD_AT.kind);
  }
  const batch: Batch = { host_id, epoch: EPOCH, sequence: number, kind, lane: number % 5 < 2 ? 'late' : 'live', rows: bytes };
  if (quarantined === 0) return batch;
  const places = Uint32Array.from({ length: rows }, (_, row) => quarantined + row);
  return { ...batch, rows: bytes.subarray(quarantined * size), places, quarantined: bytes.subarray(0, quarantined * size) };
}

export type Step =
  | { do: 'append'; batches: { rows: number; quarantined: number }[] }
  | { do: 'again'; index: number }
  | { do: 'seal' | 'insert' | 'tell' | 'cut' }
  | { do: 'split' | 'bury'; index: number };

const oneBatch = fc
  .record({
    rows: fc.integer({ min: 0, max: 4 }),
    quarantined: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 2 })),
  })
  .map(({ rows, quarantined }) => (rows + quarantined === 0 ? { rows: 1, quarantined } : { rows, quarantined }));
export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('append' as const), batches: fc.array(oneBatch, { minLength: 1, maxLength: 6 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('again' as const), index: fc.nat() }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('seal' as const, 'insert' as const, 'tell' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('split' as const, 'bury' as const), index: fc.nat() }) },
  { weight: 1, arbitrary: fc.constant({ do: 'cut' as const }) },
);
export const plan: fc.Arbitrary<Plan> = fc.record({
  faults: fc.array(fc.record({ after: fc.integer({ min: 1, max: 120 }), fault: fc.constantFrom<Fault>('ENOSPC', 'EIO', 'crash') }), {
    maxLength: 6,
  }),
  random: fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 3, maxLength: 12 }),
});

export async function run(model: Model, steps: readonly Step[]): Promise<void> {
  await model.open();
  for (const one of steps) {
    if (one.do === 'append') {
      const batches = one.batches.map(({ rows, quarantined }, index) => newBatch(model.sent.length + index + 1, rows, quarantined));
      const sent = batches.map((batch) => ({ batch, acknowledged: false }));
      model.sent.push(...sent);
      await model.append(sent);
    } else if (one.do === 'again') {
      const again = model.sent[one.index % Math.max(1, model.sent.length)];
      if (again) await model.append([again, again]);
    } else if (one.do === 'seal') {
      await model.attempt((log) => log.seal());
    } else if (one.do === 'insert') {
      await model.insert();
    } else if (one.do === 'tell') {
      model.tell();
    } else if ('index' in one) {
      await model.refuse(one.do, one.index);
    } else {
      model.cut();
      await model.open();
    }
  }
}
