// The access records in memory. They are read from the store every second, and at a start from a file, so that a collector whose store is
// away still knows its agents and people. A change made here takes effect once the store has it and the file is flushed.
import { join } from 'node:path';
import { Compile } from 'typebox/compile';
import type { Disk } from '../../agent/durable/disk.ts';
import { Journal, type JournalFormat, readJournal } from '../../agent/durable/journal.ts';
import { turns } from '../../agent/process/turns.ts';
import { accessSince, markOf } from '../storage/access-records.ts';
import type { Store } from '../storage/store.ts';
import { RECORD_KINDS, RECORDS, type RecordKind, type RecordOf, StoredRecord } from './records.ts';

const STORED = Compile(StoredRecord);
const FORMAT: JournalFormat<StoredRecord> = { format: 'tcplens-access 1', isValue: (value) => STORED.Check(value) };
const CHECKS = new Map(RECORD_KINDS.map((kind) => [kind, Compile(RECORDS[kind])]));
const FILE = 'access.journal';
const SNAPSHOT_BYTES = 1024 * 1024;
const FOLLOW_MS = 1000;
/** Agents have to learn of such records within a second, so the newest version of this kind is also looked up every GLANCE_MS. */
const URGENT: RecordKind = 'investigation';
const GLANCE_MS = 200;

type Held<Kind extends RecordKind = RecordKind> = StoredRecord & { value: RecordOf<Kind> | undefined };
export type RecordBookOptions = {
  store: Pick<Store, 'backend' | 'query' | 'insertAccess'>;
  disk: Disk;
  /** the folder of the file */
  directory: string;
  /** the store could not be read, or the file not be written */
  failed: (error: unknown) => void;
};

export class RecordBook {
  readonly #options: RecordBookOptions;
  readonly #held = new Map<string, Held>();
  readonly #journal: Journal<StoredRecord>;
  readonly #inTurn = turns();
  readonly #watchers: (() => void)[] = [];
  #following: NodeJS.Timeout | undefined;
  /** Time of the newest record that was read, by the store's clock. The next read begins shortly before it. */
  #since_ms = 0;
  #mark: string | undefined;
  #looked_ms = 0;
  #stopped = false;
  #isRead = false;

  constructor(options: RecordBookOptions) {
    this.#options = options;
    this.#journal = new Journal(options.disk, join(options.directory, FILE), FORMAT, SNAPSHOT_BYTES);
  }

  /** Reads the file. A damaged line is skipped: the store has its record. */
  async open(): Promise<void> {
    const { disk, directory } = this.#options;
    const { values } = await readJournal(disk, join(directory, FILE), FORMAT);
    for (const record of values) this.#learn(record);
    await this.#journal.replace(this.#stored());
  }

  /** Whether the store has been read. Until then only the records in the file are known. */
  get isRead(): boolean {
    return this.#isRead;
  }

  get<Kind extends RecordKind>(kind: Kind, id: string): RecordOf<Kind> | undefined {
    const held = this.#held.get(keyOf(kind, id)) as Held<Kind> | undefined;
    return held !== undefined && !isOver(held, Date.now()) ? held.value : undefined;
  }

  /** The records of a kind, without those that were removed or have ended. */
  *all<Kind extends RecordKind>(kind: Kind): Generator<[id: string, RecordOf<Kind>]> {
    const now_ms = Date.now();
    for (const held of this.#held.values()) {
      if (held.kind === kind && held.value !== undefined && !isOver(held, now_ms)) yield [held.id, held.value as RecordOf<Kind>];
    }
  }

  /** `changed` is called after records have changed, here or at another collector. */
  watch(changed: () => void): void {
    this.#watchers.push(changed);
  }

  /** @throws StoreError: the change was not made, or may have been made */
  put<Kind extends RecordKind>(kind: Kind, id: string, value: RecordOf<Kind>, ends_ms = 0): Promise<void> {
    return this.putAll(kind, [[id, value]], ends_ms);
  }

