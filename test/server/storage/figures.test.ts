// Every figure on rows of which each tells another number, worked out on paper: what counts, and what must not.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Kind } from '../../../bpf/rows/rows.gen.ts';
import { openEmbedded } from '../../../server/storage/embedded.ts';
import {
  bucketQuantile,
  type Figure,
  type FigureKind,
  figuresOf,
  fold,
  folded,
  LOST,
  RETRANS,
  RTT_BUCKET,
  RTT_COUNTS,
} from '../../../server/storage/figures.ts';
import { accounting } from '../../../server/storage/queries/accounts.ts';
import { edges } from '../../../server/storage/queries/edges.ts';
import { retransmits } from '../../../server/storage/queries/retransmits.ts';
import { type RowValues, rowBytes } from '../../support/row-bytes.ts';
import { type Fixture, fixture } from './backends.ts';
import { filterOf } from './filter-of.ts';
import { report, toldOf } from './report.ts';

const NOW_MS = Math.floor(Date.now() / 60_000) * 60_000;
const at = (seconds_ago: number) => BigInt(NOW_MS - seconds_ago * 1000) * 1_000_000n;

const [OPEN, CLOSE, FAILED] = [0, 1, 2];
const [CLIENT, SERVER] = [1, 2];
const [RST_SENT, RST_RECEIVED, TIMEOUT] = [3, 4, 5];

/** What a close, or a failure, says of the whole life or of what no sample has reported. */
const told = (base: number) => ({
  data_segs_out_rest: base,
  bytes_sent_rest: base * 2,
  bytes_received_rest: base * 3,
  busy_us_rest: base * 4,
  rwnd_limited_us_rest: base * 5,
  sndbuf_limited_us_rest: base * 6,
  interval_us_rest: base * 700_000,
  unattributed: base * 8,
  retrans_spurious: base * 99,
  retrans_spurious_rest: base * 9,
  undos: base * 10,
  retrans_data: base * 110,
  retrans_data_rest: base * 11,
  turn_max_us: base * 12,
  stall_max_us: base * 13,
  local_limited_us_rest: base * 14,
  retrans_syn: base * 15,
  retrans_syn_ack: base * 16,
});
/** Of what is shorter, limits tell nothing. */
const SHORT_US = 199_999;

const ROWS: Partial<Record<Kind, RowValues[]>> = {
  retransmit: [
    // class by its number, 0 unknown to 6 syn_ack; outcome 0 sent, 1 failed, 2 refused
    ...[1, 2, 4, 8, 16, 32, 64].map((segments, name) => ({ class: name, segments, bytes: name === 3 ? 0 : 1448 })),
    { class: 1, outcome: 1, segments: 128, bytes: 1448 },
    { class: 1, outcome: 2, segments: 256, connection_id: 5 },
  ],
  connection: [
    // Whatever an open says of itself, it is not over.
    { event: OPEN, role: CLIENT, ...told(1000), srtt_us: 9 },
    { event: OPEN, role: SERVER, srtt_us: 9 },
    { event: OPEN, role: SERVER },
    { event: OPEN, role: 0 },
    { event: OPEN, role: CLIENT, preexisting: 1 },
    { event: CLOSE, role: CLIENT, end_reason: RST_SENT, ...told(1), srtt_us: 2_000_000 },
    { event: CLOSE, role: SERVER, end_reason: RST_RECEIVED, ...told(10), srtt_us: 0 },
    { event: CLOSE, role: CLIENT, end_reason: TIMEOUT, interval_us_rest: SHORT_US, busy_us_rest: SHORT_US },
    // No sweep came in between: these tell of their opening, too.
    { event: CLOSE, role: CLIENT, tells_open: 1, retrans_syn: 7 },
    { event: CLOSE, role: SERVER, tells_open: 1 },
    { event: FAILED, role: CLIENT, end_reason: RST_RECEIVED, ...told(100), srtt_us: 9 },
    { event: FAILED, role: SERVER },
  ],
  sample: [
    {
      data_segs_out: 1,
      bytes_sent: 2,
      bytes_received: 3,
      busy_us: 4,
      rwnd_limited_us: 5,
      sndbuf_limited_us: 6,
      interval_us: 700_000,
      retrans: 10,
      retrans_data: 8,
      retrans_spurious: 5,
      turn_max_us: 9,
      stall_max_us: 110,
      local_limited_us: 12,
      srtt_us: 1_000_000,
    },
    {
      data_segs_out: 10,
      bytes_sent: 20,
      bytes_received: 30,
      busy_us: 40,
      rwnd_limited_us: 50,
      sndbuf_limited_us: 60,
      interval_us: 7_000_000,
      retrans: 100,
      retrans_data: 80,
      retrans_spurious: 50,
      turn_max_us: 90,
      stall_max_us: 11,
      local_limited_us: 120,
      srtt_us: 0,
    },
    // a DSACK for a probe; too short, and less than ten round trips
    { retrans: 1, retrans_spurious: 1, interval_us: SHORT_US, busy_us: SHORT_US },
    { interval_us: 3_000_000, busy_us: 3_000_000, rtt_min_us: 300_001 },
  ],
  reset: [{ direction: 1 }, { direction: 2 }, { direction: 2 }],
  drop: [{ length: 5 }, { length: 0 }, { meaning: 1 }, { meaning: 2 }, { meaning: 3 }],
  listener: [
    { accepted: 7, overflows: 2, drops: 3 },
    { accepted: 20, overflows: 4, drops: 0 },
  ],
  namespace: [
    { listen_overflows: 1, to_zero_window: 2, retrans_segs: 4, unattributed: 8 },
    { listen_overflows: 10, to_zero_window: 20, retrans_segs: 40, unattributed: 80 },
  ],
};

