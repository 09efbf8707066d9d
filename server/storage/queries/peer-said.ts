// What the host at the other end says of a connection that never opened, or lost packets: by the addresses and ports of what it reset and dropped.
import type { Connection } from '../../api.ts';
import type { Queryable } from '../engine.ts';
import { hostName } from '../entities.ts';
import type { Story } from './connection-story.ts';
import { rowsTime } from './window.ts';

/** Clocks of two hosts may differ by so much. */
const APART_MS = 5000;

/**
 * Each host has a loopback of its own: of its addresses only the own host can tell.
 */
const THERE = `local_addr = toIPv6({peer_addr:String}) AND local_port = {peer_port:UInt16}
  AND peer_addr = toIPv6({local_addr:String}) AND peer_port = {local_port:UInt16}
  AND (host_id = {host_id:UInt64} OR NOT ({peer_addr:String} = '::1' OR startsWith({peer_addr:String}, '127.')))`;

const mostOf = (which: string) => `topKIf(1)(reason, ${which})[1]`;

/** Both in one answer: the host with more of them. */
const SAID = (time: string) => `SELECT ${hostName('s.host_key')} AS host, s.resets AS resets, s.reset_reason AS reset_reason,
  s.dropped AS dropped, s.drop_reason AS drop_reason
FROM (
  SELECT host_key, sum(is_reset) AS resets, ${mostOf('is_reset')} AS reset_reason, sum(NOT is_reset) AS dropped, ${mostOf('NOT is_reset')} AS drop_reason
  FROM (
    SELECT host_id AS host_key, true AS is_reset, toString(reason) AS reason FROM reset FINAL WHERE ${time} AND direction = 'sent' AND ${THERE}
    UNION ALL
    SELECT host_id AS host_key, false AS is_reset, toString(reason) AS reason FROM drop FINAL
    WHERE ${time} AND direction = 'received' AND meaning = 'lost' AND ${THERE}
  )
  GROUP BY host_key ORDER BY resets + dropped DESC, host_key LIMIT 1
) AS s`;

type Asked = { host_id: string } & Pick<
  Story,
  'local_addr' | 'local_port' | 'peer_addr' | 'peer_port' | 'from_ms' | 'to_ms' | 'end_reason' | 'total_retrans'
>;

/** Whether something of it was not answered as it should. */
const raisesIt = ({ end_reason, total_retrans }: Asked) =>
  end_reason === 'refused' || end_reason === 'timeout' || end_reason === 'unreachable' || (total_retrans ?? 0) > 0;

/** Null where nobody at the other end reset or dropped anything of it, as far as hosts are watched. */
export async function peerSaid(store: Queryable, asked: Asked): Promise<Connection['peer_said']> {
  if (!raisesIt(asked)) return null;
  const { host_id, local_addr, local_port, peer_addr, peer_port, from_ms, to_ms } = asked;
  const sql = SAID(rowsTime(from_ms - APART_MS, to_ms + APART_MS));
  const [said] = await store.query<NonNullable<Connection['peer_said']>>(sql, { host_id, local_addr, local_port, peer_addr, peer_port }, 1);
  return said ?? null;
}
