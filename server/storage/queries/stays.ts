// In which states connections were, and from when to when, from the rows that tell of it: opens, ends, and what sweeps have seen.
import { STATE } from '../../../bpf/rows/rows.gen.ts';
import { SERVICE_PORT } from '../figures.ts';
import { type Window, whereOf } from './window.ts';

/** The kinds that it is made of. */
export const STAYS_OF = ['connection', 'sample'] as const;

const numberOf = (state: (typeof STATE)[number]) => String(STATE.indexOf(state));
export const STILL = 0;

/**
 * That a connection was in a state, as (since when in ms, rank, state). The rank puts those of the same millisecond in order: a handshake
 * comes first, the end last.
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
/** An end tells when its connection began, too: it was established, or asked for. */
const BORN = look(BORN_MS, numberOf('established'));
const ASKED = look(BORN_MS, `if(role = 'server', ${numberOf('syn_recv')}, ${numberOf('syn_sent')})`);
const SAMPLED = look(`if(state_us > 0, ${AT_MS} - intDiv(toInt64(state_us), 1000), ${AT_MS})`, IN_STATE);

/** What rows of each kind say. */
const LOOKS = {
  connection: `multiIf(event = 'open', [${OPENED}], event = 'close', [${BORN}, ${CLOSED}], [${ASKED}, ${CLOSED}]) AS looks, toInt64(0) AS moved_ms`,
  sample: `[${SAMPLED}] AS looks, ${AT_MS} - intDiv(toInt64(idle_us), 1000) AS moved_ms`,
} as const;

/** The last thing that a row says of the time before `before_ms`, where it says anything of it. */
export const LAST_LOOK = {
  connection: (before_ms: string) =>
    `multiIf(event = 'open', ${OPENED}, ${AT_MS} < ${before_ms}, ${CLOSED}, event = 'close', ${BORN}, ${ASKED})`,
  sample: () => SAMPLED,
} as const;

/**
 * A SELECT of host_key, connection_key, owner (name, cgroup), side (role, service port), moved_ms (0 unknown), unread_now and `stay`: the
 * state's number, from when to when it was in it, ms; the latter is STILL where no row tells that it left. Samples of established
 * connections are not read, for they are many: opens and ends tell enough of these.
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
