// Encodes the plans as the program that the loader runs (bpf/rows/tally_program.h), and decodes the groups that it writes.
import {
  KINDS,
  type Kind,
  TALLY_BOUNDS_MAX,
  TALLY_GROUP_AT,
  TALLY_GROUP_BYTES,
  TALLY_HISTOGRAM_AT,
  TALLY_HISTOGRAM_BYTES,
  TALLY_HISTOGRAM_SUMS_AT,
  TALLY_HISTOGRAM_SUMS_BYTES,
  TALLY_HISTOGRAMS_MAX,
  TALLY_NONE,
  TALLY_PART_AT,
  TALLY_PART_BYTES,
  TALLY_PARTS_MAX,
  TALLY_PLAIN_BYTES,
  TALLY_PLAN_AT,
  TALLY_PLAN_BYTES,
  TALLY_PLANS_MAX,
  TALLY_PROGRAM_AT,
  TALLY_PROGRAM_BYTES,
  TALLY_TERM_BYTES,
  TALLY_VALUE_AT,
  TALLY_VALUE_BYTES,
  TALLY_VALUES_MAX,
} from '../../bpf/rows/rows.gen.ts';
import { BOUNDS_US, type Counted } from './buckets.ts';
import type { ConnectionOptions } from './tally-plan.ts';
import { CONNECTION_KEPT, type Group, type Part, type Plan, partsOf } from './tally-plan.ts';
import { PLANS } from './tally-plans.ts';

/** Most groups. After them each plan has one more, for all other rows. */
export const GROUPS_MAX = 4096;
/** Most distinct reasons. The kernel has some ninety; a recording can have any name. */
export const REASONS_MAX = 200;
const OTHER = '_other';
const CUT = { connection: 1, reason: 2 };

/** A `struct tally_program`. */
export function tallyProgram(options: ConnectionOptions, groups_max = GROUPS_MAX): Uint8Array {
  const bytes = new Uint8Array(TALLY_PROGRAM_BYTES);
  const view = new DataView(bytes.buffer);
  const u32 = (at: number, value: number) => view.setUint32(at, value, true);
  within('plans', PLANS.length, TALLY_PLANS_MAX);
  within('boundaries', BOUNDS_US.length, TALLY_BOUNDS_MAX);
  u32(TALLY_PROGRAM_AT.plans, PLANS.length);
  u32(TALLY_PROGRAM_AT.bounds, BOUNDS_US.length);
  u32(TALLY_PROGRAM_AT.groups_max, groups_max);
  for (const [at, max] of [options.max, REASONS_MAX].entries()) u32(TALLY_PROGRAM_AT.terms_max + at * 4, max);
  for (const [at, kept] of [CONNECTION_KEPT, 0].entries()) u32(TALLY_PROGRAM_AT.terms_kept + at * 4, kept);
  for (const [at, bound] of BOUNDS_US.entries()) view.setBigUint64(TALLY_PROGRAM_AT.bound + at * 8, BigInt(bound), true);
  for (const [number, plan] of PLANS.entries()) writePlan(view, TALLY_PROGRAM_AT.plan + number * TALLY_PLAN_BYTES, plan, options);
  return bytes;
}

function within(what: string, count: number, max: number): void {
  if (count > max) throw new Error(`${count} ${what}, and tally_program.h has room for ${max}`);
}

function writePlan(view: DataView, at: number, plan: Plan, options: ConnectionOptions): void {
  // Rows in a ring have a reason's number, and no name yet.
  const parts = partsOf(plan, options).map((part) =>
    part.from === plan.reason ? { ...part, from: plan.reason_code ?? 0, size: 4 } : part,
  );
  const { values, histograms, when } = plan;
  within('members in a key', parts.length, TALLY_PARTS_MAX);
  within('bytes in a key', plan.by.length, TALLY_PLAIN_BYTES);
  within('sums', values.length, TALLY_VALUES_MAX);
  within('histograms', histograms.length, TALLY_HISTOGRAMS_MAX);
  view.setUint8(at + TALLY_PLAN_AT.kind, KINDS[plan.kind].index);
  view.setUint8(at + TALLY_PLAN_AT.parts, parts.length);
  view.setUint8(at + TALLY_PLAN_AT.values, values.length);
  view.setUint8(at + TALLY_PLAN_AT.histograms, histograms.length);
  if (when !== undefined) writeCondition(view, at, TALLY_PLAN_AT, when);
  for (const [i, part] of parts.entries()) writePart(view, at + TALLY_PLAN_AT.part + i * TALLY_PART_BYTES, part);
  for (const [i, { from, size, most, less }] of values.entries()) {
    const value_at = at + TALLY_PLAN_AT.value + i * TALLY_VALUE_BYTES;
    view.setUint16(value_at + TALLY_VALUE_AT.from, from, true);
    view.setUint8(value_at + TALLY_VALUE_AT.size, size);
    view.setUint8(value_at + TALLY_VALUE_AT.most, most ?? TALLY_NONE);
    view.setUint8(value_at + TALLY_VALUE_AT.less, less ?? TALLY_NONE);
  }
  for (const [i, { from, size }] of histograms.entries()) {
    const histogram_at = at + TALLY_PLAN_AT.histogram + i * TALLY_HISTOGRAM_BYTES;
    view.setUint16(histogram_at + TALLY_HISTOGRAM_AT.from, from, true);
    view.setUint8(histogram_at + TALLY_HISTOGRAM_AT.size, size);
  }
}

