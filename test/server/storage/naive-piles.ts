// What piles up, by asking of each connection and each moment alone: what was it in then? And random rows to ask it of.
import fc from 'fast-check';
import { END_REASON, EVENT, ROLE, STATE, type State } from '../../../bpf/rows/rows.gen.ts';
import { PILE_STATES } from '../../../server/api/piles.ts';
import type { RowValues } from '../../support/row-bytes.ts';

type Common = { id: number; at_ms: number; comm: string };
export type Told = Common &
  (
    | { kind: 'open'; state: State; lived_ms: number }
    | { kind: 'end'; failed: boolean; reason: (typeof END_REASON)[number]; lived_ms: number; first: number; last: number }
    | { kind: 'sample'; state: State; stayed_ms: number; idle_ms: number; unread: number }
  );
export type Counted = { at_ms: number; netns: number; curr_estab: number; time_wait: number; orphans: number; port_range: number };
export type World = { told: Told[]; counted: Counted[]; reports_ms: number[] };

/** What never changes of a connection, by its id. */
export const sideOf = (id: number) => ({
  role: ROLE[id % 3] ?? 'unknown',
  netns: 1 + (id % 2),
  local_addr: '10.1.0.1',
  local_port: id % 3 === 2 ? 80 : 40_000 + id,
  peer_addr: `10.2.0.${1 + (id % 2)}`,
  peer_port: id % 3 === 2 ? 50_000 + id : 443,
});
/** The server's port; where nobody knows which side that is, the smaller. */
const serviceOf = (id: number) => Math.min(sideOf(id).local_port, sideOf(id).peer_port);

/** The bounds of times, before now. */
export const [EARLIEST_MS, RANGE_MS] = [240_000, 180_000];
const CONNECTIONS = 9;
const ago = fc.integer({ min: 1, max: EARLIEST_MS });
const span = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 100_000 }));
const common = { id: fc.integer({ min: 1, max: CONNECTIONS }), at_ms: ago, comm: fc.constantFrom('nginx', 'curl', '') };
const state = fc.constantFrom(...PILE_STATES);
const told: fc.Arbitrary<Told> = fc.oneof(
  fc.record({ ...common, kind: fc.constant('open' as const), state, lived_ms: span }),
  fc.record({
    ...common,
    kind: fc.constant('end' as const),
    failed: fc.boolean(),
    reason: fc.constantFrom('fin_local', 'fin_local', 'fin_peer', 'no_port', 'rst_sent'),
    lived_ms: span,
    first: fc.constantFrom(40_000, 40_009),
    last: fc.constant(40_009),
  }),
  fc.record({ ...common, kind: fc.constant('sample' as const), state, stayed_ms: span, idle_ms: span, unread: fc.nat(99) }),
);
const small = fc.nat(9);

/** Times are ms before now; no two rows are of the same moment. */
export const anyWorld: fc.Arbitrary<World> = fc.record({
  told: fc.uniqueArray(told, { maxLength: 60, selector: ({ at_ms }) => at_ms }),
  counted: fc.uniqueArray(
    fc.record({
      at_ms: ago,
      netns: fc.constantFrom(1, 2),
      curr_estab: small,
      time_wait: small,
      orphans: small,
      port_range: fc.constantFrom(0, 10, 28_232),
    }),
    { maxLength: 30, selector: ({ at_ms }) => at_ms },
  ),
  reports_ms: fc.array(ago, { maxLength: 4 }),
});

/** The same world in times since the epoch. */
export const since = ({ told: rows, counted, reports_ms }: World, now_ms: number): World => ({
  told: rows.map((row) => ({ ...row, at_ms: now_ms - row.at_ms })),
  counted: counted.map((row) => ({ ...row, at_ms: now_ms - row.at_ms })),
  reports_ms: reports_ms.map((ms) => now_ms - ms),
});

