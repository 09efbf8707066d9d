// Who reset a connection, and why: each reset that came, beside what the other end's TCP, its firewall or a host between them sent.
import type { Rows } from '../../bpf/rows/rows.gen.ts';
import type { End } from './ends.ts';
import { type Reference, referTo } from './evidence.ts';
import { type At, type Flow, type Flows, flowKey, isAt, RST } from './flows.ts';
import type { Hosts } from './hosts.ts';
import type { Joined } from './joined.ts';
import { causeOfSent, type ResetCause } from './reset-cause.ts';

export type Sender = 'local' | 'peer' | 'between' | 'not_known';

export type ResetFinding = {
  cause: ResetCause;
  /** which end sent it, as `row` names them */
  sender: Sender;
  /** the namespace that sent it; undefined: not known */
  host: At | undefined;
  /** the process whose socket sent it; empty: not known, or it was no process's doing */
  comm: string;
  missing: string;
  rests_on: Reference[];
};

export type ResetVerdict = ResetFinding & {
  /** the row of the end that it came to; where that is not watched, of the end that sent it */
  row: Rows['reset'];
  peer_observed: boolean;
};

type Known = {
  flows: Flows;
  hosts: Hosts;
  ends: Joined['ends'];
  peers: Joined['peers'];
  closes: Map<string, Rows['connection']>;
};

const idOf = ({ host_id, connection_id }: { host_id: bigint; connection_id: bigint }) => `${host_id} ${connection_id}`;

export function* judgeResets({ evidence, ends, peers }: Joined, flows: Flows, hosts: Hosts): Generator<undefined, ResetVerdict[]> {
  const closes = new Map(evidence.connection.filter(({ event }) => event === 'close').map((row) => [idOf(row), row]));
  const known: Known = { flows, hosts, ends, peers, closes };
  const of_connections = evidence.reset.filter((row) => row.state !== 'syn_sent' && row.state !== 'listen' && !isForSyn(row));
  const came: ResetVerdict[] = [];
  for (const row of of_connections) {
    if (row.direction === 'received') came.push(judgeCame(row, known));
    yield;
  }
  const told = new Set(came.flatMap(({ row, rests_on }) => [flowKey(row), ...rests_on.map(refKey)]));
  const verdicts = [...came];
  for (const row of of_connections) {
    // One verdict a connection: resets after the first answer packets that were still on their way.
    if (row.direction !== 'sent' || told.has(flowKey(row)) || told.has(refKey(row))) continue;
    told.add(flowKey(row));
    verdicts.push(judgeSent(row, known));
    yield;
  }
  return verdicts;
}

const refKey = ({ host_id, time_ns }: { host_id: bigint; time_ns: bigint }) => `${host_id} ${time_ns}`;
const isForSyn = ({ tcp_flags }: Rows['reset']): boolean => (tcp_flags & 2) !== 0;

function judgeSent(row: Rows['reset'], known: Known): ResetVerdict {
  const end = known.ends.get(idOf(row));
  const peer_observed = end !== undefined && known.peers.get(end)?.end !== undefined;
  return { row, peer_observed, ...sentBy(row, known, 'local', [row]) };
}

function sentBy(row: Rows['reset'], { closes, flows }: Known, sender: 'local' | 'peer', rows: readonly Rows['reset'][]): ResetFinding {
  const ended = closes.get(idOf(row)) ?? closeOf(row, flows);
  const cause = causeOfSent(row, ended);
  const missing = cause === 'not_known' ? 'why its kernel sent it: kernels say so since Linux 6.10' : '';
  const rests_on = [...rows, ...(ended ? [ended] : [])].map(referTo);
  return { cause, sender, host: row, comm: row.comm || (ended?.comm ?? ''), missing, rests_on };
}

/** The close row of a socket that is gone. */
function closeOf(row: Rows['reset'], flows: Flows): Rows['connection'] | undefined {
  const is_same = (one: Rows['connection']) => isAt(one, row) && one.local_port === row.local_port && one.time_ns <= row.time_ns;
  return row.connection_id === 0n ? flows.closesOf(row).findLast(is_same) : undefined;
}