  /** As `put`, for many records in one insert. */
  putAll<Kind extends RecordKind>(kind: Kind, values: Iterable<readonly [id: string, RecordOf<Kind>]>, ends_ms = 0): Promise<void> {
    return this.#write(
      kind,
      Array.from(values, ([id, value]) => [id, JSON.stringify(value)] as const),
      ends_ms,
    );
  }

  remove(kind: RecordKind, id: string): Promise<void> {
    // The mark of the removal is needed for as long as the record would have been kept.
    return this.#write(kind, [[id, '']], this.#held.get(keyOf(kind, id))?.ends_ms ?? 0);
  }

  /** Reads what other collectors change, from now on. Called once the store is open; resolves after the first whole read. */
  async follow(): Promise<void> {
    await this.look();
    this.#plan();
  }

  /** Reads now what others have changed. */
  look(): Promise<void> {
    return this.#inTurn(() => this.#read());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#following);
    await this.#inTurn(() => this.#journal.close());
  }

  #write(kind: RecordKind, bodies: readonly (readonly [id: string, body: string])[], ends_ms: number): Promise<void> {
    return this.#inTurn(async () => {
      const records = bodies.map(([id, body]): StoredRecord => {
        const version = Math.max(Date.now() * 1000, (this.#held.get(keyOf(kind, id))?.version ?? 0) + 1);
        return { kind, id, version, ends_ms, body };
      });
      await this.#options.store.insertAccess(records);
      await this.#keep(records);
      this.#changed();
    });
  }

  /** Reads all changes once FOLLOW_MS have passed; earlier only if another collector has changed an urgent record. */
  async #follow(): Promise<void> {
    const isDue = performance.now() - this.#looked_ms >= FOLLOW_MS;
    // A failed glance is ignored: the regular read reports a store that does not answer.
    // The embedded engine has no other writer, so a glance would find nothing.
    const isAlone = this.#options.store.backend === 'embedded';
    const mark = isDue || isAlone ? this.#mark : await markOf(this.#options.store, URGENT).catch(() => this.#mark);
    if (!isDue && mark === this.#mark) return;
    this.#mark = mark;
    this.#looked_ms = performance.now();
    await this.look();
  }

  async #read(): Promise<void> {
    const before = this.#since_ms;
    const seen = new Set<string>();
    const fresh: StoredRecord[] = [];
    for await (const page of accessSince(this.#options.store, before)) {
      for (const { at_ms, ...record } of page) {
        seen.add(keyOf(record.kind, record.id));
        this.#since_ms = Math.max(this.#since_ms, at_ms);
        if (record.version > (this.#held.get(keyOf(record.kind, record.id))?.version ?? 0)) fresh.push(record);
      }
    }
    await this.#keep(fresh);
    if (before === 0) await this.#giveBack(seen);
    this.#drop();
    const isFirst = !this.#isRead;
    this.#isRead = true;
    if (isFirst || fresh.length > 0) this.#changed();
  }

  /** Stores the records that only the file has: the store lost them in a power cut. */
  async #giveBack(seen: ReadonlySet<string>): Promise<void> {
    const now_ms = Date.now();
    const missing = this.#stored().filter((record) => !seen.has(keyOf(record.kind, record.id)) && !isOver(record, now_ms));
    await this.#options.store.insertAccess(missing);
  }

  /** Puts the records into memory and into the file. */
  async #keep(records: readonly StoredRecord[]): Promise<void> {
    if (records.length === 0) return;
    for (const record of records) this.#learn(record);
    try {
      await this.#journal.repair(() => this.#journal.replace(this.#stored()));
      await this.#journal.append(records, true);
      if (this.#journal.wants_snapshot) await this.#journal.replace(this.#stored());
    } catch (error) {
      // Only the file lacks the records: the store has them.
      this.#options.failed(error);
    }
  }

  #learn(record: StoredRecord): void {
    const key = keyOf(record.kind, record.id);
    if (record.version <= (this.#held.get(key)?.version ?? 0)) return;
    this.#held.set(key, { ...record, value: valueIn(record) });
  }

  #drop(): void {
    const now_ms = Date.now();
    for (const [key, held] of this.#held) if (isOver(held, now_ms)) this.#held.delete(key);
  }

  #stored(): StoredRecord[] {
    return [...this.#held.values()].map(({ value: _, ...record }) => record);
  }

  #changed(): void {
    for (const changed of this.#watchers) changed();
  }

  #plan(): void {
    if (this.#stopped) return;
    this.#following = setTimeout(() => {
      void this.#follow()
        .catch(this.#options.failed)
        .finally(() => this.#plan());
    }, GLANCE_MS);
  }
}

const keyOf = (kind: RecordKind, id: string) => `${kind} ${id}`;
const isOver = ({ ends_ms }: StoredRecord, now_ms: number) => ends_ms > 0 && ends_ms <= now_ms;

/** Undefined where the record was removed, or does not match this version's schema: such a record gives no right. */
function valueIn({ kind, body }: StoredRecord): RecordOf<RecordKind> | undefined {
  if (body === '') return undefined;
  try {
    const value: unknown = JSON.parse(body);
    return CHECKS.get(kind)?.Check(value) ? (value as RecordOf<RecordKind>) : undefined;
  } catch {
    return undefined;
  }
}
