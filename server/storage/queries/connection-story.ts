// Builds the story of a connection from its rows: its owner, begin and end, states, figures, and why it ended.
import type { Connection, Retransmit } from '../../api.ts';
import { plainAddress } from './address.ts';
import { accountOf, columnsOf, waitsOf } from './connection-account.ts';
import type { Around, Chapters, Event, Head, Names, Transition } from './connection-chapters.ts';

export type Story = Omit<Connection, 'host_id' | 'connection_id' | 'other_end' | 'peer_said' | keyof Names | keyof Around> & {
  cgroup_id: string;
};

/** The story; undefined if there is no row. */
export function storyOf(chapters: Chapters): Story | undefined {
  const { events, transitions, samples, retransmits, resets, drops, congestion } = chapters;
  const byTime = (a: Head, b: Head) => a.time_ms - b.time_ms;
  const told = [...events, ...transitions, ...samples].sort(byTime);
  const heads = [...told, ...retransmits.map(headOf)].sort(byTime);
  const first = heads[0];
  const last = heads.at(-1);
  if (!first || !last) return undefined;
  const open = events.find(({ event, tells_open, preexisting }) => (event === 'open' || tells_open) && !preexisting);
  const end = events.findLast(({ event }) => event !== 'open');
  // The owner may be known only in later rows, and may be missing in the last ones, when the socket was closing.
  const { netns, cgroup_id, pid, comm, owner, role, local_addr, local_port, peer_addr, peer_port } =
    ownerOf(told) ?? ownerOf(heads) ?? last;
  return {
    netns,
    cgroup_id,
    pid,
    comm,
    owner,
    role,
    local_addr: plainAddress(local_addr),
    local_port,
    peer_addr: plainAddress(peer_addr),
    peer_port,
    from_ms: Math.floor(first.time_ms),
    to_ms: Math.ceil(last.time_ms),
    opened_ms: open ? Math.floor(openedAt(open)) : null,
    closed_ms: end ? Math.floor(end.time_ms) : null,
    state: end ? 'close' : (transitions.at(-1)?.new_state ?? last.state),
    end_reason: end?.end_reason ?? 'none',
    sk_err: end?.sk_err ?? 0,
    connect_us: events.find(({ connect_us }) => connect_us > 0)?.connect_us ?? null,
    ...accountOf(chapters, end),
    ...waitsOf(samples, end),
    states: statesOf(heads, transitions, end !== undefined),
    samples: columnsOf(samples),
    retransmits: [...retransmits],
    resets,
    drops,
    congestion,
  };
}

/** The time of the opening. The row may be that of a sweep or of the end, so it has the time since the handshake. */
function openedAt({ time_ms, duration_us, syn_sent_us, syn_recv_us }: Event): number {
  return time_ms - Math.max(0, duration_us - syn_sent_us - syn_recv_us) / 1000;
}

const ownerOf = (heads: readonly Head[]) => heads.findLast(({ owner }) => owner !== 'unknown');

function headOf({ time_ns, ...row }: Retransmit): Head {
  return { ...row, time_ms: Number(time_ns) / 1e6, cgroup_id: '0' };
}

/** One entry for each stay in a state. Without rows of transitions, it is the state in the connection's rows, from the first row on. */
function statesOf(heads: readonly Head[], transitions: readonly Transition[], ended: boolean): Connection['states'] {
  const first = transitions[0];
  if (!first) {
    const seen = heads[0];
    const last = heads.at(-1);
    if (!seen || !last) return [];
    return [{ state: seen.state, from_ms: seen.time_ms, to_ms: ended ? last.time_ms : null }];
  }
  const before =
    first.duration_us > 0 ? [{ state: first.old_state, from_ms: first.time_ms - first.duration_us / 1000, to_ms: first.time_ms }] : [];
  const stays = transitions.map(({ new_state, time_ms }, at) => ({
    state: new_state,
    from_ms: time_ms,
    to_ms: transitions[at + 1]?.time_ms ?? null,
  }));
  // A transition to `close` ends the last stay and begins none.
  return [...before, ...stays.filter(({ state }) => state !== 'close')];
}
