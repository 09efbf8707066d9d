// What the other end's host reports of a connection that failed to open or lost packets: resets and drops with its addresses and ports.
import type { Connection } from '../../api.ts';
import type { Queryable } from '../engine.ts';
import { hostName } from '../entities.ts';
import type { Story } from './connection-story.ts';
import { rowsTime } from './window.ts';

/** Allowance for the difference of two hosts' clocks. */
const APART_MS = 5000;

/**
 * Rows of the other end. A loopback address belongs to the own host only.
 */
const THERE = `local_addr = toIPv6({peer_addr:String}) AND local_port = {peer_port:UInt16}
  AND peer_addr = toIPv6({local_addr:String}) AND peer_port = {local_port:UInt16}
  AND (host_id = {host_id:UInt64} OR NOT ({peer_addr:String} = '::1' OR startsWith({peer_addr:String}, '127.')))`;

const mostOf = (which: string) => `topKIf(1)(reason, ${which})[1]`;

/** Resets and drops of one host: the one with most of them. */
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

/** Whether the connection failed to open, or had to send something again. */
const raisesIt = ({ end_reason, total_retrans }: Asked) =>
  end_reason === 'refused' || end_reason === 'timeout' || end_reason === 'unreachable' || (total_retrans ?? 0) > 0;

/** Null if no watched host at the other end reset or dropped anything of the connection. */
export async function peerSaid(store: Queryable, asked: Asked): Promise<Connection['peer_said']> {
  if (!raisesIt(asked)) return null;
  const { host_id, local_addr, local_port, peer_addr, peer_port, from_ms, to_ms } = asked;
  const sql = SAID(rowsTime(from_ms - APART_MS, to_ms + APART_MS));
  const [said] = await store.query<NonNullable<Connection['peer_said']>>(sql, { host_id, local_addr, local_port, peer_addr, peer_port }, 1);
  return said ?? null;
}
