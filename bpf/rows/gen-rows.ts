// rows.h → rows.gen.ts, by way of the BTF that clang writes for it: the compiler's own layout, nothing parsed twice.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { commentOf, wordsOf } from './header-words.ts';
import { schemaOf } from './schema.ts';

type BtfType = {
  id: number;
  kind: string;
  name: string;
  size?: number;
  type_id?: number;
  nr_elems?: number;
  encoding?: string;
  members?: { name: string; type_id: number; bits_offset: number }[];
  values?: { name: string; val: number }[];
};

/** One member of a row: where it lies, what ClickHouse stores, and how TypeScript reads it. */
type Column = { name: string; offset: number; size: number; type: string; ts: string; read: string; comment: string };

const here = import.meta.dirname;
const header = readFileSync(join(here, 'rows.h'), 'utf8');
const types = new Map(compileToBtf().map((type) => [type.id, type]));

function compileToBtf(): BtfType[] {
  const object = join(tmpdir(), `tcplens-rows-${process.pid}.o`);
  const include = `/usr/include/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;
  const flags = ['-target', 'bpf', '-g', '-O2', '-Wall', '-Wextra', '-Wpadded', '-Werror', '-I', include];
  execFileSync('clang', [...flags, '-c', join(here, 'rows-btf.c'), '-o', object], { stdio: 'inherit' });
  const dump = execFileSync('bpftool', ['-j', 'btf', 'dump', 'file', object], { encoding: 'utf8' });
  rmSync(object);
  return (JSON.parse(dump) as { types: BtfType[] }).types;
}

function type(id: number | undefined): BtfType {
  const found = id === undefined ? undefined : types.get(id);
  if (!found) throw new Error(`rows.h: BTF has no type ${id}`);
  return found;
}

/** The typedefs of rows.h that carry a meaning beside a width. */
const typedefs: Record<string, { size: number; type: string; ts: string; read: (at: string) => string }> = {
  row_time: { size: 8, type: 'DateTime64(9)', ts: 'bigint', read: (at) => `view.getBigUint64(${at}, true)` },
  row_id: { size: 8, type: 'UInt64', ts: 'bigint', read: (at) => `view.getBigUint64(${at}, true)` },
  row_addr: { size: 16, type: 'IPv6', ts: 'string', read: (at) => `readAddress(view, ${at})` },
  row_text: { size: 16, type: 'FixedString(16)', ts: 'string', read: (at) => `readText(view, ${at}, 16)` },
  row_name: { size: 32, type: 'FixedString(32)', ts: 'string', read: (at) => `readText(view, ${at}, 32)` },
  row_stack: { size: 256, type: 'FixedString(256)', ts: 'string', read: (at) => `readText(view, ${at}, 256)` },
  row_flag: { size: 1, type: 'Bool', ts: 'boolean', read: (at) => `view.getUint8(${at}) !== 0` },
};

function integer(size: number, signed: boolean): { type: string; ts: string; read: (at: string) => string } {
  const bits = size * 8;
  const name = `${signed ? 'Int' : 'Uint'}${bits}`;
  const column = `${signed ? 'Int' : 'UInt'}${bits}`;
  if (bits === 64) return { type: column, ts: 'number', read: (at) => `Number(view.getBig${name}(${at}, true))` };
  return { type: column, ts: 'number', read: (at) => `view.get${name}(${at}${bits === 8 ? '' : ', true'})` };
}

function describe(id: number): { size: number; type: string; ts: string; read: (at: string) => string } {
  const member = type(id);
  const known = typedefs[member.name];
  if (member.kind === 'TYPEDEF') return known ?? describe(member.type_id ?? 0);
  if (member.kind === 'INT') return { size: member.size ?? 0, ...integer(member.size ?? 0, member.encoding === 'SIGNED') };
  if (member.kind === 'ARRAY') {
    const size = member.nr_elems ?? 0;
    return { size, type: `FixedString(${size})`, ts: 'never', read: () => 'never' };
  }
  if (member.kind === 'ENUM' && member.size === 1) {
    const list = enumValues(member).map(([name, value]) => `'${name}' = ${value}`);
    const constant = member.name.toUpperCase();
    const read = (at: string) => `${constant}[view.getUint8(${at})] ?? '${enumValues(member)[0]?.[0]}'`;
    return { size: 1, type: `Enum8(${list.join(', ')})`, ts: pascal(member.name), read };
  }
  throw new Error(`rows.h: a row has no column for ${member.kind} ${member.name}`);
}

function enumValues(entry: BtfType): [string, number][] {
  const prefix = `${entry.name.toUpperCase()}_`;
  return (entry.values ?? []).map(({ name, val }, index) => {
    if (!name.startsWith(prefix) || val !== index)
      throw new Error(`rows.h: enum ${entry.name} must count up from 0 with the prefix ${prefix}`);
    return [name.slice(prefix.length).toLowerCase(), val];
  });
}

function columnsOf(struct: BtfType, base = 0): Column[] {
  return (struct.members ?? []).flatMap(({ name, type_id, bits_offset }) => {
    const offset = base + bits_offset / 8;
    const nested = type(type_id);
    if (nested.kind === 'STRUCT') return columnsOf(nested, offset);
    const shape = describe(type_id);
    return [
      {
        name,
        offset,
        size: shape.size,
        type: shape.type,
        ts: shape.ts,
        read: shape.read(`at + ${offset}`),
        comment: commentOf(header, struct.name, name),
      },
    ];
  });
}

const pascal = (name: string) => name.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
const named = (kind: string, name: string) => {
  for (const entry of types.values()) if (entry.kind === kind && entry.name === name) return entry;
  throw new Error(`rows.h: no ${kind.toLowerCase()} ${name}`);
};

function checkNoHoles(name: string, columns: Column[], size: number): void {
  let at = 0;
  for (const column of columns) {
    if (column.offset !== at) throw new Error(`rows.h: ${name}.${column.name} leaves a hole at ${at}`);
    at += column.size;
  }
  if (at !== size) throw new Error(`rows.h: ${name} ends at ${at} of ${size}`);
}

function emitEnum(entry: BtfType): string {
  const values = enumValues(entry)
    .map(([name]) => `'${name}'`)
    .join(', ');
  const constant = entry.name.toUpperCase();
  return `export const ${constant} = [${values}] as const;\nexport type ${pascal(entry.name)} = (typeof ${constant})[number];\n`;
}

function emitKind(kind: string, index: number, version: number): { code: string; entry: string } {
  const struct = named('STRUCT', `${kind}_row`);
  const columns = columnsOf(struct);
  checkNoHoles(kind, columns, struct.size ?? 0);
  const kept = columns.filter(({ name }) => name !== 'pad');
  const fields = kept.map(({ name, ts, comment }) => `${comment ? `  /** ${comment} */\n` : ''}  ${name}: ${ts};`).join('\n');
  const reads = kept.map(({ name, read }) => `    ${name}: ${read},`).join('\n');
  const list = columns
    .map(
      ({ name, offset, size, type: column, comment }) =>
        `    { name: '${name}', offset: ${offset}, size: ${size}, type: ${JSON.stringify(column)}, comment: ${JSON.stringify(comment)} },`,
    )
    .join('\n');
  const offsets = kept.map(({ name, offset }) => `  ${name}: ${offset},`).join('\n');
  const code = `
export type ${pascal(kind)}Row = {
${fields}
};

/** Where each member of a ${kind} row lies, for readers that want a few of them. */
export const ${kind.toUpperCase()}_AT = {
${offsets}
} as const satisfies Record<keyof ${pascal(kind)}Row, number>;

export function read${pascal(kind)}Row(view: DataView, at: number): ${pascal(kind)}Row {
  return {
${reads}
  };
}
`;
  const entry = `  ${kind}: {
    index: ${index},
    words: ${JSON.stringify(wordsOf(header, struct.name))},
    size: ${struct.size},
    schema: '${schemaOf({ kind, columns }, version)}',
    read: read${pascal(kind)}Row,
    columns: [
${list.replace(/^/gm, '  ')}
    ],
  },`;
  return { code, entry };
}

/** The numbers that a header defines, by the beginning of their names. */
function emitLimits(file: string, prefix: string): string {
  const limits = readFileSync(join(here, file), 'utf8').matchAll(new RegExp(`^#define (${prefix}\\w+) +(\\d+)`, 'gm'));
  return [...limits].map(([, name, value]) => `export const ${name} = ${value};`).join('\n');
}

