// Which hosts report, and whether what they saw has arrived.
import type { Host, Range } from '../../api.ts';
import type { Store } from '../store.ts';
import { accountsByHost, completenessOf } from './accounts.ts';

type HostRow = Pick<Host, 'host_id' | 'name' | 'kernel' | 'agent_version' | 'last_seen_ms' | 'hooks'>;

const HOSTS = `SELECT toString(h.host_id) AS host_id, name, kernel, agent_version, toUnixTimestamp64Milli(at) AS last_seen_ms, hooks
FROM host AS h FINAL
ORDER BY name, h.host_id`;

/** Every host that ever reported, by name, with the account of the range. */
export async function hosts(store: Store, range: Pick<Range, 'from' | 'to'>, now_ms: number): Promise<Host[]> {
  const [rows, accounts] = await Promise.all([store.query<HostRow>(HOSTS), accountsByHost(store, range, now_ms)]);
  return rows.map((host) => {
    const own = accounts.get(host.host_id) ?? [];
    return { ...host, lag_ms: Math.max(0, now_ms - host.last_seen_ms), completeness: completenessOf(...own), accounts: own };
  });
}