function judgeCame(row: Rows['reset'], known: Known): ResetVerdict {
  const end = known.ends.get(idOf(row));
  const peer = end && known.peers.get(end)?.end;
  const flow = mergedFlow(known.flows, row, peer);
  const sent = flow.resets.find((each) => each.direction === 'sent' && !isSame(each, row) && isNear(each, row));
  if (sent) return { row, peer_observed: true, ...sentBy(sent, known, 'peer', [row, sent]) };
  const at = peer ?? known.hosts.of(row.peer_addr);
  return { row, peer_observed: at !== undefined, ...sentByOther(row, flow, at, known) };
}

/** Rows of a connection from both sides of an address translation. */
function mergedFlow(flows: Flows, row: Rows['reset'], peer: End | undefined): Flow {
  const own = flows.of(row);
  if (!peer || flowKey(peer) === flowKey(row)) return own;
  const there = flows.of(peer);
  return {
    packets: [...own.packets, ...there.packets],
    drops: [...own.drops, ...there.drops],
    resets: [...own.resets, ...there.resets],
  };
}

const isSame = (one: Rows['reset'], other: Rows['reset']): boolean =>
  isAt(one, other) && one.local_addr === other.local_addr && one.local_port === other.local_port;

function isNear(one: { host_id: bigint; time_ns: bigint }, other: { host_id: bigint; time_ns: bigint }): boolean {
  const apart_ns = one.time_ns > other.time_ns ? one.time_ns - other.time_ns : other.time_ns - one.time_ns;
  return apart_ns <= SKEW_NS;
}
/** Clocks of two hosts may differ by so much. */
const SKEW_NS = 2_000_000_000n;

/** The other end's TCP did not send it, as far as rows show. */
function sentByOther(row: Rows['reset'], flow: Flow, at: At | undefined, { hosts }: Known): ResetFinding {
  const rests_on = [row];
  const left = flow.packets.find((each) => each.direction === 'sent' && each.tcp_flags & RST && !isAt(each, row) && isNear(each, row));
  const drop = flow.drops.find((each) => isNear(each, row) && !isAt(each, row) && each.reason === 'netfilter_drop');
  if (left) {
    const by_peer = at ? isAt(left, at) : hosts.of(left.local_addr) !== undefined && !hosts.forwards(left);
    return other(by_peer ? 'firewall' : 'device_between', left, [row, left, ...(drop ? [drop] : [])]);
  }
  if (drop) return other(drop.direction === 'unknown' ? 'device_between' : 'firewall', drop, [row, drop]);
  if (at && flow.packets.some((each) => isAt(each, at))) return other('device_between', undefined, rests_on);
  const near = nearer(row, flow);
  if (near) return other('device_between', undefined, [row, ...near]);
  const missing = at ? 'packet rows of the peer’s host: whether its firewall or a device on the way sent it' : 'the peer’s rows';
  return { cause: 'not_known', sender: 'not_known', host: undefined, comm: '', missing, rests_on: rests_on.map(referTo) };
}

function other(
  cause: 'firewall' | 'device_between',
  host: At | undefined,
  rows: readonly (Rows['reset'] | Rows['packet'] | Rows['drop'])[],
): ResetFinding {
  return { cause, sender: cause === 'firewall' ? 'peer' : 'between', host, comm: '', missing: '', rests_on: rows.map(referTo) };
}

/** The reset's packet and another one of the peer, if the reset came over fewer hops (by TTL): then somebody nearer sent it. */
function nearer(row: Rows['reset'], { packets }: Flow): Rows['packet'][] | undefined {
  const came = packets.filter((each) => isAt(each, row) && each.direction === 'received' && each.place === 'device_in');
  const reset = came.findLast((each) => each.tcp_flags & RST && each.time_ns <= row.time_ns);
  const before = came.filter((each) => !(each.tcp_flags & RST));
  const usual = before[0];
  if (!reset || !usual || before.some(({ ttl }) => ttl !== usual.ttl)) return undefined;
  return reset.ttl > usual.ttl && startOf(reset.ttl) === startOf(usual.ttl) ? [reset, usual] : undefined;
}

/** The TTL that the sender began with: 64, 128 or 255. */
const startOf = (ttl: number): number => (ttl <= 64 ? 64 : ttl <= 128 ? 128 : 255);
