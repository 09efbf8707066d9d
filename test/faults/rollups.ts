// The rollups beside what the same rows add up to.
import {
  FIGURE_KINDS,
  FIGURE_NAMES,
  figuresOf,
  folded,
  PEER_NETWORK,
  RTT_BUCKET,
  RTT_COUNTS,
  SERVICE_PORT,
} from '../../server/storage/figures.ts';
import { TIER, TIERS } from '../../server/storage/tiers.ts';
import type { Ask } from './check.ts';

const KEYS = {
  minute: "toStartOfMinute(time_ns, 'UTC')",
  host_id: 'host_id',
  cgroup_id: 'cgroup_id',
  comm: 'toString(comm)',
  role: 'toString(role)',
  peer_network: PEER_NETWORK,
  service_port: SERVICE_PORT,
} as const;
const NAMES = Object.keys(KEYS);
const KEY_NAMES = NAMES.map((name) => `key_${name}`).join(', ');

/** Each kind's rows by key and minute, with every figure. */
const raw = FIGURE_KINDS.map((kind) => {
  const keys = Object.entries(KEYS).map(([name, expression]) => `${expression} AS key_${name}`);
  const rtt = `sumMapIf(map(${RTT_BUCKET}, toUInt64(1)), ${RTT_COUNTS[kind]}) AS rtt`;
  return `SELECT ${[...keys, ...figuresOf(kind), rtt].join(', ')} FROM ${kind} FINAL GROUP BY ${KEY_NAMES}`;
}).join('\nUNION ALL\n');

const sums = [
  ...FIGURE_NAMES.map((name) => `toUInt64(${folded(name, `t.${name}`)}) AS sum_${name}`),
  'mapSort(sumMap(t.rtt)) AS sum_rtt',
].join(', ');

const KEYS_OF_TABLE = 'minute, host_id, cgroup_id, toString(comm), toString(role), peer_network, service_port';

type Compared = { name: string; made: string; kept: string };

const minutes: Compared = {
  name: 'rollup_1m',
  made: `SELECT ${KEY_NAMES}, ${sums} FROM (${raw}) AS t GROUP BY ${KEY_NAMES}`,
  kept: `SELECT ${KEYS_OF_TABLE}, ${sums} FROM rollup_1m AS t FINAL GROUP BY ${KEYS_OF_TABLE}`,
};

/** Hours and days beside the minutes, which are what rows add up to. Only hosts are compared: pieces may keep different keys. */
const tiers: Compared[] = TIER.map((tier) => {
  const { table, seconds } = TIERS[tier];
  const start = `toDateTime(intDiv(toUnixTimestamp(minute), ${seconds}) * ${seconds}, 'UTC')`;
  const newest = `SELECT start, max(version) FROM rollup_version WHERE tier = '${tier}' GROUP BY start`;
  return {
    name: table,
    made: `SELECT ${start} AS start, host_id, ${sums} FROM rollup_1m AS t FINAL GROUP BY start, host_id`,
    kept: `SELECT start, host_id, ${sums} FROM ${table} AS t WHERE (start, version) IN (${newest}) GROUP BY start, host_id`,
  };
});

/** Each sum is in both, so it is there twice. */
export async function rollupsWrong(ask: Ask): Promise<string[]> {
  const wrong: string[] = [];
  for (const { name, made, kept } of [minutes, ...tiers]) {
    const [found] = await ask<{ n: number }>(
      `SELECT toFloat64(count()) AS n FROM (SELECT count() AS times FROM (${made} UNION ALL ${kept}) GROUP BY * HAVING times != 2)`,
    );
    if (found?.n !== 0) wrong.push(`${name}: ${found?.n} sums of it or of what it is made of are not in the other`);
  }
  return wrong;
}
