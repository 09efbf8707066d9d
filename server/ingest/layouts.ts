// Layouts of rows by their schema: those of this version, and those that agents of other versions have sent. They are kept on disk, so that
// after an upgrade the log's rows of the version before can be read.
import { dirname, join } from 'node:path';
import { type Disk, REAL_DISK } from '../../agent/durable/disk.ts';
import { readWhole, replaceWhole } from '../../agent/durable/whole-file.ts';
import { reasonOf } from '../../agent/process/errors.ts';
import { turns } from '../../agent/process/turns.ts';
import { type Conversion, conversionTo, type Layout, LayoutError, layoutOf, parseLayout } from '../../bpf/rows/layout.ts';
import { KIND, KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { schemaOf } from '../../bpf/rows/schema.ts';
import { Refusal } from '../errors.ts';
import { ForeignLayouts } from './foreign-layouts.ts';

/** Versions of rows.h that a schema is searched in: the hash in a schema covers the version but does not show it. */
const ROWS_VERSIONS = Array.from({ length: 64 }, (_, index) => index + 1);
const SCHEMA = /^([a-z][a-z0-9_]{0,63})\/[0-9a-f]{12}$/;
/** Limit of a layout's file: nine times the largest layout of this version. */
const FILE_BYTES_MAX = 64 * 1024;
/** Limit of growth of rows in a conversion: more would take too much memory, and can hardly be rows of this kind. */
const GROWTH_MAX = 8;

/** A schema whose rows are accepted. `conversion` turns them into rows of this version; undefined if they are. */
export type Known = { kind: Kind; conversion: Conversion | undefined };

type Foreign = { layout: Layout; known: Known | Refusal };

export class Layouts {
  readonly #directory: string;
  readonly #disk: Disk;
  readonly #evicted: (layouts: number) => void;
  readonly #own = new Map<string, Known>(KIND.map((kind) => [KINDS[kind].schema, { kind, conversion: undefined }]));
  readonly #foreign = new ForeignLayouts<Foreign>();
  /** One request at a time: many agents send the same layouts at once, and all but the first then find them stored. */
  readonly #inTurn = turns();

  /** @param evicted is called with the number of layouts that were removed to make room for others */
  constructor(directory: string, evicted: (layouts: number) => void = () => undefined, disk: Disk = REAL_DISK) {
    this.#directory = directory;
    this.#evicted = evicted;
    this.#disk = disk;
  }

  /** Bytes that the files of other versions' layouts take. */
  get bytes(): number {
    return this.#foreign.bytes;
  }

  /** Reads the layouts on disk, and adds this version's. Returns the names of files that are no layouts. */
  async start(): Promise<string[]> {
    await this.#disk.makeDirectory(this.#directory);
    await this.#disk.syncDirectory(dirname(this.#directory));
    const unreadable: string[] = [];
    const kept = new Set<string>();
    for (const name of (await this.#disk.list(this.#directory)).filter((file) => file.endsWith('.json'))) {
      try {
        const layout = parsed(JSON.parse((await readWhole(this.#disk, join(this.#directory, name))).toString()));
        this.#learn('', layout);
        kept.add(layout.schema);
      } catch {
        unreadable.push(name);
      }
    }
    for (const layout of KIND.map(layoutOf)) if (!kept.has(layout.schema)) await this.#keep(layout);
    return unreadable;
  }

  /**
   * The kind and conversion of rows with this schema.
   * @throws Refusal `kind_unknown`, `layout_unknown`, `layout_refused`
   */
  of(schema: string): Known {
    const own = this.#own.get(schema);
    if (own) return own;
    const kind = SCHEMA.exec(schema)?.[1];
    if (kind !== undefined && !KIND.some((known) => known === kind)) {
      throw new Refusal('kind_unknown', `this collector's version does not know ${kind} rows: upgrade the collector`);
    }
    const foreign = this.#foreign.get(schema);
    if (foreign === undefined) {
      throw new Refusal('layout_unknown', `the layout ${schema} is not known here: post it to /v1/layouts and send the batch again`);
    }
    if (foreign.known instanceof Refusal) throw foreign.known;
    return foreign.known;
  }

  /** The conversion for rows in the log. Undefined if they cannot be converted, or need not be. */
  conversion(schema: string): Conversion | undefined {
    this.met(schema);
    const known = this.#foreign.get(schema)?.known;
    return known instanceof Refusal ? undefined : known?.conversion;
  }

  /** Notes that rows of this schema came: its layout is now the last to be removed. */
  met(schema: string): void {
    this.#foreign.use(schema);
  }

  /**
   * Stores layouts that an agent has sent; resolves when they are durable. If there is no room, others are removed, and agents that need
   * those send them again.
   * @throws Refusal `layout_refused`
   */
  async learn(host_id: string, values: readonly unknown[]): Promise<void> {
    const layouts = values.map(parsed);
    await this.#inTurn(async () => {
      for (const layout of layouts) {
        if (this.#own.has(layout.schema) || this.#foreign.get(layout.schema) !== undefined) continue;
        await this.#keep(layout);
        this.#learn(host_id, layout);
      }
      await this.#makeRoom(host_id);
    });
  }

  #learn(host_id: string, layout: Layout): void {
    if (this.#own.has(layout.schema)) return;
    this.#foreign.add(layout.schema, { host_id, bytes: textOf(layout).length, value: { layout, known: knownOf(layout) } });
  }

  async #makeRoom(host_id: string): Promise<void> {
    const gone = this.#foreign.takeExcess(host_id);
    for (const schema of gone) await this.#disk.remove(this.#pathOf(schema));
    if (gone.length > 0) this.#evicted(gone.length);
  }

  /** The layout of a schema never changes, so a file that is already there is right. */
  async #keep(layout: Layout): Promise<void> {
    await replaceWhole(this.#disk, this.#pathOf(layout.schema), [Buffer.from(textOf(layout))]);
  }

  #pathOf(schema: string): string {
    return join(this.#directory, `${schema.replace('/', '-')}.json`);
  }
}

/** The content of the layout's file. */
function textOf(layout: Layout): string {
  return `${JSON.stringify(layout)}\n`;
}

/** Layouts of kinds that this version does not know are taken too: a later version may know them. */
function parsed(value: unknown): Layout {
  const layout = parse(value);
  if (SCHEMA.exec(layout.schema)?.[1] !== layout.kind || !ROWS_VERSIONS.some((version) => schemaOf(layout, version) === layout.schema)) {
    throw new Refusal('layout_refused', `the layout of ${layout.kind} is not the one that the schema ${layout.schema} names`);
  }
  if (textOf(layout).length > FILE_BYTES_MAX) throw new Refusal('layout_refused', `the layout ${layout.schema} is too long`);
  return layout;
}

function parse(value: unknown): Layout {
  try {
    return parseLayout(value);
  } catch (error) {
    if (error instanceof LayoutError) throw new Refusal('layout_refused', reasonOf(error), { cause: error });
    throw error;
  }
}

/**
 * A column that only one version has does no harm. A column whose type has changed would lose values silently, so its layout is refused.
 */
function knownOf(layout: Layout): Known | Refusal {
  const kind = KIND.find((candidate) => candidate === layout.kind);
  if (kind === undefined)
    return new Refusal('kind_unknown', `this collector's version does not know ${layout.kind} rows: upgrade the collector`);
  const conversion = conversionTo(kind, layout);
  // The version with more columns is the newer one.
  const older = conversion.dropped.length > conversion.missing.length ? 'collector' : 'agent';
  const [column] = conversion.changed;
  if (column !== undefined) {
    return new Refusal(
      'layout_refused',
      `${kind}.${column} has another type in ${layout.schema} than in ${KINDS[kind].schema}: upgrade the ${older}`,
    );
  }
  if (KINDS[kind].size > GROWTH_MAX * layout.size) {
    return new Refusal('layout_refused', `rows of ${layout.schema} lack nearly all columns: upgrade the ${older}`);
  }
  return { kind, conversion };
}
