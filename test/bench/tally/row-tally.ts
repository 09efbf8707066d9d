// Rows added up by the plans in TypeScript, as fast as it gets: words are compared, not text, and nothing is allocated but for a
// new group. It has no bounds: what it is for is to be timed beside the loader's C.
import { randomInt } from 'node:crypto';
import { BOUNDS_US } from '../../../agent/metrics/buckets.ts';
import type { ConnectionOptions, Plan } from '../../../agent/metrics/tally-plan.ts';
import { PLANS } from '../../../agent/metrics/tally-plans.ts';
import { HEAD_AT, KIND, KINDS, type Kind, ROLE, TALLY_TERM_BYTES } from '../../../bpf/rows/rows.gen.ts';

const WORD = 4;
/** Drawn anew, as the loader's are: a process chooses its name, and must not choose who shares a slot with it. */
const FACTOR = randomInt(2 ** 31) | 1;
const TERM_WORDS = TALLY_TERM_BYTES / WORD;
const REASON_AT = TERM_WORDS;
const PLAIN_AT = TERM_WORDS + 1;
const KEY_WORDS = PLAIN_AT + 2;
const COMM_AT = 2;
const CLIENT = ROLE.indexOf('client');
const SERVER = ROLE.indexOf('server');

const HEAD = { peer: HEAD_AT.peer_addr / WORD, ports: HEAD_AT.local_port / WORD, kinds: HEAD_AT.kind / WORD, comm: HEAD_AT.comm / WORD };

/** Of a number of so many bits the bounds that it may be one side or the other of. */
const OCTAVES = Array.from({ length: 33 }, (_, bits) => {
  const least = bits === 0 ? 0 : 2 ** (bits - 1);
  return BOUNDS_US.findIndex((bound) => bound >= least);
});
const FIRST = Int32Array.from(OCTAVES);
const BOUNDS = Float64Array.from(BOUNDS_US);

function bucketOf(value: number): number {
  let bucket = value < 2 ** 32 ? (FIRST[32 - Math.clz32(value)] as number) : (FIRST[32] as number);
  while (bucket < BOUNDS.length && value > (BOUNDS[bucket] as number)) bucket++;
  return bucket;
}

class Histogram {
  sum = 0;
  min = Number.POSITIVE_INFINITY;
  max = 0;
  readonly #counts = new Float64Array(BOUNDS_US.length + 1);

  add(value: number): void {
    this.sum += value;
    if (value > 0 && value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    const bucket = bucketOf(value);
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
  }
}

type RowGroup = { rows: number; plan: number; values: Float64Array; histograms: Histogram[] };

type Ready = { number: number; plan: Plan; reason: number };

export class RowTally {
  readonly #ready: readonly Ready[][];
  readonly #options: ConnectionOptions;
  readonly #key = new Int32Array(KEY_WORDS + 1);
  readonly #groups: RowGroup[] = [];
  readonly #keys: Int32Array;
  readonly #slots: Int32Array;
  readonly #mask: number;
  readonly #values = new Float64Array(10);

  constructor(options: ConnectionOptions, groups_max = 4096) {
    this.#options = options;
    this.#ready = KIND.map((kind) =>
      PLANS.flatMap((plan, number) =>
        plan.kind === kind ? [{ number, plan, reason: plan.reason_code === undefined ? -1 : plan.reason_code / WORD }] : [],
      ),
    );
    this.#keys = new Int32Array((groups_max + PLANS.length) * (KEY_WORDS + 1));
    this.#slots = new Int32Array(16_384);
    this.#mask = this.#slots.length - 1;
  }

  count(kind: Kind, rows: Uint8Array): void {
    const plans = this.#ready[KINDS[kind].index] as Ready[];
    if (plans.length === 0) return;
    const size = KINDS[kind].size;
    const words = new Int32Array(rows.buffer, rows.byteOffset, rows.length / WORD);
    for (let at = 0; at < rows.length; at += size) this.#row(plans, rows, words, at);
  }

