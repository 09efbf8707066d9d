// Why a SYN got no answer: the SYN or its answer was dropped or lost.
import type { Rows } from '../../bpf/rows/rows.gen.ts';
import { type ConnectFinding, type Failed, found, isSyn, placeOf, unknown } from './connect-cause.ts';
import { SYN } from './ends.ts';
import { ACK, type At, isAt, isFrom } from './flows.ts';
import type { Hosts } from './hosts.ts';

const isSynAck = ({ tcp_flags }: { tcp_flags: number }): boolean => (tcp_flags & (SYN | ACK)) === (SYN | ACK);
/** The kernel's reasons for drops at a listener without room. */
const FULL = ['tcp_listen_overflow', 'tcp_overflow', 'tcp_reqqfulldrop'];

export function silenceOf(failed: Failed): ConnectFinding {
  return droppedSyn(failed) ?? answered(failed) ?? unanswered(failed);
}

function droppedSyn({ row, flow, sent, kept }: Failed): ConnectFinding | undefined {
  const drops = flow.drops.filter((drop) => isSyn(drop) && isFrom(drop, row));
  const here = drops.find((drop) => isAt(drop, row) && drop.direction === 'sent');
  if (here) return found('dropped_here', [row, here], placeOf(here));
  if (kept && sent.length === 0) return found('dropped_here', [row, kept]);
  const full = drops.find(({ reason }) => FULL.includes(reason));
  if (full) return found('accept_queue_full', [row, full], placeOf(full));
  const drop = drops.at(-1);
  if (!drop) return undefined;
  return found(drop.direction === 'received' ? 'dropped_at_receiver' : 'dropped_between', [row, drop], placeOf(drop));
}

/** Whether the peer's host answered. */
function answered({ row, flow, peer }: Failed): ConnectFinding | undefined {
  const answer = flow.packets.find((each) => peer && isAt(each, peer) && each.direction === 'sent' && isSynAck(each));
  if (!answer) return undefined;
  const drop = flow.drops.find((each) => isSynAck(each));
  if (drop && isAt(drop, row)) return found('dropped_here', [row, answer, drop], placeOf(drop));
  if (drop) return found('lost_backward', [row, answer, drop], placeOf(drop));
  const came = flow.packets.find((each) => isAt(each, row) && each.direction === 'received' && isSynAck(each));
  return came ? unknown('why its own host did not take the answer', [row, answer, came]) : found('lost_backward', [row, answer]);
}

function unanswered({ row, flow, sent, peer, hosts }: Failed): ConnectFinding {
  if (!peer) return unknown('the peer’s rows', [row, ...sent]);
  const full = fullListener(hosts, row, peer);
  const came = flow.packets.find((each) => isAt(each, peer) && each.direction === 'received' && isSyn(each));
  if (full && (came || !hosts.hasPackets(peer))) return found('accept_queue_full', came ? [row, came, full] : [row, full]);
  if (came) return unknown('why the peer’s host did not answer: its listener’s rows', [row, came]);
  if (hosts.hasPackets(peer) && sent.length > 0) return found('lost_outward', [row, ...sent]);
  return unknown('packet rows of both hosts', [row]);
}

/** The row that says that the listener turned connections away while this connect was tried. */
function fullListener(hosts: Hosts, row: Rows['connection'], peer: At): Rows['listener'] | undefined {
  const began_ns = row.time_ns - BigInt(row.duration_us) * 1000n;
  return hosts
    .fullListeners(peer, row.peer_port)
    .find((each) => each.time_ns >= began_ns - SKEW_NS && each.time_ns - BigInt(each.interval_us) * 1000n <= row.time_ns + SKEW_NS);
}

/** Clocks of two hosts may differ by so much. */
const SKEW_NS = 2_000_000_000n;
