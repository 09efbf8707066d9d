// Rows of several days for the tests of rollups, and what they add up to in each table.

import type { Engine } from '../../../server/storage/engine.ts';
import { FIGURE_KINDS, FIGURE_NAMES, figuresOf, folded, RTT_BUCKET, RTT_COUNTS } from '../../../server/storage/figures.ts';
import { PIECE_S } from '../../../server/storage/published-minutes.ts';

export const DAY_S = 86_400;
/** Midnight three days ago: these days are over. */
export const FIRST_S = (Math.floor(Date.now() / 1000 / DAY_S) - 3) * DAY_S;

/** What each kind's rows have beside their head, over `number`. */
const VALUES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  retransmit: {
    segments: '1 + number % 3',
    class:
      "CAST(number % 7, 'Enum8(\\'unknown\\' = 0, \\'fast\\' = 1, \\'slow_start\\' = 2, \\'rto\\' = 3, \\'tlp\\' = 4, \\'syn\\' = 5, \\'syn_ack\\' = 6)')",
  },
  connection: {
    event: "CAST(number % 3, 'Enum8(\\'open\\' = 0, \\'close\\' = 1, \\'failed\\' = 2)')",
    bytes_sent_rest: 'number',
    retrans_data_rest: 'number % 4',
    retrans_syn: 'number % 2',
    turn_max_us: 'cityHash64(number) % 60000000',
    srtt_us: '1 + number % 70000',
    unattributed: 'number % 2',
  },
  sample: {
    bytes_sent: 'number * 10',
    bytes_received: 'number % 5',
    data_segs_out: '3',
    retrans_data: 'number % 3',
    retrans_spurious: 'number % 2',
    stall_max_us: 'cityHash64(number) % 9000000',
    srtt_us: 'number % 100000',
    interval_us: 'number % 400000',
  },
  reset: { direction: "'sent'" },
  drop: { meaning: "CAST(number % 4, 'Enum8(\\'lost\\' = 0, \\'answered\\' = 1, \\'duplicate\\' = 2, \\'refused\\' = 3)')" },
  listener: { accepted: 'number % 9', overflows: 'number % 3', drops: 'number % 2', local_port: '1000 + number % 90' },
  namespace: { listen_overflows: 'number % 3', retrans_segs: '7', unattributed: '1' },
};

/** `count` rows of each kind spread over `span_s` from `from_s`: three hosts, 80 processes, 90 ports, 40 networks. */
export async function putRows(engine: Pick<Engine, 'command'>, from_s: number, span_s: number, count: number, seed = 0): Promise<void> {
  for (const [kind, own] of Object.entries(VALUES)) {
    const head = {
      time_ns: `fromUnixTimestamp64Nano(toInt64(${from_s}) * 1000000000 + intDiv((number - ${seed}) * ${span_s * 1_000_000}, ${count}) * 1000, 'UTC')`,
      host_id: 'toUInt64(1 + number % 3)',
      connection_id: `toUInt64(${seed} + number)`,
      comm: "concat('c', toString(cityHash64(number) % 80))",
      role: "'client'",
      peer_addr: "toIPv6(concat('::ffff:10.0.', toString(number % 40), '.1'))",
      peer_port: 'toUInt16(1000 + number % 90)',
      sequence: 'number',
    };
    const columns = { ...head, ...own };
    await engine.command(`INSERT INTO ${kind} (${Object.keys(columns).join(', ')}) SETTINGS max_partitions_per_insert_block = 0
SELECT ${Object.values(columns).join(', ')} FROM numbers(${seed}, ${count})`);
  }
}

/** The same, noted as what comes when its minutes have been made. */
export async function putLate(engine: Pick<Engine, 'command'>, from_s: number, span_s: number, count: number, seed: number): Promise<void> {
  await putRows(engine, from_s, span_s, count, seed);
  const pieces = Math.ceil(span_s / PIECE_S) + 1;
  await engine.command(`INSERT INTO late_piece (start, host_id, note, done)
SELECT toStartOfFiveMinutes(toDateTime(${from_s} + number * ${PIECE_S}, 'UTC')), host_id, ${seed}, 0 FROM numbers(${pieces}) ARRAY JOIN [1, 2, 3] AS host_id`);
}

const PUBLISHED = (tier: string) =>
  `(start, version) IN (SELECT start, max(version) FROM rollup_version WHERE tier = '${tier}' GROUP BY start)`;
const totals = FIGURE_NAMES.map((name) => `${folded(name, `t.${name}`)} AS total_${name}`).join(', ');

async function sums(engine: Pick<Engine, 'query'>, source: string): Promise<unknown> {
  const [found] = await engine.query(`SELECT ${totals}, sumMap(t.rtt) AS total_rtt FROM ${source}`);
  return found;
}

/** Of the rows themselves, and of each rollup, over [from_s, to_s): equal, figure by figure and bucket by bucket. */
export async function sumsOf(
  engine: Pick<Engine, 'query'>,
  from_s: number,
  to_s: number,
): Promise<Record<'rows' | 'minutes' | 'hours' | 'days', unknown>> {
  const within = (time: string) => `${time} >= toDateTime(${from_s}, 'UTC') AND ${time} < toDateTime(${to_s}, 'UTC')`;
  const kinds = FIGURE_KINDS.map(
    (kind) =>
      `SELECT ${figuresOf(kind).join(', ')}, sumMapIf(map(${RTT_BUCKET}, toUInt64(1)), ${RTT_COUNTS[kind]}) AS rtt FROM ${kind} FINAL WHERE ${within('time_ns')}`,
  );
  return {
    rows: await sums(engine, `(${kinds.join(' UNION ALL ')}) AS t`),
    minutes: await sums(engine, `rollup_1m AS t FINAL WHERE ${within('minute')}`),
    hours: await sums(engine, `rollup_1h AS t WHERE ${within('start')} AND ${PUBLISHED('1h')}`),
    days: await sums(engine, `rollup_1d AS t WHERE ${within('start')} AND ${PUBLISHED('1d')}`),
  };
}
