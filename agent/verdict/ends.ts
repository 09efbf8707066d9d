// The two ends of each connection, from rows: which sockets there were, and which two of them talk to each other.
import type { Rows } from '../../bpf/rows/rows.gen.ts';
import { type Endpoints, type Evidence, endpointsKey } from './evidence.ts';

/** A socket that rows tell of. */
export type End = Endpoints & {
  connection_id: bigint;
  /** initial sequence numbers; undefined: not known */
  snd_isn: number | undefined;
  rcv_isn: number | undefined;
  /** first and last row, wall clock of its host */
  first_ns: bigint;
  last_ns: bigint;
};

/** How it is known that two sockets are one connection, from the surest to the weakest. */
export const JOINED_BY = [
  'isn', // both have the other's initial sequence number
  'packets', // packets of both are the same but for the names that a translation of addresses gives them
  'tuple', // they name each other, at the same time
] as const;
export type JoinedBy = (typeof JOINED_BY)[number];

/** Why a socket's other end is not known: no row is of it, or several sockets fit. */
export const DOUBTS = ['unobserved', 'several'] as const;
export type Doubt = (typeof DOUBTS)[number];

export type Peer = { end: End; joined_by: JoinedBy } | { end: undefined; doubt: Doubt };

type Told = Rows['connection' | 'progress' | 'sample' | 'reset' | 'retransmit' | 'packet'];

/** Both clocks may differ by so much where sockets are joined by their names and times alone. */
const SKEW_NS_MAX = 2_000_000_000n;

const idOf = ({ host_id, connection_id }: { host_id: bigint; connection_id: bigint }) => `${host_id} ${connection_id}`;

/** Every socket of the rows, by host and cookie. */
export function endsOf(evidence: Evidence): Map<string, End> {
  const ends = new Map<string, End>();
  for (const row of evidence.connection) meet(ends, row, row.snd_isn, row.rcv_isn);
  for (const row of evidence.progress) meet(ends, row, row.snd_isn, row.rcv_isn);
  for (const row of evidence.sample) meet(ends, row, 0, 0);
  // A segment that a listener refuses belongs to no connection.
  for (const row of evidence.reset) if (row.connection_id !== 0n && row.state !== 'listen') meet(ends, row, 0, 0);
  // A SYN-ACK that is sent again has its listener's cookie.
  for (const row of evidence.retransmit) if (row.class !== 'syn_ack') meet(ends, row, 0, 0);
  for (const row of evidence.packet) if (row.direction === 'sent') meet(ends, row, row.tcp_flags & SYN ? row.seq : 0, 0);
  return ends;
}

export const SYN = 2;
export const FIN = 1;

function meet(ends: Map<string, End>, row: Told, snd_isn: number, rcv_isn: number): void {
  if (row.connection_id === 0n || row.state === 'listen') return;
  const known = ends.get(idOf(row));
  if (!known) {
    const { host_id, connection_id, netns, local_addr, local_port, peer_addr, peer_port, time_ns } = row;
    const names = { host_id, connection_id, netns, local_addr, local_port, peer_addr, peer_port };
    ends.set(idOf(row), { ...names, snd_isn: snd_isn || undefined, rcv_isn: rcv_isn || undefined, first_ns: time_ns, last_ns: time_ns });
    return;
  }
  known.snd_isn ??= snd_isn || undefined;
  known.rcv_isn ??= rcv_isn || undefined;
  if (row.time_ns < known.first_ns) known.first_ns = row.time_ns;
  if (row.time_ns > known.last_ns) known.last_ns = row.time_ns;
}

const isnKey = (snd: number | undefined, rcv: number | undefined): string => `${snd} ${rcv}`;
const tupleKey = (addr: string, port: number, peer_addr: string, peer_port: number): string => `${addr} ${port} ${peer_addr} ${peer_port}`;

/**
 * Finds the peer of every end. An end that fits several is joined with none of them. `groupOf` returns the same text for ends whose packets
 * are the same, under whatever names.
 */
export function joinEnds(ends: Iterable<End>, groupOf: (end: End) => string | undefined): Map<End, Peer> {
  const all = [...ends];
  const candidates = new Candidates(all, groupOf);
  return new Map(all.map((end) => [end, candidates.peerOf(end)]));
}

/** All ends, by each property that two ends of one connection share. */
class Candidates {
  readonly #by_isn: Map<string, End[]>;
  readonly #by_tuple: Map<string, End[]>;
  readonly #by_packets: Map<string | undefined, End[]>;
  readonly #groupOf: (end: End) => string | undefined;

  constructor(all: readonly End[], groupOf: (end: End) => string | undefined) {
    this.#by_isn = Map.groupBy(all.filter(hasIsns), (end) => isnKey(end.snd_isn, end.rcv_isn));
    this.#by_tuple = Map.groupBy(all, (end) => tupleKey(end.local_addr, end.local_port, end.peer_addr, end.peer_port));
    this.#by_packets = Map.groupBy(all, groupOf);
    this.#groupOf = groupOf;
  }

  peerOf(end: End): Peer {
    return (
      joined(this.#mirrored(end), 'isn') ??
      joined(this.#carrying(end), 'packets') ??
      joined(this.#named(end), 'tuple') ?? { end: undefined, doubt: 'unobserved' }
    );
  }

  #mirrored(end: End): End[] {
    const found = hasIsns(end) ? this.#by_isn.get(isnKey(end.rcv_isn, end.snd_isn)) : undefined;
    return (found ?? []).filter((other) => other !== end);
  }

  #carrying(end: End): End[] {
    const group = this.#groupOf(end);
    const found = group === undefined ? undefined : this.#by_packets.get(group);
    return (found ?? []).filter((other) => isOther(end, other) && !isSame(end, other));
  }

  #named(end: End): End[] {
    const found = this.#by_tuple.get(tupleKey(end.peer_addr, end.peer_port, end.local_addr, end.local_port));
    return (found ?? []).filter((other) => isOther(end, other));
  }
}

const isOther = (end: End, other: End): boolean => other !== end && agree(end, other) && overlap(end, other);

const hasIsns = ({ snd_isn, rcv_isn }: End): boolean => snd_isn !== undefined && rcv_isn !== undefined;

function joined(found: End[], joined_by: JoinedBy): Peer | undefined {
  const [end, ...others] = found;
  if (!end) return undefined;
  return others.length > 0 ? { end: undefined, doubt: 'several' } : { end, joined_by };
}

/** Whether both have the same addresses and ports: then they are one side of two connections, one after the other. */
const isSame = (end: End, other: End): boolean => endpointsKey(end) === endpointsKey(other);

/** Whether the initial sequence numbers that both ends know are the same. If not, the ends are of two connections, as at a proxy. */
function agree(end: End, other: End): boolean {
  const same = (a: number | undefined, b: number | undefined) => a === undefined || b === undefined || a === b;
  return same(end.snd_isn, other.rcv_isn) && same(end.rcv_isn, other.snd_isn);
}

function overlap(end: End, other: End): boolean {
  return end.first_ns <= other.last_ns + SKEW_NS_MAX && other.first_ns <= end.last_ns + SKEW_NS_MAX;
}

/** The end's addresses and ports as packets in its namespace have them. */
export const keyOf = (end: End): string => endpointsKey(end);
