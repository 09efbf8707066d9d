// The hosts that report, and whether their rows have arrived. Anybody may report hosts, so answers come in pages.
import type { Host, HostRange, Hosts } from '../../api.ts';
import type { Queryable } from '../engine.ts';
import { accountsByHost, completenessOf, lossesByHost } from './accounts.ts';

type HostRow = Pick<Host, 'host_id' | 'name' | 'kernel' | 'agent_version' | 'last_seen_ms' | 'hooks'>;

/**
 * `after`: `next` of the page before. `name`: only hosts of this name. `last_seen`: hosts that were silent for longest first, in a single
 * page.
 */
export type HostsAsked = { limit: number; sort: 'name' | 'last_seen'; after?: string | undefined; name?: string | undefined };

const HOST = 'SELECT toString(h.host_id) AS host_id, name, kernel, agent_version, toUnixTimestamp64Milli(at) AS last_seen_ms, hooks';

/** Hosts that have ever reported, with their accounts of the range. */
export async function hosts(
  store: Queryable,
  range: Omit<HostRange, 'host_id'>,
  { limit, sort, after, name }: HostsAsked,
  now_ms: number,
): Promise<Hosts> {
  const conditions = [
    ...(after === undefined ? [] : ['(name, h.host_id) > ({after_name:String}, {after_id:UInt64})']),
    ...(name === undefined ? [] : ['name = {name:String}']),
  ];
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const order = sort === 'name' ? 'name, h.host_id' : 'at, h.host_id';
  const sql = `${HOST}\nFROM host AS h FINAL ${where}\nORDER BY ${order}\nLIMIT {limit:UInt32}`;
  const [rows, [count]] = await Promise.all([
    // One more than asked for, to know whether there is a next page.
    store.query<HostRow>(sql, { limit: limit + 1, name, ...(after === undefined ? {} : placeOf(after)) }, limit + 1),
    store.query<{ hosts: number }>('SELECT count() AS hosts FROM host FINAL', {}, 1),
  ]);
  const page = rows.slice(0, limit);
  const last = rows.length > limit && sort === 'name' ? page.at(-1) : undefined;
  const ids = page.map(({ host_id }) => host_id);
  const accounts = await accountsByHost(store, range, ids, now_ms);
  return {
    hosts: page.map((host) => {
      const own = accounts.get(host.host_id) ?? [];
      return { ...host, lag_ms: Math.max(0, now_ms - host.last_seen_ms), completeness: completenessOf(...own), accounts: own };
    }),
    total: count?.hosts ?? 0,
    next: last === undefined ? null : `${last.host_id} ${last.name}`,
  };
}

/** The form of `next`: id and name of the page's last host. */
export const PLACE = /^(\d{1,20}) (.*)$/s;

function placeOf(after: string): { after_id: string; after_name: string } {
  const [, after_id = '0', after_name = ''] = PLACE.exec(after) ?? [];
  return { after_id, after_name };
}

/** Limit of names in one answer. */
const NAMES_PAGE = 10_000;

/** The names of up to `most` hosts, read a page at a time. */
export async function* hostNames(store: Queryable, most: number): AsyncGenerator<Pick<Host, 'host_id' | 'name'>[]> {
  let after = '0';
  for (let given = 0; given < most; given += NAMES_PAGE) {
    const page = await store.query<Pick<Host, 'host_id' | 'name'>>(
      `SELECT toString(h.host_id) AS host_id, name FROM host AS h FINAL WHERE h.host_id > {after:UInt64} ORDER BY h.host_id LIMIT ${NAMES_PAGE}`,
      { after },
      NAMES_PAGE,
    );
    yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < NAMES_PAGE) return;
    after = last.host_id;
  }
}

/** `seen`, `lost`: rows in the range. */
export type TroubledHost = Pick<Host, 'host_id' | 'name' | 'lag_ms'> & { seen: number; lost: number };

/**
 * The number of hosts that have reported since `gone_ms`, and those of them that were silent since `silent_ms` or lost rows in the range.
 */
export async function troubledHosts(
  store: Queryable,
  range: HostRange,
  { gone_ms, silent_ms, limit }: { gone_ms: number; silent_ms: number; limit: number },
  now_ms: number,
): Promise<{ troubled: TroubledHost[]; known: number }> {
  const reporting = 'FROM host FINAL WHERE at >= fromUnixTimestamp64Milli({gone_ms:Int64})';
  const losses = await lossesByHost(store, range, now_ms);
  const [troubled, [count]] = await Promise.all([
    store.query<Omit<TroubledHost, 'lag_ms'> & { last_seen_ms: number }>(
      `SELECT toString(h.host_key) AS host_id, h.name AS name, h.last_seen_ms AS last_seen_ms, a.seen AS seen, a.missing AS lost
FROM (SELECT host_id AS host_key, name, toUnixTimestamp64Milli(at) AS last_seen_ms ${reporting}) AS h
LEFT JOIN ${losses} AS a ON a.host_key = h.host_key
WHERE a.missing > 0 OR h.last_seen_ms < {silent_ms:Int64}
ORDER BY h.name, h.host_key LIMIT {limit:UInt32}`,
      { gone_ms, silent_ms, limit },
      limit,
    ),
    store.query<{ hosts: number }>(`SELECT count() AS hosts ${reporting}`, { gone_ms }, 1),
  ]);
  const lagging = troubled.map(({ last_seen_ms, ...host }) => ({ ...host, lag_ms: Math.max(0, now_ms - last_seen_ms) }));
  return { troubled: lagging, known: count?.hosts ?? 0 };
}
