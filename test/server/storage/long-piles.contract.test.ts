// Pile-ups of a day: what they say of each step's end is what a look at the connections themselves gives, though few rows are read.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { END_REASON, EVENT, type Kind, ROLE, STATE, type State } from '../../../bpf/rows/rows.gen.ts';
import { piles } from '../../../server/storage/queries/piles.ts';
import { type RowValues, rowBytes } from '../../support/row-bytes.ts';
import { tries } from '../../support/tries.ts';
import { BACKENDS, type Fixture } from './backends.ts';
import { filterOf } from './filter-of.ts';
import { report } from './report.ts';

const STEP_MS = 900_000;
const HOURS = 24;
const TO_MS = Math.floor(Date.now() / STEP_MS) * STEP_MS - 3 * 3_600_000;
const FROM_MS = TO_MS - HOURS * 3_600_000;
const NOW_MS = Date.now();
/** After which time in it a socket that waits has a row, and again and again. */
const [SWEEP_MS, AGAIN_MS] = [10_000, 30_000];
const ASKED = { sort: 'connections', limit: 100 } as const;
const WAITS = ['close_wait', 'fin_wait2', 'last_ack', 'syn_recv'] as const;

/** A connection: when it opened, for how long it moved data, in what it waited then and for how long; ms. It ends where it is over before the range is. */
type Life = { comm: string; opened_ms: number; moved_ms: number; waits: (typeof WAITS)[number]; waited_ms: number };
const anyLife: fc.Arbitrary<Life> = fc.record({
  comm: fc.constantFrom('nginx', 'curl'),
  // Many just before a step ends, since what happens there matters.
  opened_ms: fc
    .record({
      step: fc.integer({ min: -2, max: HOURS * 4 - 1 }),
      at: fc.oneof(fc.nat(STEP_MS), fc.integer({ min: STEP_MS - 200_000, max: STEP_MS })),
    })
    .map(({ step, at }) => FROM_MS + step * STEP_MS + at),
  moved_ms: fc.nat(400_000),
  waits: fc.constantFrom(...WAITS),
  waited_ms: fc.oneof(fc.integer({ min: 2 * SWEEP_MS, max: 300_000 }), fc.integer({ min: 0, max: 30 * 3_600_000 })),
});
const waitsFrom = ({ opened_ms, moved_ms }: Life) => opened_ms + moved_ms;
const endsAt = (life: Life) => waitsFrom(life) + life.waited_ms;

const headOf = (life: Life, id: number, at_ms: number, state: State): RowValues => ({
  host_id: 0n,
  connection_id: BigInt(id),
  comm: life.comm,
  time_ns: BigInt(at_ms) * 1_000_000n,
  role: ROLE.indexOf('client'),
  netns: 1,
  local_addr: '10.1.0.1',
  local_port: 40_000 + id,
  peer_addr: `10.2.0.${1 + (id % 2)}`,
  peer_port: 443,
  state: STATE.indexOf(state),
});

/** What an agent sends of it: its opening, rows while it waits, its end. */
function* rowsOf(life: Life, id: number): Generator<[Kind, RowValues]> {
  yield ['connection', { ...headOf(life, id, life.opened_ms, 'established'), event: EVENT.indexOf('open') }];
  const begun_ms = waitsFrom(life);
  const last_ms = Math.min(endsAt(life), TO_MS);
  const first_ms = Math.ceil((begun_ms + 1) / SWEEP_MS) * SWEEP_MS;
  for (let at_ms = first_ms; at_ms < last_ms; at_ms += AGAIN_MS)
    yield ['sample', { ...headOf(life, id, at_ms, life.waits), state_us: (at_ms - begun_ms) * 1000, idle_us: (at_ms - begun_ms) * 1000 }];
  if (endsAt(life) >= TO_MS) return;
  const reason = id % 3 === 0 ? 'fin_peer' : 'fin_local';
  const duration_us = (endsAt(life) - life.opened_ms) * 1000;
  yield [
    'connection',
    { ...headOf(life, id, endsAt(life), 'close'), event: EVENT.indexOf('close'), end_reason: END_REASON.indexOf(reason), duration_us },
  ];
}

let hosts = 5000n;