function writePart(view: DataView, at: number, { from, size, to, when, below = 0 }: Part): void {
  view.setUint32(at + TALLY_PART_AT.below, below, true);
  view.setUint16(at + TALLY_PART_AT.from, from, true);
  view.setUint8(at + TALLY_PART_AT.size, size);
  view.setUint8(at + TALLY_PART_AT.to, to);
  if (when !== undefined) writeCondition(view, at, TALLY_PART_AT, when);
}

function writeCondition(view: DataView, at: number, of: { if_is: number; is: number; when: number }, when: { at: number; is: number }) {
  view.setUint8(at + of.if_is, 1);
  view.setUint8(at + of.is, when.is);
  view.setUint16(at + of.when, when.at, true);
}

/** The kernel's name of a reason that rows of a kind have as a number. */
export type ReasonOf = (kind: Kind, code: number) => string;

/** Decodes the groups in bytes that the loader has written. */
export function readGroups(bytes: Uint8Array, reasonOf: ReasonOf): Group[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const groups: Group[] = [];
  for (let at = 0; at < bytes.length; at += view.getUint32(at + TALLY_GROUP_AT.size, true)) groups.push(readGroup(view, at, reasonOf));
  return groups;
}

function readGroup(view: DataView, at: number, reasonOf: ReasonOf): Group {
  const term_at = at + TALLY_GROUP_AT.term;
  const bytes = (from: number, length: number) => new Uint8Array(view.buffer, view.byteOffset + from, length).slice();
  const cut = view.getUint8(at + TALLY_GROUP_AT.cut);
  const number = view.getUint8(at + TALLY_GROUP_AT.plan);
  const kind = PLANS[number]?.kind;
  const code = view.getUint32(term_at + TALLY_TERM_BYTES, true);
  return {
    plan: number,
    connection: bytes(term_at, TALLY_TERM_BYTES),
    reason: (cut & CUT.reason) !== 0 ? OTHER : kind === undefined ? '' : reasonOf(kind, code),
    plain: bytes(at + TALLY_GROUP_AT.plain, TALLY_PLAIN_BYTES),
    overflow: view.getUint8(at + TALLY_GROUP_AT.overflow) !== 0,
    cut: cut !== 0,
    rows: u64(view, at + TALLY_GROUP_AT.rows),
    values: Array.from({ length: TALLY_VALUES_MAX }, (_, i) => u64(view, at + TALLY_GROUP_AT.values + i * 8)),
    histograms: readHistograms(view, at),
  };
}

function readHistograms(view: DataView, group_at: number): Counted[] {
  let pair_at = group_at + TALLY_GROUP_BYTES;
  return Array.from({ length: TALLY_HISTOGRAMS_MAX }, (_, i) => {
    const at = group_at + TALLY_GROUP_AT.histograms + i * TALLY_HISTOGRAM_SUMS_BYTES;
    const of = (member: keyof typeof TALLY_HISTOGRAM_SUMS_AT) => u64(view, at + TALLY_HISTOGRAM_SUMS_AT[member]);
    const buckets = Array.from({ length: of('buckets') }, () => {
      const pair = [u64(view, pair_at), u64(view, pair_at + 8)] as const;
      pair_at += 16;
      return pair;
    });
    const min = buckets.some(([bucket]) => bucket !== 0) ? of('min') : Number.POSITIVE_INFINITY;
    return { sum: of('sum'), min, max: of('max'), buckets };
  });
}

/** A 64-bit member as a number, exact up to 2^53. */
function u64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}
