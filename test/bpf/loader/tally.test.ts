// One meaning: whatever the rows, the loader's program and the plain tally give the same groups.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PlainTally } from '../../../agent/metrics/plain-tally.ts';
import type { ConnectionOptions } from '../../../agent/metrics/tally-plan.ts';
import { tallyProgram } from '../../../agent/metrics/tally-program.ts';
import {
  type Column,
  KIND,
  KINDS,
  type Kind,
  TALLY_PART_AT,
  TALLY_PART_BYTES,
  TALLY_PLAN_AT,
  TALLY_PROGRAM_AT,
} from '../../../bpf/rows/rows.gen.ts';
import { buildTally, comparable, REASONS } from '../../support/loader-tally.ts';
import { type RowValues, rowBytes } from '../../support/row-bytes.ts';
import { missingCommand } from '../../support/run-command.ts';
import { tries } from '../../support/tries.ts';

const directory = mkdtempSync(join(tmpdir(), 'tcplens-tally-'));
const missing = missingCommand(['gcc']);
let tally: ReturnType<typeof buildTally>;
beforeAll(() => {
  if (missing === undefined) tally = buildTally(directory);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

type Row = { kind: Kind; rows: Buffer };
const OPTIONS: ConnectionOptions = { port: true, comm: true, ephemeral_from: 32_768, max: 1000 };

function check(rows: readonly Row[], options: ConnectionOptions, groups_max?: number) {
  const plain = new PlainTally(options, groups_max);
  for (const { kind, rows: bytes } of rows) plain.count(kind, bytes);
  const counted = tally.groups(tallyProgram(options, groups_max), rows).map(comparable);
  expect(counted).toEqual(plain.groups().map(comparable));
  return counted;
}

const ADDRESSES = ['10.0.0.1', '20010db8000000000000000000000001', '00000000000000000000ffff00000000', '000000000000000001000ffff0000000'];
const NAMES = ['', 'a', 'nginx', 'a name of sixteen'.slice(0, 16)];
const PORTS = [0, 1, 443, 32_767, 32_768, 65_535];
/** Around the ends of buckets, and what no histogram has room for. */
const NUMBERS = [0, 1, 2, 3, 99, 100, 101, 1000, 1001, 12_345, 65_536, 999_999, 1_000_000, 1_000_001, 4_294_967_295];
const LARGE = [...NUMBERS, 2 ** 33, 2 ** 40 + 1, 2 ** 45];

/** What a column may hold: small pools, so that keys meet again and numbers lie on both sides of what they are bounded by. */
function valuesOf({ name, size, type }: Column): fc.Arbitrary<number | bigint | string> {
  if (name.endsWith('_addr')) return fc.constantFrom(...ADDRESSES.filter((address) => address.length !== 31));
  if (name === 'comm') return fc.constantFrom(...NAMES);
  if (name === 'reason_code') return fc.integer({ min: 0, max: 3 });
  if (name.endsWith('_port')) return fc.constantFrom(...PORTS);
  if (size === 1)
    return fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 3 }) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }) });
  if (type === 'UInt64') return fc.constantFrom(...LARGE);
  if (type === 'UInt32') return fc.constantFrom(...NUMBERS);
  return fc.constant(0);
}

function rowOf(kind: Kind): fc.Arbitrary<Row> {
  const columns = (KINDS[kind].columns as readonly Column[]).filter(({ name }) => name !== 'pad' && name !== 'kind');
  const values = Object.fromEntries(columns.map((column) => [column.name, valuesOf(column)]));
  return fc.record(values).map((row) => {
    const reason = 'reason_code' in row ? { reason: REASONS[Number(row['reason_code'])] ?? '' } : {};
    return { kind, rows: rowBytes(kind, { ...row, ...reason } as RowValues) };
  });
}

const anyRow = fc.oneof(...KIND.map(rowOf));
const options = fc.record({
  port: fc.boolean(),
  comm: fc.boolean(),
  ephemeral_from: fc.constantFrom(1, 443, 32_768),
  max: fc.constantFrom(0, 1, 3, 1000),
});

test('the groups are the same, in the same order, whatever has no room', (context) => {
  context.skip(missing !== undefined, `${missing} is not installed`);
  fc.assert(
    fc.property(fc.array(anyRow, { maxLength: 60 }), options, fc.constantFrom(1, 5, 4096), (rows, of, groups_max) => {
      check(rows, of, groups_max);
    }),
    tries(150),
  );
});

