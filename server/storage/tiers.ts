// rollup_1h and rollup_1d: what long ranges are answered from. A piece (an hour, a day) keeps the keys that stand out on each
// host and one row for all others, so that every figure stays what it is in the minutes. It is built whole under a version of its
// own and read once that version is published; tier-refresh.ts does so.
import { FIGURE_NAMES, folded, RETRANS } from './figures.ts';

/** Keys of a rollup, beside its time. */
const KEYS = ['host_id', 'cgroup_id', 'comm', 'role', 'peer_network', 'service_port'] as const;
const KEY_LIST = KEYS.join(', ');

export const TIER = ['1h', '1d'] as const;
export type Tier = (typeof TIER)[number];

/** `seconds`: how long a piece is. `from`: the table that it is made of, as `s`. `start`: the beginning of the piece that an entry there belongs to. */
export const TIERS = {
  '1h': { table: 'rollup_1h', seconds: 3600, from: 'rollup_1m AS s FINAL', start: 'toStartOfHour(s.minute)' },
  '1d': { table: 'rollup_1d', seconds: 86_400, from: 'rollup_1h AS s', start: 'toStartOfDay(s.start)' },
} as const satisfies Record<Tier, { table: string; seconds: number; from: string; start: string }>;

/** A key is kept if it is among its host's largest by one of these. */
export const STANDS_OUT = {
  by_traffic: 'bytes_sent + bytes_received',
  by_retransmissions: RETRANS,
  by_trouble: 'failed + resets + resets_sent + resets_received + dropped + listener_drops + listener_overflows + listen_overflows',
  by_connections: 'opened + accepted',
  by_longest_turn: 'turn_max_us',
  by_longest_stall: 'stall_max_us',
} as const;

/** Keys that each measure keeps, a host and piece. */
export const KEPT_BY_EACH = 50;

/** What the others' row says in place of a key. */
const OTHERS = { cgroup_id: '0', comm: "''", role: "'unknown'", peer_network: "toIPv6('::')", service_port: '0' } as const;

export type Build = {
  tier: Tier;
  version: bigint;
  /** over the source: the entries of the pieces, or of some hosts in them */
  where: string;
};

/** The statement that builds pieces of a tier, or their part of the hosts that `where` leaves. */
export function buildPieces({ tier, version, where }: Build): string {
  const { table, from, start } = TIERS[tier];
  const ranks = Object.entries(STANDS_OUT).map(
    ([name, measure]) => `row_number() OVER (PARTITION BY piece, host_id, was_others ORDER BY ${measure} DESC, ${KEY_LIST}) AS ${name}`,
  );
  const large = Object.entries(STANDS_OUT).map(([name, measure]) => `${name} <= ${KEPT_BY_EACH} AND ${measure} > 0`);
  const keys = Object.entries(OTHERS).map(([name, others]) => `if(kept, ${name}, ${others}) AS kept_${name}`);
  return `INSERT INTO ${table} (start, version, host_id, ${Object.keys(OTHERS).join(', ')}, others, ${FIGURE_NAMES.join(', ')}, rtt)
SETTINGS async_insert = 0
SELECT piece, toUInt64(${version}), host_id, ${keys.join(', ')}, NOT kept,
  ${FIGURE_NAMES.map((name) => folded(name)).join(', ')}, sumMap(rtt)
FROM (
  SELECT *, NOT was_others AND (${large.join(' OR ')}) AS kept
  FROM (
    SELECT *, ${ranks.join(',\n      ')}
    FROM (
      SELECT ${start} AS piece, ${KEY_LIST}, ${tier === '1h' ? 'false' : 'others'} AS was_others,
        ${FIGURE_NAMES.map((name) => `${folded(name, `s.${name}`)} AS ${name}`).join(', ')}, sumMap(s.rtt) AS rtt
      FROM ${from}
      WHERE ${where}
      GROUP BY piece, ${KEY_LIST}, was_others
    )
  )
)
GROUP BY piece, host_id, ${Object.keys(OTHERS)
    .map((name) => `kept_${name}`)
    .join(', ')}, kept`;
}