describe.each(BACKENDS)('piles of a day on $name', ({ skip, open }) => {
  let fixture: Fixture;
  beforeAll(async () => {
    if (skip === undefined) fixture = await open();
  });
  afterAll(async () => fixture?.close());

  async function asked(lives: readonly Life[]) {
    const host_id = ++hosts;
    const rows = lives.flatMap((life, id) => [...rowsOf(life, id + 1)]);
    for (const [kind, all] of Map.groupBy(rows, ([of]) => of)) {
      const bytes = all.map(([, values]) => rowBytes(kind, { ...values, host_id }));
      // Whoever sends rows again changes nothing.
      for (const sequence of [1, 1]) await fixture.put(kind, bytes, { epoch: `${host_id}`.padStart(16, '0'), sequence });
    }
    const counted = [
      { at_ms: FROM_MS + STEP_MS - 310_000, time_wait: 7 },
      { at_ms: FROM_MS + 2 * STEP_MS - 200_000, time_wait: 4 },
      { at_ms: FROM_MS + 2 * STEP_MS - 100_000, time_wait: 5 },
      { at_ms: FROM_MS + 3 * STEP_MS, time_wait: 9 },
    ].map(({ at_ms, ...row }) => rowBytes('namespace', { host_id, netns: 1, time_ns: BigInt(at_ms) * 1_000_000n, ...row }));
    await fixture.put('namespace', counted);
    const of = {
      host_id: host_id.toString(16).padStart(16, '0'),
      host: { ...report({}).host, name: `h${host_id}` },
      netns: [],
      processes: [],
    };
    const steps = Array.from({ length: (TO_MS - FROM_MS) / STEP_MS }, (_, step) => FROM_MS + step * STEP_MS);
    await fixture.store.insertReports(steps.map((at_ms) => report({ ...of, at_ms, accounting: [] } as never)));
    return piles(fixture.store, { from: FROM_MS, to: TO_MS, filter: filterOf(`host = ${host_id}`) }, ASKED, NOW_MS);
  }

  test('each figure is what is true of the connections', async (context) => {
    context.skip(skip !== undefined, skip);
    await fc.assert(
      fc.asyncProperty(fc.array(anyLife, { minLength: 1, maxLength: 12 }), async (lives) => {
        const found = await asked(lives);
        expect(found).toMatchObject({ step_s: STEP_MS / 1000, established: 'opened_less_ended', ports_from_ms: TO_MS - 2 * 3_600_000 });
        const told = (life: Life) => life.waited_ms >= 2 * SWEEP_MS;
        const waiting = (state: State, at_ms: number, comm?: string) =>
          lives.filter(
            (life) =>
              life.waits === state && waitsFrom(life) < at_ms && endsAt(life) >= at_ms && told(life) && (comm ?? life.comm) === life.comm,
          );
        for (const [at, start_s] of found.series.time_s.entries()) {
          const end_ms = start_s * 1000 + STEP_MS;
          // A sweep that comes after the end tells what was before it, where the socket still waits then.
          const sure = lives.every((life) => Math.abs(waitsFrom(life) - end_ms) > 2 * SWEEP_MS);
          if (sure) for (const state of WAITS) expect(found.series[state][at], `${state} ${at}`).toBe(waiting(state, end_ms).length);
        }
        expect(found.series.time_wait.slice(0, 4)).toEqual([0, 5, 0, 0]);
        const isClear = (life: Life) =>
          (waitsFrom(life) < TO_MS - 2 * SWEEP_MS || waitsFrom(life) >= TO_MS) &&
          (endsAt(life) < FROM_MS || endsAt(life) > FROM_MS + SWEEP_MS + AGAIN_MS || waitsFrom(life) > FROM_MS);
        if (!lives.every(isClear)) return;
        const within = (at_ms: number) => at_ms >= FROM_MS && at_ms < TO_MS;
        const net = (comm: string) => {
          const owned = lives.filter((life) => life.comm === comm);
          return owned.filter(({ opened_ms }) => within(opened_ms)).length - owned.filter((life) => within(endsAt(life))).length;
        };
        const expected = ['nginx', 'curl'].flatMap((comm) => [
          ...WAITS.flatMap((state) => {
            const some = waiting(state, TO_MS, comm);
            const oldest_us = Math.max(...some.map((life) => (TO_MS - waitsFrom(life)) * 1000));
            return some.length === 0
              ? []
              : [{ comm, state, connections: some.length, before: waiting(state, FROM_MS, comm).length, oldest_us }];
          }),
          ...(net(comm) > 0 ? [{ comm, state: 'established', connections: net(comm), before: 0, oldest_us: null }] : []),
        ]);
        const byName = (a: object, b: object) => JSON.stringify(a).localeCompare(JSON.stringify(b));
        expect(
          found.piles
            .map(({ comm, state, connections, before, oldest_us }) => ({ comm, state, connections, before, oldest_us }))
            .toSorted(byName),
        ).toEqual(expected.toSorted(byName));
        const ended = lives.flatMap((life, at) => (within(endsAt(life)) ? [{ ...life, first: (at + 1) % 3 !== 0 }] : []));
        const sum = (name: 'closed_first' | 'peer_first' | 'last_minute') => found.closers.reduce((all, closer) => all + closer[name], 0);
        expect([sum('closed_first'), sum('peer_first'), sum('last_minute')]).toEqual([
          ended.filter(({ first }) => first).length,
          ended.filter(({ first }) => !first).length,
          ended.filter((life) => life.first && endsAt(life) > TO_MS - 60_000).length,
        ]);
        for (const { peer_addr } of found.closers) expect(peer_addr).toBe('10.2.0.0/24');
      }),
      tries(4),
    );
  });

  test('of a month established connections are not told, and the answer says so', async (context) => {
    context.skip(skip !== undefined, skip);
    const life: Life = { comm: 'nginx', opened_ms: TO_MS - 600_000, moved_ms: 60_000, waits: 'close_wait', waited_ms: 3_600_000 };
    await asked([life]);
    const range = { from: TO_MS - 30 * 86_400_000, to: TO_MS, filter: filterOf(`host = ${hosts}`) };
    const found = await piles(fixture.store, range, ASKED, NOW_MS);
    expect(found).toMatchObject({ established: 'not_known', piles: [{ state: 'close_wait', connections: 1, before: 0 }] });
    expect(await piles(fixture.store, range, { ...ASKED, state: 'established' }, NOW_MS)).toMatchObject({ piles: [], piles_total: 0 });
  });
});
