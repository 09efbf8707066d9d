// What differs, by looking at each row by itself: written anew from what the answer's description says.
import { CLASS, OUTCOME, STATE } from '../../../../bpf/rows/rows.gen.ts';
import { KEYS } from './any-asked.ts';
import { NAIVE, type NaiveRow } from './naive.ts';

type Rows = readonly NaiveRow[];
export type Planned = {
  /** what is counted of a set of rows, and what that is of; of sums the seconds of the time are given */
  part: (rows: Rows) => number;
  whole: ((rows: Rows) => number) | undefined;
  /** the metric of a set of rows; undefined: part / whole */
  value?: (rows: Rows) => number | null;
};
export type NaiveDifference = {
  dimension: string;
  value: string;
  now: number | null;
  before: number | null;
  explains: number;
  share_now: number;
  share_before: number;
  excess: number;
  /** in both times */
  counted: number;
};

const plain = (name: string) => (row: NaiveRow) => String(row.values[name] ?? '');
const named = (list: readonly string[], name: string) => (row: NaiveRow) => list[Number(row.values[name] ?? 0)] ?? '';
const known = (name: string) => (row: NaiveRow) => KEYS[name]?.key(row, []) ?? '';

/** Dimensions that tell whose a row is. */
export const WHOSE: Record<string, (row: NaiveRow) => string> = {
  host: known('host'),
  process: plain('comm'),
  network: known('network'),
  service_port: known('service_port'),
  peer: known('peer'),
  local: plain('local_addr'),
  local_network: known('local_network'),
  pid: plain('pid'),
};
export const WHAT: Record<string, (row: NaiveRow) => string> = {
  state: named(STATE, 'state'),
  class: named(CLASS, 'class'),
  outcome: named(OUTCOME, 'outcome'),
};

const ratio = (part: number, whole: number) => (whole > 0 ? part / whole : 0);

export function naiveDiffers(
  { part, whole, value }: Planned,
  keys: Readonly<Record<string, (row: NaiveRow) => string>>,
  [now, before]: readonly [Rows, Rows],
  [now_s, before_s]: readonly [number, number],
): NaiveDifference[] {
  const [all_now, all_before] = [whole?.(now) ?? now_s, whole?.(before) ?? before_s];
  const was = part(before) / all_before;
  const change = part(now) / all_now - was;
  const beyond = (rows: Rows) => part(rows) - (whole === undefined ? 0 : was * whole(rows));
  return Object.entries(keys).flatMap(([dimension, key]) =>
    [...new Set([...now, ...before].map(key))].map((text): NaiveDifference => {
      const [own_now, own_before] = [now.filter((row) => key(row) === text), before.filter((row) => key(row) === text)];
      const own = (rows: Rows, seconds: number) => {
        if (value !== undefined) return value(rows);
        if (whole === undefined) return part(rows) / seconds;
        return whole(rows) > 0 ? part(rows) / whole(rows) : null;
      };
      const counted = whole ?? part;
      const explains = (beyond(own_now) / all_now - beyond(own_before) / all_before) / change;
      const share_before = ratio(counted(own_before), counted(before));
      return {
        dimension,
        value: text,
        now: own(own_now, now_s),
        before: own(own_before, before_s),
        explains,
        share_now: ratio(counted(own_now), counted(now)),
        share_before,
        excess: explains - share_before,
        counted: counted(own_now) + counted(own_before),
      };
    }),
  );
}

const bucketOf = (row: NaiveRow) => Math.ceil(Math.log2(Math.max(Number(row.values['srtt_us']), 1) / 1e6) * 8) - 1;
const measured = (rows: Rows) => rows.filter(({ values }) => Number(values['srtt_us']) > 0);

/** @param of the rows of both times: above the lower one of their two quantiles times are slow */
export function slower(level: number, of: readonly [Rows, Rows], value: (rows: Rows) => number | null): Planned {
  const quantiles = of.map((rows) => {
    const buckets = measured(rows)
      .map(bucketOf)
      .toSorted((a, b) => a - b);
    return buckets[Math.max(0, Math.ceil(level * buckets.length) - 1)] ?? 0;
  });
  return {
    part: (rows) => measured(rows).filter((row) => bucketOf(row) > Math.min(...quantiles)).length,
    whole: (rows) => measured(rows).length,
    value,
  };
}

export const PLANNED = {
  retransmits: { part: NAIVE.retransmits, whole: undefined },
  failed_ratio: { part: NAIVE.failed_connects, whole: (rows: Rows) => NAIVE.failed_connects(rows) + NAIVE.connects(rows) },
} as const satisfies Record<string, Planned>;