export function rowOf(row: Told, host_id: bigint): [kind: 'connection' | 'sample', values: RowValues] {
  const { role, ...ends } = sideOf(row.id);
  const head = {
    host_id,
    connection_id: row.id,
    comm: row.comm,
    time_ns: BigInt(row.at_ms) * 1_000_000n,
    role: ROLE.indexOf(role),
    ...ends,
  };
  if (row.kind === 'sample') {
    const { stayed_ms, idle_ms, unread } = row;
    return ['sample', { ...head, state: STATE.indexOf(row.state), state_us: stayed_ms * 1000, idle_us: idle_ms * 1000, unread }];
  }
  const duration_us = row.lived_ms * 1000;
  if (row.kind === 'open') return ['connection', { ...head, event: EVENT.indexOf('open'), state: STATE.indexOf(row.state), duration_us }];
  const port = isNoPort(row) ? { port_first: row.first, port_last: row.last, local_port: 0 } : {};
  const event = EVENT.indexOf(row.failed ? 'failed' : 'close');
  return [
    'connection',
    { ...head, ...port, event, end_reason: END_REASON.indexOf(row.reason), state: STATE.indexOf('close'), duration_us },
  ];
}

const isNoPort = (row: Told) => row.kind === 'end' && row.failed && row.reason === 'no_port';
type Look = { from_ms: number; state: State };

/** What a row says: from when on the connection was in which state. */
function looksOf(row: Told): Look[] {
  if (row.kind === 'sample') return [{ from_ms: row.at_ms - row.stayed_ms, state: row.state }];
  const born_ms = row.at_ms - row.lived_ms;
  if (row.kind === 'open') return [{ from_ms: row.state === 'established' ? born_ms : row.at_ms, state: row.state }];
  const asked = sideOf(row.id).role === 'server' ? 'syn_recv' : 'syn_sent';
  return [
    { from_ms: born_ms, state: row.failed ? asked : 'established' },
    { from_ms: row.at_ms, state: 'close' },
  ];
}

const rank = (name: State) =>
  name === 'close' ? 1000 : name === 'syn_sent' || name === 'syn_recv' ? STATE.indexOf(name) - 1000 : STATE.indexOf(name);
const inOrder = (a: Look, b: Look) => a.from_ms - b.from_ms || rank(a.state) - rank(b.state);

export class Naive {
  readonly #told: Told[];
  readonly #byId: Map<number, Told[]>;
  readonly #looks: Map<number, Look[]>;
  readonly #counted: Counted[];
  readonly to_ms: number;
  readonly from_ms: number;

  constructor({ told: rows, counted }: World, from_ms: number, to_ms: number) {
    const within = ({ at_ms }: { at_ms: number }) => at_ms >= from_ms && at_ms < to_ms;
    this.from_ms = from_ms;
    this.to_ms = to_ms;
    this.#told = rows.filter(within).toSorted((a, b) => a.at_ms - b.at_ms);
    this.#counted = counted.filter(within).toSorted((a, b) => a.at_ms - b.at_ms);
    this.#byId = Map.groupBy(this.#told, ({ id }) => id);
    // Established samples tell nothing here.
    const telling = this.#told.filter((row) => row.kind !== 'sample' || row.state !== 'established');
    this.#looks = new Map([...Map.groupBy(telling, ({ id }) => id)].map(([id, all]) => [id, all.flatMap(looksOf).toSorted(inOrder)]));
  }