test('every bucket takes what lies up to its end and nothing beyond', (context) => {
  context.skip(missing !== undefined, `${missing} is not installed`);
  const ends = Array.from({ length: 45 * 8 }, (_, at) => Math.floor(2 ** (at / 8)));
  const durations = ends.flatMap((end) => [end - 1, end, end + 1]);
  const rows = durations.map((duration_us) => ({ kind: 'connection' as const, rows: rowBytes('connection', { event: 1, duration_us }) }));
  const [group] = check(rows, OPTIONS);
  expect(group?.histograms[1]?.buckets.reduce((sum, [, count]) => sum + count, 0)).toBe(durations.length);
});

test('many rows of few connections: what adds up is every row', (context) => {
  context.skip(missing !== undefined, `${missing} is not installed`);
  const rows = Array.from({ length: 20_000 }, (_, n) =>
    rowBytes('connection', { event: n % 3, role: n % 2, local_port: 80 + (n % 5), duration_us: n, srtt_us: n % 100, bytes_sent_rest: n }),
  );
  const pieces = [
    rows.slice(0, 1),
    rows.slice(1, 1500),
    ...Array.from({ length: 20 }, (_, at) => rows.slice(1500 + at * 925, 1500 + (at + 1) * 925)),
  ];
  const groups = check(
    pieces.map((piece) => ({ kind: 'connection', rows: Buffer.concat(piece) })),
    OPTIONS,
  );
  expect(groups.reduce((sum, { rows: count }) => sum + count, 0)).toBe(rows.length);
});

test('beyond the bounds rows are folded, and none is lost', (context) => {
  context.skip(missing !== undefined, `${missing} is not installed`);
  const drop = (n: number): Row => ({
    kind: 'drop',
    rows: rowBytes('drop', { role: 2, local_port: (n % 40) + 1, reason: REASONS[n + 4] ?? '', reason_code: n + 4 }),
  });
  const rows = Array.from({ length: 400 }, (_, n) => drop(n));
  const groups = check(rows, { ...OPTIONS, max: 30 }, 150);
  const sum = (of: typeof groups) => of.reduce((total, group) => total + group.rows, 0);
  expect(sum(groups)).toBe(400);
  expect(groups.filter(({ overflow }) => !overflow)).toHaveLength(150);
  expect(sum(groups.filter(({ overflow, cut }) => overflow || cut))).toBeGreaterThan(250);
});

test('names that begin alike are told apart, and beyond the bound they are cut', (context) => {
  context.skip(missing !== undefined, `${missing} is not installed`);
  const rows = Array.from(
    { length: 400 },
    (_, n): Row => ({ kind: 'connection', rows: rowBytes('connection', { event: 1, comm: `process ${n}` }) }),
  );
  const groups = check(rows, { ...OPTIONS, comm: true, max: 100 });
  expect(groups.filter(({ cut }) => !cut)).toHaveLength(100);
});

test('a program that would leave its rows is refused', (context) => {
  context.skip(missing !== undefined, `${missing} is not installed`);
  const broken = (at: number, value: number) => {
    const program = tallyProgram(OPTIONS);
    new DataView(program.buffer).setUint16(at, value, true);
    return () => tally.groups(program, []);
  };
  expect(broken(TALLY_PROGRAM_AT.plans, 17)).toThrow();
  expect(broken(TALLY_PROGRAM_AT.bounds, 513)).toThrow();
  expect(broken(TALLY_PROGRAM_AT.plan + TALLY_PLAN_AT.kind, KIND.length)).toThrow();
  expect(broken(TALLY_PROGRAM_AT.plan + TALLY_PLAN_AT.part + TALLY_PART_AT.from, 176)).toThrow();
  expect(broken(TALLY_PROGRAM_AT.plan + TALLY_PLAN_AT.value, 173)).toThrow();
});

test('a part that begins within its row has to end there too', (context) => {
  context.skip(missing !== undefined, `${missing} is not installed`);
  const program = tallyProgram(OPTIONS);
  const first = Buffer.from(program.buffer).subarray(TALLY_PROGRAM_AT.plan);
  const row = Object.values(KINDS).find(({ index }) => index === first[TALLY_PLAN_AT.kind]);
  const parts = Array.from({ length: first[TALLY_PLAN_AT.parts] ?? 0 }, (_, n) =>
    first.subarray(TALLY_PLAN_AT.part + n * TALLY_PART_BYTES),
  );
  const wide = parts.find((part) => (part[TALLY_PART_AT.size] ?? 0) >= 16);
  const last = (row?.size ?? 0) - (wide?.[TALLY_PART_AT.size] ?? 0);
  wide?.writeUInt16LE(last, TALLY_PART_AT.from);
  expect(() => tally.groups(program, [])).not.toThrow();
  wide?.writeUInt16LE(last + 1, TALLY_PART_AT.from);
  expect(() => tally.groups(program, [])).toThrow();
});