function members(struct: string, value: (column: Column) => string): string {
  return columnsOf(named('STRUCT', struct))
    .filter(({ name }) => !name.startsWith('pad'))
    .map((column) => `  ${column.name}: ${value(column)},`)
    .join('\n');
}

/** What makes a tally program and reads its groups needs of tally_program.h. */
function emitTally(): string {
  const structs = ['tally_program', 'tally_plan', 'tally_part', 'tally_value', 'tally_histogram', 'tally_group', 'tally_histogram_sums'];
  const each = structs.map((struct) => {
    const name = struct.toUpperCase();
    const at = members(struct, ({ offset }) => String(offset));
    return `export const ${name}_BYTES = ${named('STRUCT', struct).size};\nexport const ${name}_AT = {\n${at}\n} as const;`;
  });
  return `
${emitLimits('tally_program.h', 'TALLY_')}

/** Where the members of tally_program.h's structs lie, those of nested ones among them. */
${each.join('\n')}
`;
}

/** What the compiler of filters needs of filter.h: its limits, and where the members of its structs lie. */
function emitFilter(): string {
  const sized = ['filter', 'filter_step'].map((struct) => `export const ${struct.toUpperCase()}_BYTES = ${named('STRUCT', struct).size};`);
  return `
${emitLimits('filter.h', 'FILTER_')}
${sized.join('\n')}

/** Where the members of filter.h's structs lie, those of nested ones among them. */
export const FILTER_AT = {
${members('filter', ({ offset }) => String(offset))}
} as const;

export const FILTER_STEP_AT = {
${members('filter_step', ({ offset }) => String(offset))}
} as const;

/** The facts of a row, as the steps of a filter find them. */
export const FILTER_WORDS = {
${members('filter_words', ({ offset, size }) => `{ offset: ${offset}, size: ${size} }`)}
} as const;

/** What became of the rows that a filter was asked about: UInt64 each. */
export const FILTER_COUNTERS = [${columnsOf(named('STRUCT', 'filter_counters'))
    .map(({ name }) => `'${name}'`)
    .join(', ')}] as const;
export type FilterCounters = Record<(typeof FILTER_COUNTERS)[number], number>;
`;
}