  #row(plans: readonly Ready[], rows: Uint8Array, words: Int32Array, at: number): void {
    for (let i = 0; i < plans.length; i++) {
      const { plan, number, reason } = plans[i] as Ready;
      const when = plan.when;
      if (when !== undefined && rows[at + when.at] !== when.is) continue;
      const group = this.#groupOf(plan, number, reason, rows, words, at);
      group.rows++;
      this.#add(group, plan, words, at);
      return;
    }
  }

  #groupOf(plan: Plan, number: number, reason: number, rows: Uint8Array, words: Int32Array, at: number): RowGroup {
    const key = this.#key;
    const w = at / WORD;
    const { port, comm, ephemeral_from } = this.#options;
    const role = ((words[w + HEAD.kinds] as number) >>> 8) & 255;
    const peer = w + HEAD.peer;
    let first = role;
    if (words[peer] === 0 && words[peer + 1] === 0 && words[peer + 2] === -65_536) first |= 1 << 8;
    if (port) {
      const ports = words[w + HEAD.ports] as number;
      const listens = role === CLIENT ? ports >>> 16 : role === SERVER ? ports & 0xffff : 0;
      if (listens < ephemeral_from) first |= listens << 16;
    }
    let hash = Math.imul(first, FACTOR) + number;
    key[0] = first;
    if (comm)
      for (let i = 0; i < 4; i++) {
        const word = words[w + HEAD.comm + i] as number;
        key[COMM_AT + i] = word;
        hash = Math.imul(hash ^ word, FACTOR);
        hash ^= hash >>> 15;
      }
    const code = reason < 0 ? 0 : (words[w + reason] as number);
    key[REASON_AT] = code;
    hash = Math.imul(hash ^ code, FACTOR);
    let plain = 0;
    const by = plan.by;
    for (let i = 0; i < by.length; i++) plain |= (rows[at + (by[i] as number)] as number) << (8 * i);
    key[PLAIN_AT] = plain;
    key[KEY_WORDS] = number;
    hash = Math.imul(hash ^ plain, FACTOR);
    hash ^= hash >>> 13;
    return this.#find(hash, plan, number);
  }

  #find(hash: number, plan: Plan, number: number): RowGroup {
    let slot = hash & this.#mask;
    for (;;) {
      const at = this.#slots[slot] as number;
      if (at === 0) break;
      if (this.#isSame(at - 1)) return this.#groups[at - 1] as RowGroup;
      slot = (slot + 1) & this.#mask;
    }
    const group: RowGroup = {
      rows: 0,
      plan: number,
      values: new Float64Array(plan.values.length),
      histograms: plan.histograms.map(() => new Histogram()),
    };
    this.#keys.set(this.#key, this.#groups.length * (KEY_WORDS + 1));
    this.#groups.push(group);
    this.#slots[slot] = this.#groups.length;
    return group;
  }

  #isSame(number: number): boolean {
    const keys = this.#keys;
    const key = this.#key;
    const from = number * (KEY_WORDS + 1);
    for (let i = 0; i <= KEY_WORDS; i++) if (keys[from + i] !== key[i]) return false;
    return true;
  }

  #add(group: RowGroup, plan: Plan, words: Int32Array, at: number): void {
    const taken = this.#values;
    const values = plan.values;
    for (let i = 0; i < values.length; i++) {
      const { from, size, most, less } = values[i] as Plan['values'][number];
      let value = numberAt(words, at + from, size);
      if (most !== undefined) {
        const bound = (taken[most] as number) - (less === undefined ? 0 : (taken[less] as number));
        if (value > bound) value = bound;
      }
      taken[i] = value;
      group.values[i] = (group.values[i] as number) + value;
    }
    const histograms = plan.histograms;
    for (let i = 0; i < histograms.length; i++) {
      const { from, size } = histograms[i] as Plan['histograms'][number];
      (group.histograms[i] as Histogram).add(numberAt(words, at + from, size));
    }
  }

  get rows(): number {
    return this.#groups.reduce((sum, { rows }) => sum + rows, 0);
  }
}

function numberAt(words: Int32Array, at: number, size: number): number {
  const low = (words[at / WORD] as number) >>> 0;
  return size === 8 ? low + ((words[at / WORD + 1] as number) >>> 0) * 2 ** 32 : low;
}
