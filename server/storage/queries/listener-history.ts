// Facts about listeners from other rows: when nobody listened, and how often clients on watched hosts repeated their SYNs.
import type { Listener } from '../../api.ts';
import type { Queryable } from '../engine.ts';
import { plainAddress } from './address.ts';
import type { Window } from './window.ts';

/** Facts from the listener's own rows. */
export type Told = Omit<Listener, keyof Gone | 'syns_resent'> & { ids: string[] };
type Gone = { gone_us: number; gone_from_ms: number | null };
type Change = readonly [at_ms: number, listens: number, id: string];
type Changes = { host: string; ns: string; addr: string; port: number; changes: Change[] };
type Syns = { host: string; addr: string; port: number; resent: number };
type Owned = { addr: string; hosts: string[] };

const GROUPS_MOST = 5000;
const ADDRESSES_MOST = 10_000;
const ANY = ['0.0.0.0', '::'];

/** Copies of a row become one change. */
const CHANGES = (
  time: string,
) => `SELECT toString(s.host_id) AS host, toString(s.netns) AS ns, toString(s.local_addr) AS addr, s.local_port AS port,
  arraySort(groupUniqArray((toUnixTimestamp64Nano(s.time_ns) / 1e6, toUInt8(s.new_state = 'listen'), toString(s.connection_id)))) AS changes
FROM state_change AS s
WHERE ${time} AND (s.old_state = 'listen' OR s.new_state = 'listen') AND s.local_port IN {ports:Array(UInt16)} AND s.host_id IN {hosts:Array(UInt64)}
GROUP BY host, ns, addr, port LIMIT ${GROUPS_MOST}`;

/** Without the question's filter: one for servers would exclude the rows of clients. */
const SYNS = (
  time: string,
) => `SELECT toString(r.host_id) AS host, toString(r.peer_addr) AS addr, r.peer_port AS port, sum(r.segments) AS resent
FROM retransmit AS r FINAL
WHERE ${time} AND r.class = 'syn' AND r.outcome != 'refused' AND r.peer_port IN {ports:Array(UInt16)}
GROUP BY host, addr, port ORDER BY resent DESC LIMIT ${GROUPS_MOST}`;

const OWNED = (time: string) => `SELECT toString(c.local_addr) AS addr, arrayMap(one -> toString(one), groupUniqArray(c.host_id)) AS hosts
FROM connection AS c WHERE ${time} GROUP BY addr LIMIT ${ADDRESSES_MOST}`;

/**
 * How long none of a listener's sockets was open, from the times at which sockets began and ceased to listen.
 * @param ids sockets that a sweep saw @param changes in the order of time
 */
export function goneOf(ids: readonly string[], changes: readonly Change[], to_ms: number): Gone {
  const begun = new Set<string>();
  // A socket was open when the range began, unless its first change in the range is that it began to listen.
  const open = new Set(ids);
  for (const [, listens, id] of changes) {
    if (listens) begun.add(id);
    else if (!begun.has(id)) open.add(id);
  }
  for (const id of begun) open.delete(id);
  let gone_us = 0;
  let gone_from_ms: number | null = null;
  for (const [index, [at_ms, listens, id]] of changes.entries()) {
    if (listens) open.add(id);
    else open.delete(id);
    if (listens || open.size > 0) continue;
    gone_from_ms = Math.floor(at_ms);
    gone_us += Math.round(((changes[index + 1]?.[0] ?? to_ms) - at_ms) * 1000);
  }
  return { gone_us, gone_from_ms };
}

/** Whether SYNs to this address were for this listener. A loopback address is that of the client's own host. */
function isMeant(one: Omit<Told, 'ids'>, { host, addr, port }: Syns, owners: ReadonlyMap<string, string[]>): boolean {
  const asked = plainAddress(addr);
  const hosts = owners.get(asked) ?? [];
  if (port !== one.port || !(one.local_addr === asked || (ANY.includes(one.local_addr) && hosts.includes(one.host_id)))) return false;
  return host === one.host_id || (hosts.length === 1 && hosts[0] === one.host_id);
}

/** Listeners of an answer that was asked without history. */
export const withoutHistory = ({ ids: _, ...one }: Told): Listener => ({ ...one, gone_us: null, gone_from_ms: null, syns_resent: null });

export async function withHistory(store: Queryable, window: Window, found: readonly Told[]): Promise<Listener[]> {
  if (found.length === 0) return [];
  const params = {
    ports: [...new Set(found.map(({ port }) => port))],
    hosts: [...new Set(found.map(({ host_id }) => host_id))].map(BigInt),
  };
  const [changes, syns] = await Promise.all([
    store.query<Changes>(CHANGES(window.time), params, GROUPS_MOST),
    store.query<Syns>(SYNS(window.time), params, GROUPS_MOST),
  ]);
  const owned = syns.length === 0 ? [] : await store.query<Owned>(OWNED(window.time), {}, ADDRESSES_MOST);
  const owners = new Map(owned.map(({ addr, hosts }) => [plainAddress(addr), hosts]));
  const keyOf = (host: string, ns: string, addr: string, port: number) => `${host} ${ns} ${plainAddress(addr)} ${port}`;
  const byKey = new Map(changes.map((each) => [keyOf(each.host, each.ns, each.addr, each.port), each.changes]));
  return found.map(({ ids, ...one }) => ({
    ...one,
    ...goneOf(ids, byKey.get(keyOf(one.host_id, one.netns, one.local_addr, one.port)) ?? [], window.to_ms),
    syns_resent: syns.reduce((sum, each) => sum + (isMeant(one, each, owners) ? each.resent : 0), 0),
  }));
}
