// Which hosts report, and whether what they saw has arrived.
import type { Host } from '../../api.ts';
import { COUNTS, type Counts } from '../entities.ts';
import type { Store } from '../store.ts';
import { CURRENT_ACCOUNTS, completenessOf } from './accounts.ts';

type HostRow = Pick<Host, 'host_id' | 'name' | 'kernel' | 'agent_version' | 'last_seen_ms' | 'hooks'>;
type AccountRow = Host['accounts'][number] & { host_id: string };

const HOSTS = `SELECT toString(h.host_id) AS host_id, name, kernel, agent_version, toUnixTimestamp64Milli(at) AS last_seen_ms, hooks
FROM host AS h FINAL
ORDER BY name, h.host_id`;

const ACCOUNTS = `SELECT toString(a.host_id) AS host_id, kind, ${COUNTS.join(', ')}
FROM ${CURRENT_ACCOUNTS} AS a
ORDER BY kind`;

/** Every host that ever reported, by name; its account is that of its newest agent. */
export async function hosts(store: Store, now_ms: number): Promise<Host[]> {
  const [rows, accounts] = await Promise.all([store.query<HostRow>(HOSTS), store.query<AccountRow>(ACCOUNTS)]);
  const byHost = Map.groupBy(accounts, ({ host_id }) => host_id);
  return rows.map((host) => {
    const own = (byHost.get(host.host_id) ?? []).map(({ host_id: _, ...account }) => account);
    const sums = Object.fromEntries(COUNTS.map((name) => [name, own.reduce((sum, account) => sum + account[name], 0)])) as Counts;
    return { ...host, lag_ms: Math.max(0, now_ms - host.last_seen_ms), completeness: completenessOf(sums), accounts: own };
  });
}