  #stateAt(id: number, ms: number): State | undefined {
    return this.#looks.get(id)?.findLast(({ from_ms }) => from_ms <= ms)?.state;
  }

  population(state: State, ms: number): number {
    return [...this.#looks.keys()].filter((id) => this.#stateAt(id, ms) === state).length;
  }

  #ownerOf = (id: number) =>
    (this.#byId.get(id) ?? []).filter((row) => row.kind !== 'sample' || row.state !== 'established').findLast(({ comm }) => comm !== '')
      ?.comm ?? '';

  piles() {
    const ids = [...this.#looks.keys()];
    const keys = new Set(ids.map((id) => `${this.#ownerOf(id)}/${this.#looks.get(id)?.at(-1)?.state}`));
    return [...keys].flatMap((key) => {
      const [comm = '', state = ''] = key.split('/');
      if (!(PILE_STATES as readonly string[]).includes(state)) return [];
      const owned = ids.filter((id) => this.#ownerOf(id) === comm);
      const now = owned.filter((id) => this.#looks.get(id)?.at(-1)?.state === state);
      const ages = now.map((id) => this.#ageOf(id)).toSorted((a, b) => a - b);
      const rows = now.map((id) => (this.#byId.get(id) ?? []).filter((row) => row.kind !== 'sample' || row.state !== 'established'));
      const moved = rows.flat().flatMap((row) => (row.kind === 'sample' ? [row.at_ms - row.idle_ms] : []));
      const only = <Value>(values: Value[]) => (new Set(values).size === 1 ? (values[0] ?? null) : null);
      return [
        {
          comm,
          state,
          connections: now.length,
          before: owned.filter((id) => this.#stateAt(id, this.from_ms) === state).length,
          oldest_us: (ages.at(-1) ?? 0) * 1000,
          median_us: (ages[Math.floor(ages.length / 2)] ?? 0) * 1000,
          quiet_us: moved.length === 0 ? null : Math.max(0, this.to_ms - Math.max(...moved)) * 1000,
          unread: rows.reduce((sum, all) => sum + unreadOf(all.at(-1)), 0),
          role: only(now.map((id) => sideOf(id).role)),
          port: only(now.map(serviceOf)),
        },
      ];
    });
  }

  /** Back to where it was in another state. */
  #ageOf(id: number): number {
    const looks = this.#looks.get(id) ?? [];
    const last = looks.at(-1)?.state;
    const other = looks.findLastIndex(({ state: name }) => name !== last);
    return this.to_ms - (looks[other + 1]?.from_ms ?? this.to_ms);
  }

  /** By name and where they went. */
  closers() {
    const ends = this.#told.filter((row) => row.kind === 'end' && !row.failed && ['fin_local', 'fin_peer'].includes(row.reason));
    const keyOf = ({ id, comm }: Told) =>
      [comm, sideOf(id).role, sideOf(id).role === 'server' ? '' : sideOf(id).peer_addr, serviceOf(id)].join('/');
    return [...Map.groupBy(ends, keyOf)].map(([key, rows]) => {
      const here = rows.filter((row) => row.kind === 'end' && row.reason === 'fin_local');
      const late = here.filter(({ at_ms }) => at_ms > this.to_ms - 60_000);
      return { key, closed_first: here.length, peer_first: rows.length - here.length, last_minute: late.length };
    });
  }

  /** By namespace and destination. */
  ports(trend_ms: number) {
    const clients = this.#told.filter(({ id }) => sideOf(id).role === 'client');
    const keyOf = ({ id }: Told) => [sideOf(id).netns, sideOf(id).peer_addr].join('/');
    return [...Map.groupBy(clients, keyOf)].flatMap(([key, rows]) => {
      const failed = rows.filter(isNoPort);
      const held = (ms: number) =>
        new Set(
          rows
            .filter((row) => !isNoPort(row))
            .map(({ id }) => id)
            .filter((id) => this.#holds(id, ms)),
        ).size;
      const [used, used_before] = [held(this.to_ms), held(trend_ms)];
      if (used + failed.length === 0) return [];
      const bound = failed.filter((row) => row.kind === 'end' && row.first === row.last).length;
      const netns = Number(key.split('/')[0]);
      const size = this.#counted.findLast((row) => row.netns === netns)?.port_range ?? 0;
      const range = (failed.length > bound ? 10 : size) || null;
      const failed_last_ms = failed.at(-1)?.at_ms ?? null;
      return [{ key, used, used_before, failed: failed.length, failed_bound: bound, range, failed_last_ms }];
    });
  }

  #holds(id: number, ms: number): boolean {
    const rows = (this.#byId.get(id) ?? []).filter((row) => !isNoPort(row));
    const born = rows.flatMap((row) => (row.kind === 'sample' ? [] : [row.at_ms - row.lived_ms]));
    const ends = rows.flatMap((row) => (row.kind === 'end' ? [row.at_ms + (row.reason === 'fin_local' ? 60_000 : 0)] : []));
    return (born.length === 0 || Math.min(...born) <= ms) && (ends.length === 0 || Math.max(...ends) > ms);
  }

  /** What the kernel counted at a moment. */
  counted(name: 'curr_estab' | 'time_wait' | 'orphans', ms: number): number {
    const newest = (rows: Counted[]) => rows.findLast(({ at_ms }) => at_ms <= ms)?.[name] ?? 0;
    if (name === 'orphans') return newest(this.#counted);
    return [1, 2].reduce((sum, netns) => sum + newest(this.#counted.filter((row) => row.netns === netns)), 0);
  }
}

const unreadOf = (row: Told | undefined) => (row?.kind === 'sample' ? row.unread : 0);
