// Compiles the tree to the jump program that the kernel evaluates (filter.h). Each range of a test is one step; and, or and not only decide to
// which step it jumps.
import {
  FILTER_ACCEPT,
  FILTER_AT,
  FILTER_BYTES,
  FILTER_REJECT,
  FILTER_STEP_AT,
  FILTER_STEP_BYTES,
  FILTER_STEPS_MAX,
  FILTER_WORDS,
  KIND,
} from '../../bpf/rows/rows.gen.ts';
import { factLayout, type KernelFact } from '../contract/language/facts.ts';
import { FilterError } from '../contract/language/filter-error.ts';
import type { Range } from '../contract/language/ranges.ts';
import { type Kinds, possibleKinds } from '../contract/language/tree.ts';
import type { KernelFilter } from './parse.ts';

/** A step whose targets are objects: a program is built from its end, and its steps are numbered when it is complete. */
type Step = { question?: { fact: KernelFact; range: Range }; yes: Next; no: Next };
type Next = Step | typeof FILTER_ACCEPT | typeof FILTER_REJECT;

const WORD_BITS = 64n;
const WORD_MAX = (1n << WORD_BITS) - 1n;
/** The end of a filter without one: later than any clock, and no signed 64-bit overflow. */
const NEVER_NS = 1n << 62n;

/**
 * A `struct filter`, to which the loader adds budget and counters. `end_ms`: wall-clock time; undefined: no end.
 * @throws FilterError when it has too many steps for the kernel, or can match stacks alone
 */
export function compileFilter(filter: KernelFilter, expression: string, id: bigint, end_ms?: number): Uint8Array {
  if (isOfStacks(possibleKinds(filter))) throw new FilterError('filter_contradiction', ONLY_STACKS, expression, filter.span);
  const steps = stepsOf(filter);
  if (steps.length > FILTER_STEPS_MAX) {
    const problem = `this compiles to ${steps.length} steps and the kernel takes ${FILTER_STEPS_MAX}: name fewer values, use ranges or prefixes, or give several filters`;
    throw new FilterError('filter_too_long', problem, expression, filter.span);
  }
  const bytes = new Uint8Array(FILTER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(FILTER_AT.id, id, true);
  view.setBigUint64(FILTER_AT.end_ns, end_ms === undefined ? NEVER_NS : BigInt(Math.round(end_ms)) * 1_000_000n, true);
  const indexes = new Map(steps.map((step, index) => [step, index]));
  for (let index = 0; index < FILTER_STEPS_MAX; index++) {
    const at = FILTER_AT.steps + index * FILTER_STEP_BYTES;
    const step = steps[index];
    const indexOf = (next: Next = FILTER_REJECT) => (typeof next === 'number' ? next : (indexes.get(next) ?? FILTER_REJECT));
    view.setUint8(at + FILTER_STEP_AT.yes, indexOf(step?.yes));
    view.setUint8(at + FILTER_STEP_AT.no, indexOf(step?.no));
    if (step?.question !== undefined) writeQuestion(view, at, step.question);
  }
  return bytes;
}

/** The kernel asks filters about the row of an event, and writes the event's stack for those that want it. */
const ONLY_STACKS =
  'the kernel asks no filter about stacks, only about what they are of: name kind drop, reset, retransmit, or packet for a closed window';
const isOfStacks = (kinds: Kinds): boolean => kinds.size === 1 && kinds.has('stack');

/** The steps in order: the targets of a step always come after it. */
function stepsOf(filter: KernelFilter): Step[] {
  const backwards: Step[] = [];
  const add = (term: KernelFilter, yes: Next, no: Next): Next => {
    switch (term.op) {
      case 'not':
        return add(term.term, no, yes);
      case 'and':
        return term.terms.reduceRight<Next>((next, each) => add(each, next, no), yes);
      case 'or':
        return term.terms.reduceRight<Next>((next, each) => add(each, yes, next), no);
      case 'test':
        return term.ranges.reduceRight<Next>((next, range) => {
          const step: Step = { question: { fact: term.fact, range }, yes, no: next };
          backwards.push(step);
          return step;
        }, no);
    }
  };
  const entry = add(filter, FILTER_ACCEPT, FILTER_REJECT);
  // A test without ranges makes no step, so the filter may be its result alone; steps that the entry cannot reach are left out.
  if (typeof entry === 'number') return [{ yes: entry, no: entry }];
  return backwards.slice(0, backwards.indexOf(entry) + 1).reverse();
}

type Word = keyof typeof FILTER_WORDS;
/** Facts of two words, by the one with the upper half. */
const WIDE = { local_addr: 'local_addr_high', peer_addr: 'peer_addr_high', comm: 'comm_high' } as const satisfies Partial<
  Record<KernelFact, Word>
>;
const SHARED = { reset_reason: 'reason_code', drop_reason: 'reason_code' } as const satisfies Partial<Record<KernelFact, Word>>;
const OTHER_WORD = { ...WIDE, ...SHARED };

/** The word of filter.h that has the fact: the one of its name, but for these. */
function wordOf(fact: KernelFact): Word {
  return isElsewhere(fact) ? OTHER_WORD[fact] : fact;
}

const isElsewhere = (fact: KernelFact): fact is keyof typeof OTHER_WORD => fact in OTHER_WORD;

function writeQuestion(view: DataView, at: number, { fact, range }: NonNullable<Step['question']>): void {
  const { kinds } = factLayout(fact);
  const isWide = fact in WIDE;
  const { offset, size } = FILTER_WORDS[wordOf(fact)];
  const [from, to] = range;
  const halves = (number: bigint, low: bigint) => (isWide ? [number >> WORD_BITS, number & WORD_MAX] : [number, low]) as [bigint, bigint];
  const [from_high, from_low] = halves(from, 0n);
  const [to_high, to_low] = halves(to, WORD_MAX);
  view.setBigUint64(at + FILTER_STEP_AT.from_high, from_high, true);
  view.setBigUint64(at + FILTER_STEP_AT.from_low, from_low, true);
  view.setBigUint64(at + FILTER_STEP_AT.to_high, to_high, true);
  view.setBigUint64(at + FILTER_STEP_AT.to_low, to_low, true);
  view.setUint16(at + FILTER_STEP_AT.kinds, maskOf(kinds), true);
  view.setUint8(at + FILTER_STEP_AT.word, Math.floor(offset / 8));
  view.setUint8(at + FILTER_STEP_AT.left, 64 - ((offset % 8) + size) * 8);
  view.setUint8(at + FILTER_STEP_AT.right, 64 - size * 8);
}

function maskOf(kinds: Kinds): number {
  return KIND.reduce((mask, kind, index) => (kinds.has(kind) ? mask | (1 << index) : mask), 0);
}
