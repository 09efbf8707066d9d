// A plan says how rows of a kind are aggregated: GROUP BY which members, and the sum or histogram of which others. The loader runs plans as a
// program (tally-program.ts); over a recording plain-tally.ts does it. Both give the same groups.
import type { Attributes } from '@opentelemetry/api';
import {
  type Column,
  HEAD_AT,
  KINDS,
  type Kind,
  ROLE,
  type Rows,
  TALLY_IPV4,
  TALLY_TERM_BYTES,
  TALLY_TERMS,
} from '../../bpf/rows/rows.gen.ts';
import type { Counted } from './buckets.ts';
import type { HistogramName, SumName } from './row-metrics.ts';

/** `port`, `comm`: the optional attributes that are wanted. `ephemeral_from`: the first ephemeral port. `max`: most combinations. */
export type ConnectionOptions = { port: boolean; comm: boolean; ephemeral_from: number; max: number };

type Member<K extends Kind> = keyof Rows[K] & string;

/** A summed member: at most as much as the value `most`, less the value `less`; both are values before it. */
type Amount<K extends Kind, Name> = { of: Member<K>; most?: Name; less?: Name };

/** A group's contribution to one metric; `attributes` are added to those of its connections. */
export type Point =
  | { sum: SumName; value: number; attributes?: Attributes | undefined }
  | { histogram: HistogramName; value: Counted; attributes?: Attributes | undefined };

/** The aggregate of the rows with one key. A group keeps its number in a tally. */
export type Group = {
  /** the number of its plan */
  plan: number;
  /** the key's first term, see CONNECTION_TERM */
  connection: Uint8Array;
  /** the reason in the rows, in lower case; `_other` after too many reasons; empty where rows have none */
  reason: string;
  /** the members of `Plan.by`, a byte each */
  plain: Uint8Array;
  /** the plan's group for rows after the last group was made: its key means nothing, only its sums do */
  overflow: boolean;
  /** after too many combinations: optional attributes are left out, or reasons are merged */
  cut: boolean;
  rows: number;
  values: readonly number[];
  histograms: readonly Counted[];
};

/** Which bytes of a row go where in the key; as `struct tally_part`. */
export type Part = { from: number; size: number; to: number; when?: { at: number; is: number }; below?: number };

export type Plan = {
  kind: Kind;
  /** only rows whose byte at an offset has this value */
  when: { at: number; is: number } | undefined;
  by: readonly number[];
  reason: number | undefined;
  /** the offset of the number that `reason` is the name of */
  reason_code: number | undefined;
  values: readonly { from: number; size: number; most?: number | undefined; less?: number | undefined }[];
  histograms: readonly { from: number; size: number }[];
  points: (group: Group) => readonly Point[];
};

type Spec<K extends Kind, By extends Member<K>, Value extends string, Measured extends Member<K>> = {
  kind: K;
  /** only rows whose member has this number */
  only?: readonly [member: Member<K>, is: number];
  by: readonly By[];
  reason?: Member<K>;
  values: { [Name in Value]: Amount<K, NoInfer<Value>> };
  histograms: readonly Measured[];
  points: (group: {
    rows: number;
    reason: string;
    by: Record<By, number>;
    values: Record<Value, number>;
    histograms: Record<Measured, Counted>;
  }) => readonly Point[];
};

function columnOf(kind: Kind, name: string): Column {
  const columns: readonly Column[] = KINDS[kind].columns;
  const column = columns.find((each) => each.name === name);
  if (column === undefined) throw new Error(`${kind} rows have no ${name}`);
  return column;
}

/** Makes a plan of names; a name that is no member of the kind does not compile. */
export function plan<K extends Kind, By extends Member<K>, Value extends string, Measured extends Member<K>>(
  spec: Spec<K, By, Value, Measured>,
): Plan {
  const { kind, only, by, reason, histograms } = spec;
  const names = Object.keys(spec.values) as Value[];
  const number = (name: Value | undefined) => (name === undefined ? undefined : names.indexOf(name));
  const named = <Name extends string, Each>(all: readonly Name[], values: ArrayLike<Each>) =>
    Object.fromEntries(all.map((name, at) => [name, values[at]])) as Record<Name, Each>;
  return {
    kind,
    when: only && { at: columnOf(kind, only[0]).offset, is: only[1] },
    by: by.map((name) => columnOf(kind, name).offset),
    reason: reason && columnOf(kind, reason).offset,
    reason_code: reason && columnOf(kind, `${reason}_code`).offset,
    values: names.map((name) => {
      const { of, most, less } = spec.values[name];
      const { offset, size } = columnOf(kind, of);
      return { from: offset, size, most: number(most), less: number(less) };
    }),
    histograms: histograms.map((name) => ({ from: columnOf(kind, name).offset, size: columnOf(kind, name).size })),
    points: ({ rows, reason: text, plain, values, histograms: counted }) =>
      spec.points({
        rows,
        reason: text,
        by: named(by, plain),
        values: named(names, values),
        histograms: named(histograms, counted),
      }),
  };
}

/** Offsets in the first term of every key, which is the same in all rows of a connection. After too many terms only the first two bytes are kept. */
export const CONNECTION_TERM = { role: 0, ipv4: 1, port: 2, comm: 8 } as const;
export const CONNECTION_KEPT = 2;
const REASON_AT = TALLY_TERM_BYTES;
const PLAIN_AT = TALLY_TERMS * TALLY_TERM_BYTES;

/** All parts of a plan's keys. */
export function partsOf({ by, reason }: Plan, { port, comm, ephemeral_from }: ConnectionOptions): Part[] {
  const role = (name: (typeof ROLE)[number]) => ({ at: HEAD_AT.role, is: ROLE.indexOf(name) });
  const listens = { size: 2, to: CONNECTION_TERM.port, below: ephemeral_from };
  return [
    { from: HEAD_AT.role, size: 1, to: CONNECTION_TERM.role },
    { from: HEAD_AT.peer_addr, size: TALLY_IPV4, to: CONNECTION_TERM.ipv4 },
    // The server's port; left out where the role is unknown or the port is ephemeral.
    ...(port ? [{ ...listens, from: HEAD_AT.peer_port, when: role('client') }] : []),
    ...(port ? [{ ...listens, from: HEAD_AT.local_port, when: role('server') }] : []),
    ...(comm ? [{ from: HEAD_AT.comm, size: 16, to: CONNECTION_TERM.comm }] : []),
    ...(reason === undefined ? [] : [{ from: reason, size: TALLY_TERM_BYTES, to: REASON_AT }]),
    ...by.map((from, at) => ({ from, size: 1, to: PLAIN_AT + at })),
  ];
}
