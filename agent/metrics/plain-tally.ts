// The tally in plain TypeScript: defines what the loader's program means, and replaces it over a recording.
import { KINDS, type Kind, readText, TALLY_IPV4, TALLY_PLAIN_BYTES, TALLY_TERM_BYTES, TALLY_TERMS } from '../../bpf/rows/rows.gen.ts';
import { BOUNDS_US, type Counted } from './buckets.ts';
import type { ConnectionOptions } from './tally-plan.ts';
import { CONNECTION_KEPT, type Group, type Part, type Plan, partsOf } from './tally-plan.ts';
import { PLANS } from './tally-plans.ts';
import { GROUPS_MAX, REASONS_MAX } from './tally-program.ts';

const PLAIN_AT = TALLY_TERMS * TALLY_TERM_BYTES;

class PlainHistogram implements Counted {
  sum = 0;
  min = Number.POSITIVE_INFINITY;
  max = 0;
  readonly #counts = new Map<number, number>();

  add(value: number): void {
    this.sum += value;
    if (value > 0) this.min = Math.min(this.min, value);
    this.max = Math.max(this.max, value);
    const found = BOUNDS_US.findIndex((bound) => value <= bound);
    const bucket = found < 0 ? BOUNDS_US.length : found;
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
  }

  get buckets(): readonly (readonly [number, number])[] {
    return [...this.#counts].sort(([a], [b]) => a - b);
  }
}

type PlainGroup = Group & { values: number[]; histograms: PlainHistogram[] };

type Taken = { bytes: Uint8Array; cut: boolean };

/** The distinct terms so far, at most `max`. */
class Terms {
  readonly #whole = new Set<string>();
  readonly #max: number;
  readonly #kept: number;

  constructor(max: number, kept: number) {
    this.#max = max;
    this.#kept = kept;
  }

  /** The term, or only its first bytes (`kept`) where there are too many. The empty term is always taken. */
  take(term: Uint8Array): Taken {
    const text = latin1(term);
    if (this.#whole.size < this.#max && term.some((byte) => byte !== 0)) this.#whole.add(text);
    if (this.#whole.has(text) || term.every((byte) => byte === 0)) return { bytes: term, cut: false };
    return { bytes: term.map((byte, at) => (at < this.#kept ? byte : 0)), cut: true };
  }
}

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

export class PlainTally {
  readonly #parts: readonly Part[][];
  readonly #connections: Terms;
  readonly #reasons = new Terms(REASONS_MAX, 0);
  readonly #groups = new Map<string, PlainGroup>();
  readonly #groups_max: number;
  #overflows = 0;

  constructor(options: ConnectionOptions, groups_max = GROUPS_MAX) {
    this.#parts = PLANS.map((plan) => partsOf(plan, options));
    this.#connections = new Terms(options.max, CONNECTION_KEPT);
    this.#groups_max = groups_max;
  }

  /** Counts whole rows of one kind. */
  count(kind: Kind, rows: Uint8Array): void {
    const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
    for (let at = 0; at < rows.length; at += KINDS[kind].size) {
      for (const [number, plan] of PLANS.entries()) {
        const counts = plan.kind === kind && (!plan.when || view.getUint8(at + plan.when.at) === plan.when.is);
        if (counts) add(this.#groupOf(number, plan, view, at), plan, view, at);
      }
    }
  }

  groups(): readonly Group[] {
    return [...this.#groups.values()];
  }

  #groupOf(number: number, plan: Plan, view: DataView, at: number): PlainGroup {
    const key = new Uint8Array(PLAIN_AT + TALLY_PLAIN_BYTES);
    for (const part of this.#parts[number] ?? []) putPart(part, view, at, key);
    const connection = this.#connections.take(key.subarray(0, TALLY_TERM_BYTES));
    const reason = this.#reasons.take(key.subarray(TALLY_TERM_BYTES, PLAIN_AT));
    const plain = key.subarray(PLAIN_AT);
    const id = [number, connection.cut, latin1(connection.bytes), reason.cut, latin1(reason.bytes), latin1(plain)].join();
    const isFull = this.#groups.size - this.#overflows >= this.#groups_max;
    const found = this.#groups.get(id) ?? (isFull ? this.#groups.get(`${number}`) : undefined);
    if (found !== undefined) return found;
    if (isFull) this.#overflows++;
    const begun = isFull ? emptyGroup(number, plan) : { ...emptyGroup(number, plan), ...keyOf(connection, reason, plain) };
    this.#groups.set(isFull ? `${number}` : id, begun);
    return begun;
  }
}

function keyOf(connection: Taken, reason: Taken, plain: Uint8Array) {
  const view = new DataView(reason.bytes.buffer, reason.bytes.byteOffset, reason.bytes.byteLength);
  const text = reason.cut ? '_other' : readText(view, 0, reason.bytes.length).toLowerCase();
  return { overflow: false, cut: connection.cut || reason.cut, connection: connection.bytes, reason: text, plain };
}

function emptyGroup(number: number, { values, histograms }: Plan): PlainGroup {
  return {
    plan: number,
    connection: new Uint8Array(TALLY_TERM_BYTES),
    reason: '',
    plain: new Uint8Array(TALLY_PLAIN_BYTES),
    overflow: true,
    cut: false,
    rows: 0,
    values: values.map(() => 0),
    histograms: histograms.map(() => new PlainHistogram()),
  };
}

function putPart({ from, size, to, when, below }: Part, view: DataView, at: number, key: Uint8Array): void {
  if (when !== undefined && view.getUint8(at + when.at) !== when.is) return;
  if (size === TALLY_IPV4) {
    const is_mapped = view.getBigUint64(at + from) === 0n && view.getUint32(at + from + 8) === 0xffff;
    key[to] = Number(is_mapped);
  } else if (below === undefined || view.getUint16(at + from, true) < below) {
    key.set(new Uint8Array(view.buffer, view.byteOffset + at + from, size), to);
  }
}

function add(group: PlainGroup, plan: Plan, view: DataView, at: number): void {
  const numberAt = (from: number, size: number) =>
    size === 8 ? Number(view.getBigUint64(at + from, true)) : view.getUint32(at + from, true);
  const values: number[] = [];
  for (const { from, size, most, less } of plan.values) {
    const bound = most === undefined ? Number.POSITIVE_INFINITY : (values[most] ?? 0) - (less === undefined ? 0 : (values[less] ?? 0));
    values.push(Math.min(numberAt(from, size), bound));
  }
  group.rows++;
  for (const [i, value] of values.entries()) group.values[i] = (group.values[i] ?? 0) + value;
  for (const [i, { from, size }] of plan.histograms.entries()) group.histograms[i]?.add(numberAt(from, size));
}
