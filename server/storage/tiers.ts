// The tables rollup_1h and rollup_1d, for questions about long ranges. A piece (an hour, a day) has an entry for each key that stands out
// on its host, and one entry for all other keys of the host, so that every figure adds up to the same as in the minutes. tier-refresh.ts
// builds a whole piece under a new version, and then publishes the version; only then the piece is read.
import type { Filling } from './engine.ts';
import { FIGURE_NAMES, folded, RETRANS } from './figures.ts';

/** The keys of a rollup, besides the time. */
const KEYS = ['host_id', 'cgroup_id', 'comm', 'role', 'peer_network', 'service_port'] as const;
const KEY_LIST = KEYS.join(', ');

export const TIER = ['1h', '1d'] as const;
export type Tier = (typeof TIER)[number];

/**
 * `seconds`: length of a piece. `from`: the table that it is built from, as `s`. `start`: an expression for the start of the piece that an
 * entry of that table belongs to.
 */
export const TIERS = {
  '1h': { table: 'rollup_1h', seconds: 3600, from: 'rollup_1m AS s FINAL', start: 'toStartOfHour(s.minute)' },
  '1d': { table: 'rollup_1d', seconds: 86_400, from: 'rollup_1h AS s', start: 'toStartOfDay(s.start)' },
} as const satisfies Record<Tier, { table: string; seconds: number; from: string; start: string }>;

/** A key stands out if it is among its host's largest by one of these measures. */
export const STANDS_OUT = {
  by_traffic: 'bytes_sent + bytes_received',
  by_retransmissions: RETRANS,
  by_trouble: 'failed + resets + resets_sent + resets_received + dropped + listener_drops + listener_overflows + listen_overflows',
  by_connections: 'opened + accepted',
  by_longest_turn: 'turn_max_us',
  by_longest_stall: 'stall_max_us',
} as const;

/** Number of keys that each measure keeps, for each host and piece. */
export const KEPT_BY_EACH = 50;

/** The keys of the entry for all others. */
const OTHERS = { cgroup_id: '0', comm: "''", role: "'unknown'", peer_network: "toIPv6('::')", service_port: '0' } as const;

export type Build = {
  tier: Tier;
  version: bigint;
  /** a condition over the source: entries of the pieces, or those of some hosts */
  where: string;
};

/** Builds pieces of a tier, or the part of them that `where` leaves. */
export function buildPieces({ tier, version, where }: Build): Filling {
  const { table, from, start } = TIERS[tier];
  const ranks = Object.entries(STANDS_OUT).map(
    ([name, measure]) => `row_number() OVER (PARTITION BY piece, host_id, was_others ORDER BY ${measure} DESC, ${KEY_LIST}) AS ${name}`,
  );
  const large = Object.entries(STANDS_OUT).map(([name, measure]) => `${name} <= ${KEPT_BY_EACH} AND ${measure} > 0`);
  const keys = Object.entries(OTHERS).map(([name, others]) => `if(kept, ${name}, ${others}) AS kept_${name}`);
  const select = `SELECT piece, toUInt64(${version}), host_id, ${keys.join(', ')}, NOT kept,
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
  return { into: `${table} (start, version, host_id, ${Object.keys(OTHERS).join(', ')}, others, ${FIGURE_NAMES.join(', ')}, rtt)`, select };
}
