// The journal against a model, whichever call fails, wherever it is killed and wherever the power is cut: what was acknowledged is read
// back, what was not may be, in order, and nothing else ever is.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { Journal, readJournal } from '../../../agent/durable/journal.ts';
import { tries } from '../../support/tries.ts';
import { type Fault, type Lasting, type Plan, TornDisk } from './torn-disk.ts';

type Value = { number: number; padding: string };
const isValue = (value: unknown): value is Value => typeof value === 'object' && value !== null && 'number' in value;
const FORMAT = { format: 'a test 1', isValue };
const SNAPSHOT_BYTES_MIN = 1500;

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

class Model {
  /** What the journal adds up to, and how much of it no power cut takes. */
  values: Value[] = [];
  durable = 0;
  /** Of an `append` that failed: a crash may leave some of it, a `repair` leaves none. */
  maybe: Value[] = [];
  /** The journal was closed, and each of its lines was taken. */
  closed = false;
  directory = newRoot();
  disk = new TornDisk(this.directory);
  journal!: Journal<Value>;
  readonly #plans: Plan[];
  #number = 0;

  constructor(plans: readonly Plan[]) {
    this.#plans = [...plans];
  }

  /** Starts on what is there, again and again if that is cut short. */
  async start(): Promise<void> {
    for (;;) {
      await this.#read();
      this.disk = new TornDisk(this.directory, this.#plans.shift());
      this.journal = new Journal(this.disk, join(this.directory, 'journal'), FORMAT, SNAPSHOT_BYTES_MIN);
      const started = await this.#replace().then(
        () => true,
        () => false,
      );
      if (started) return;
      this.#cut();
    }
  }

  async #read(): Promise<void> {
    const read = await readJournal(new TornDisk(this.directory), join(this.directory, 'journal'), FORMAT);
    const all = [...this.values, ...this.maybe];
    expect(read.values).toEqual(all.slice(0, read.values.length));
    expect(read.values.length).toBeGreaterThanOrEqual(this.durable);
    expect([read.damaged_lines, read.other_format, this.durable > 0 && !read.begins]).toEqual([0, false, false]);
    if (read.closed) expect(read.values).toEqual(this.values);
    if (this.closed) expect(read.closed).toBe(true);
    Object.assign(this, { values: read.values, durable: read.values.length, maybe: [], closed: false });
  }

  async #replace(): Promise<void> {
    await this.journal.replace(this.values);
    this.durable = this.values.length;
    this.maybe = [];
  }

  async append({ count, durable, fault }: Append): Promise<void> {
    const values = Array.from({ length: count }, () => ({ number: ++this.#number, padding: 'x'.repeat(this.#number % 50) }));
    await this.#attempt(async () => {
      if (this.journal.wants_snapshot && this.maybe.length === 0) await this.#replace();
      await this.journal.repair(() => this.#replace());
      this.maybe = values;
      this.disk.fault = fault;
      await this.journal.append(values, durable);
      this.maybe = [];
      this.values.push(...values);
      if (durable) this.durable = this.values.length;
    });
  }

  replace(): Promise<void> {
    return this.#attempt(() => this.#replace());
  }

  async stop(how: 'close' | 'kill' | 'power cut'): Promise<void> {
    if (how === 'close') {
      await this.#attempt(() => this.journal.close(), false);
      if (!this.disk.dead) this.disk.kill();
    } else if (how === 'kill') {
      this.disk.kill();
      this.durable = this.values.length;
    } else this.#cut();
    await this.start();
  }

  #cut(): void {
    this.directory = newRoot();
    this.disk.powerCut(this.directory);
  }

  /** A step that fails is one that the owner hears of. After a planned crash the power is cut, and it starts anew. */
  async #attempt(work: () => Promise<void>, restarts = true): Promise<void> {
    await work().catch(() => undefined);
    this.disk.fault = 'none';
    if (!this.disk.dead) return;
    this.#cut();
    if (restarts) await this.start();
  }
}

function newRoot(): string {
  const root = mkdtempSync(join(tmpdir(), 'tcplens-journal-'));
  roots.push(root);
  return root;
}

type Append = { do: 'append'; count: number; durable: boolean; fault: Lasting };
type Step = Append | { do: 'replace' } | { do: 'stop'; how: 'close' | 'kill' | 'power cut' };
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      count: fc.integer({ min: 0, max: 5 }),
      durable: fc.boolean(),
      fault: fc.constantFrom<Lasting>('none', 'none', 'none', 'short', 'no_sync'),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'replace' as const }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('stop' as const), how: fc.constantFrom('close', 'kill', 'power cut') }) },
);
/** A start takes five calls; what comes after them is of steps. Numbers near 0 and 1 leave little and nearly all of what was not flushed. */
const plan: fc.Arbitrary<Plan> = fc.record({
  faults: fc.array(fc.record({ after: fc.integer({ min: 1, max: 20 }), fault: fc.constantFrom<Fault>('ENOSPC', 'EIO', 'EIO', 'crash') }), {
    minLength: 1,
    maxLength: 4,
  }),
  random: fc.array(fc.oneof(fc.constantFrom(0, 0.999), fc.double({ min: 0, max: 0.999, noNaN: true })), { minLength: 1, maxLength: 12 }),
});

test('what was acknowledged is read back, what was not may be, nothing else ever', async () => {
  const check = async (steps: readonly Step[], plans: readonly Plan[]) => {
    const model = new Model(plans);
    await model.start();
    for (const one of [...steps, { do: 'stop', how: 'power cut' } as const]) {
      if (one.do === 'append') await model.append(one);
      else if (one.do === 'replace') await model.replace();
      else await model.stop(one.how);
    }
    model.disk.kill();
    for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
  };
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), fc.array(plan, { maxLength: 5 }), check), tries(300));
});

function openOn(directory: string) {
  const disk = new TornDisk(directory);
  const path = join(directory, 'journal');
  return { disk, path, journal: new Journal<Value>(disk, path, FORMAT, SNAPSHOT_BYTES_MIN) };
}
const [a, b, c] = ['a', 'b', 'c'].map((padding, number) => ({ number, padding })) as [Value, Value, Value];

test('after a flush that failed nothing is appended to that file: its next flush would say nothing of what it has', async () => {
  const { disk, journal } = openOn(newRoot());
  await journal.replace([]);
  await journal.append([a], false);
  disk.fault = 'no_sync';
  await expect(journal.append([b], true)).rejects.toThrow('EIO');
  disk.fault = 'none';
  await journal.repair(() => journal.replace([a]));
  await journal.append([c], true);
  const left = join(newRoot(), 'left');
  disk.powerCut(left, { bytes: () => 0, names: () => 0 });
  expect(await readJournal(new TornDisk(left), join(left, 'journal'), FORMAT)).toMatchObject({ values: [a, c], damaged_lines: 0 });
});

test('a snapshot that could not be written is wanted still, and lines are taken meanwhile', async () => {
  const { disk, path, journal } = openOn(newRoot());
  const values = [a, b];
  await journal.replace(values);
  expect(journal.wants_snapshot).toBe(false);
  disk.fault = 'full';
  await expect(journal.replace([])).rejects.toThrow('ENOSPC');
  disk.fault = 'none';
  expect(journal.wants_snapshot).toBe(true);
  await journal.append(values, true);
  expect(await readJournal(disk, path, FORMAT)).toMatchObject({ values: [...values, ...values], damaged_lines: 0 });
  await journal.replace([]);
  expect(journal.wants_snapshot).toBe(false);
  await journal.close();
});