const EXPECTED: Record<FigureKind, Record<string, number>> = {
  retransmit: {
    rolled_rows: 9,
    retrans_unknown: 1,
    retrans_fast: 2 + 128,
    retrans_slow_start: 4,
    retrans_rto: 8,
    retrans_tlp: 16,
    retrans_syn: 32,
    retrans_syn_ack: 64,
    retrans_refused: 256,
    retrans_fin: 8,
  },
  connection: {
    rolled_rows: 12,
    opened: 6,
    connected: 3,
    closed: 5,
    failed: 1,
    resets: 2,
    data_segs_out: 111,
    bytes_sent: 222,
    bytes_received: 333,
    busy_us: 444,
    rwnd_limited_us: 555,
    sndbuf_limited_us: 666,
    sampled_us: 77_700_000,
    unattributed: 888,
    retrans_data: 1221,
    spurious: 999,
    undos: 1110,
    turn_max_us: 1200,
    stall_max_us: 1300,
    local_limited_us: 1554,
    attempts: 8,
    syn_resent: 31 * 1100 + 7,
  },
  sample: {
    rolled_rows: 4,
    data_segs_out: 11,
    bytes_sent: 22,
    bytes_received: 33,
    busy_us: 44,
    rwnd_limited_us: 55,
    sndbuf_limited_us: 66,
    sampled_us: 7_700_000,
    retrans_data: 88,
    spurious: 33,
    turn_max_us: 90,
    stall_max_us: 110,
    local_limited_us: 132,
  },
  reset: { rolled_rows: 3, resets_sent: 1, resets_received: 2 },
  drop: { rolled_rows: 5, dropped: 2 },
  listener: { rolled_rows: 2, accepted: 27, listener_overflows: 6, listener_drops: 3, listener_rows: 2 },
  namespace: { rolled_rows: 2, listen_overflows: 11, zero_windows: 22, host_retrans: 44, host_unattributed: 88, namespace_rows: 2 },
};

let opened: Fixture;
beforeAll(async () => {
  opened = await fixture(async (directory) => openEmbedded({ path: `${directory}/engine` }));
  for (const [kind, rows] of Object.entries(ROWS) as [Kind, RowValues[]][]) {
    await opened.put(
      kind,
      rows.map((row) => rowBytes(kind, { host_id: 1, time_ns: at(30), comm: 'app', ...row })),
    );
  }
});
afterAll(() => opened?.close());

test.each(Object.entries(EXPECTED) as [FigureKind, Record<string, number>][])('%s rows', async (kind, expected) => {
  const [found] = await opened.store.query<Record<string, number>>(`SELECT ${figuresOf(kind).join(', ')} FROM ${kind}`);
  const known = Object.entries(found ?? {}).filter(([, figure]) => figure !== 0);
  expect(Object.fromEntries(known)).toEqual(expected);
});

test('retransmissions are those of all classes; lost is what was sent again with need, never less than nothing', async () => {
  const [found] = await opened.store.query(`SELECT ${RETRANS} AS all FROM (SELECT ${figuresOf('retransmit').join(', ')} FROM retransmit)`);
  expect(found).toEqual({ all: 1 + 130 + 4 + 8 + 16 + 32 + 64 });
  const lost = await opened.store.query(
    `SELECT ${LOST} AS lost FROM (SELECT toUInt64(number) AS retrans_data, toUInt64(3) AS spurious FROM numbers(5)) ORDER BY lost`,
  );
  expect(lost).toEqual([0, 0, 0, 0, 1].map((segments) => ({ lost: segments })));
});

