// The stays of connections in states, with begin and end. They follow from opens, ends and samples.
import { STATE } from '../../../bpf/rows/rows.gen.ts';
import { SERVICE_PORT } from '../figures.ts';
import { type Window, whereOf } from './window.ts';

/** The kinds of rows that say something of states. */
export const STAYS_OF = ['connection', 'sample'] as const;

const numberOf = (state: (typeof STATE)[number]) => String(STATE.indexOf(state));
export const STILL = 0;

/**
 * A statement that a connection was in a state, as (since when in ms, rank, state). The rank orders statements of the same millisecond:
 * states of the handshake come first, the end last.
 */
function look(begin_ms: string, state: string): string {
  const rank = `multiIf(${state} = ${numberOf('close')}, 2, ${state} IN (${numberOf('syn_sent')}, ${numberOf('syn_recv')}), 0, 1)`;
  return `(toInt64(${begin_ms}), toInt8(${rank}), toInt8(${state}))`;
}

const AT_MS = 'toUnixTimestamp64Milli(time_ns)';
const BORN_MS = `${AT_MS} - intDiv(toInt64(duration_us), 1000)`;
const IN_STATE = "CAST(state, 'Int8')";

const OPENED = look(`if(state = 'established', ${BORN_MS}, ${AT_MS})`, IN_STATE);
const CLOSED = look(AT_MS, numberOf('close'));
/** The row of an end also says when the connection began: established, or with its SYN. */
const BORN = look(BORN_MS, numberOf('established'));
const ASKED = look(BORN_MS, `if(role = 'server', ${numberOf('syn_recv')}, ${numberOf('syn_sent')})`);
const SAMPLED = look(`if(state_us > 0, ${AT_MS} - intDiv(toInt64(state_us), 1000), ${AT_MS})`, IN_STATE);

/** The statements of rows of each kind. */
const LOOKS = {
  connection: `multiIf(event = 'open', [${OPENED}], event = 'close', [${BORN}, ${CLOSED}], [${ASKED}, ${CLOSED}]) AS looks, toInt64(0) AS moved_ms`,
  sample: `[${SAMPLED}] AS looks, ${AT_MS} - intDiv(toInt64(idle_us), 1000) AS moved_ms`,
} as const;

/** The last state that a row states for the time before `before_ms`. */
export const LAST_LOOK = {
  connection: (before_ms: string) =>
    `multiIf(event = 'open', ${OPENED}, ${AT_MS} < ${before_ms}, ${CLOSED}, event = 'close', ${BORN}, ${ASKED})`,
  sample: () => SAMPLED,
} as const;

/**
 * A SELECT of host_key, connection_key, owner (name, cgroup), side (role, service port), moved_ms (0: unknown), unread_now and `stay`:
 * (number of the state, begin, end) in ms; the end is STILL if no row says that the state was left. Samples of established connections are
 * not read, as they are many and opens and ends say enough.
 */
export function staysSql(window: Window): string {
  const rows = STAYS_OF.map((kind) => {
    const where = `${whereOf(window, kind)}${kind === 'sample' ? " AND sample.state != 'established'" : ''}`;
    return `SELECT host_id, connection_id, time_ns, comm, cgroup_id, role, ${SERVICE_PORT} AS service, unread, ${LOOKS[kind]} FROM ${kind} WHERE ${where}`;
  });
  const grouped = `SELECT host_id AS host_key, connection_id AS connection_key, argMaxIf((comm, cgroup_id), time_ns, comm != '') AS owner,
    argMax((role, service), time_ns) AS side, max(moved_ms) AS moved, argMax(unread, time_ns) AS unread_now,
    arraySort(groupUniqArrayArray(looks)) AS seen,
    arrayFilter((one, before) -> one.3 != before.3, seen, arrayPushFront(arrayPopBack(seen), (toInt64(0), toInt8(0), toInt8(-1)))) AS changes
  FROM (${rows.join('\nUNION ALL ')})
  GROUP BY host_key, connection_key`;
  const stays = `arrayMap((one, next) -> (one.3, one.1, next.1), changes, arrayPushBack(arrayPopFront(changes), (toInt64(${STILL}), toInt8(0), toInt8(0))))`;
  return `SELECT host_key, connection_key, owner, side, moved AS moved_ms, unread_now, arrayJoin(${stays}) AS stay FROM (${grouped})`;
}