/** As the Makefile has it. */
function sharedHeaders(): string {
  const hash = createHash('sha256');
  for (const name of globSync('*.h', { cwd: here }).sort()) hash.update(readFileSync(join(here, name)));
  return hash.digest('hex').slice(0, 8);
}

function generate(): string {
  const version = header.match(/#define ROWS_VERSION (\d+)/)?.[1];
  if (!version) throw new Error('rows.h: no ROWS_VERSION');
  const kinds = enumValues(named('ENUM', 'kind')).map(([name, index]) => ({ name, ...emitKind(name, index, Number(version)) }));
  const enums = [...types.values()].filter((entry) => entry.kind === 'ENUM' && entry.name !== '(anon)');
  const counters = columnsOf(named('STRUCT', 'kind_counters'));
  return `// Generated from rows.h's BTF by gen-rows.ts. Do not edit.
// SPDX-License-Identifier: Apache-2.0
import { readAddress, readText } from './read-text.ts';

export { readAddress, readText };

/** What this was made of: objects and loader that were built of anything else do not fit. */
export const SHARED_HEADERS = '${sharedHeaders()}';

${enums.map(emitEnum).join('\n')}
/** A column as ClickHouse reads it from a row; \`pad\` columns are skipped on the way in. */
export type Column = { name: string; offset: number; size: number; type: string; comment: string };

export type KindLayout<Row> = {
  index: number;
  /** What a row of it tells. */
  words: string;
  /** Bytes a row. */
  size: number;
  /** Names kind and layout: a batch with another id cannot be stored. */
  schema: string;
  read: (view: DataView, at: number) => Row;
  columns: readonly Column[];
};

export type Rows = { ${kinds.map(({ name }) => `${name}: ${pascal(name)}Row`).join('; ')} };

/** Where the members that every row begins with lie. */
export const HEAD_AT = {
${columnsOf(named('STRUCT', 'row_head'))
  .map(({ name, offset }) => `  ${name}: ${offset},`)
  .join('\n')}
} as const;
${kinds.map(({ code }) => code).join('')}
/** Every kind, by its table's name; \`index\` is the ring's and the head's \`kind\`. */
export const KINDS = {
${kinds.map(({ entry }) => entry).join('\n')}
} as const satisfies { [Name in keyof Rows]: KindLayout<Rows[Name]> };

/** The kernel's counters of one kind, as the loader hands them out: UInt64 each. */
export const COUNTERS = [${counters.map(({ name }) => `'${name}'`).join(', ')}] as const;
export type KindCounters = Record<(typeof COUNTERS)[number], number>;
${emitFilter()}${emitTally()}`;
}

// A path as argument writes elsewhere: the test compares that with the committed file.
writeFileSync(process.argv[2] ?? join(here, 'rows.gen.ts'), generate());