test('the RTT counts of ends and of samples, where it was measured', async () => {
  const counted = (kind: FigureKind) => `SELECT toFloat64(srtt_us) AS us FROM ${kind} WHERE ${RTT_COUNTS[kind]}`;
  const kinds = Object.keys(RTT_COUNTS) as FigureKind[];
  const found = await opened.store.query<{ us: number }>(
    kinds
      .filter((kind) => kind !== 'reset' && kind !== 'drop' && kind !== 'listener' && kind !== 'namespace')
      .map(counted)
      .join(' UNION ALL '),
  );
  expect(found.map(({ us }) => us).sort()).toEqual([1_000_000, 2_000_000]);
});

test.each([
  // The format's own bounds at scale 3: bucket b ends with 2^((b + 1) / 8) s, and holds that.
  [1_000_000, -1],
  [1_000_001, 0],
  [2_000_000, 7],
  [2_000_001, 8],
  [500_000, -9],
  [1, -160],
])('an RTT of %i µs is in bucket %i', async (srtt_us, bucket) => {
  const [found] = await opened.store.query(`SELECT ${RTT_BUCKET} AS bucket FROM (SELECT toUInt32(${srtt_us}) AS srtt_us)`);
  expect(found).toEqual({ bucket });
});

test.each([
  [0.5, 2 ** (0.5 / 8)],
  [0.51, 2 ** (8.5 / 8)],
  [1, 2 ** (8.5 / 8)],
])('of one in bucket 0 and one in bucket 8 the %f quantile is the middle of its bucket', async (level, seconds) => {
  const [found] = await opened.store.query<{ us: number }>(
    `SELECT ${bucketQuantile('m', level)} AS us FROM (SELECT CAST(map(0, 1, 8, 1), 'Map(Int16, UInt64)') AS m)`,
  );
  expect((found?.us ?? 0) / 1e6).toBeCloseTo(seconds, 9);
});

test('a range has its first moment and not its last', async () => {
  const host_id = '9';
  const moments = [60, 59.999, 30.001, 30];
  await opened.put(
    'retransmit',
    moments.map((ago) => rowBytes('retransmit', { host_id: 9, time_ns: at(ago), class: 1, segments: 1 })),
  );
  const range = { from: NOW_MS - 60_000, to: NOW_MS - 30_000 };
  const { retransmits: found } = await retransmits(opened.store, { ...range, filter: filterOf(`host = ${host_id}`) }, 10, NOW_MS);
  expect(found.map(({ time_ns }) => time_ns)).toEqual([30.001, 59.999, 60].map((ago) => String(at(ago))));
});

test('retransmissions of one connection are no other’s', async () => {
  const { retransmits: found, total } = await retransmits(opened.store, { filter: filterOf('host = 1 and connection = 5') }, 10, NOW_MS);
  expect(total).toBe(1);
  expect(found.map(({ segments }) => segments)).toEqual([256]);
});

test('a peer to which only attempts were made that never left is an edge', async () => {
  await opened.put('retransmit', [rowBytes('retransmit', { host_id: 8, time_ns: at(30), class: 1, outcome: 2, segments: 1 })]);
  const { edges: found } = await edges(opened.store, { filter: filterOf('host = 8') }, { sort: 'retrans', limit: 10 }, NOW_MS);
  expect(found).toMatchObject([{ retrans: 0, opened: 0 }]);
});

test('of hosts the least complete comes first, one of which nobody told anything last', async () => {
  const told = {
    ...report({ host_id: '0000000000000001', at_ms: NOW_MS }),
    accounting: toldOf('drop', { seen: 12, withheld: 3 }, NOW_MS - 60_000),
  };
  await opened.store.insertReports([told]);
  const { hosts } = await accounting(opened.store, {}, 10, NOW_MS);
  expect(hosts.length).toBeGreaterThan(1);
  expect(hosts[0]).toMatchObject({ host_id: '1', completeness: 0.75 });
  expect(hosts.slice(1).map(({ completeness }) => completeness)).toEqual(hosts.slice(1).map(() => null));
});

// Last: rows of now that come after their minutes have been made are not looked for.
test('the minutes say what the rows say', async () => {
  const sums = Object.values(EXPECTED).flatMap((figures) => Object.entries(figures));
  const expected: Record<string, number> = {};
  for (const [name, figure] of sums) expected[name] = fold(name as Figure, expected[name] ?? 0, figure);
  const names = Object.keys(expected) as Figure[];
  await opened.store.upkeep.makeMinutes(Date.now() + 3_600_000);
  const [found] = await opened.store.query<Record<string, number>>(
    `SELECT ${names.map((name) => `${folded(name, `r.${name}`)} AS ${name}`).join(', ')} FROM rollup_1m AS r FINAL WHERE host_id = 1`,
  );
  expect(found).toEqual(expected);
});
