// Why a connect failed: what became of its SYNs and of the answers to them, by the rows of both ends and of hosts between them.
import type { Rows } from '../../bpf/rows/rows.gen.ts';
import { type ConnectFinding, type ConnectVerdict, type Failed, found, isSyn, placeOf, type Row, unknown } from './connect-cause.ts';
import { SYN } from './ends.ts';
import type { Evidence } from './evidence.ts';
import { type At, type Flow, type Flows, isAt, isFrom, RST } from './flows.ts';
import type { Hosts } from './hosts.ts';
import { silenceOf } from './silence.ts';

export function* judgeConnects(evidence: Evidence, flows: Flows, hosts: Hosts): Generator<undefined, ConnectVerdict[]> {
  const failed = evidence.connection.filter(({ event, role }) => event === 'failed' && role === 'client');
  const told: ConnectVerdict[] = [];
  for (const row of failed) {
    told.push(judgeConnect(row, flows, hosts));
    yield;
  }
  const answered = new Set(told.flatMap(({ rests_on }) => rests_on.map(({ kind, host_id, time_ns }) => `${kind} ${host_id} ${time_ns}`)));
  const others = evidence.reset.filter(
    (row) => isRefusal(row) && !hosts.of(row.peer_addr) && !answered.has(`reset ${row.host_id} ${row.time_ns}`),
  );
  return [...told, ...others.map((row) => ({ row, given_up: false, peer_observed: false, ...found('no_listener', [row]) }))];
}

/** Whether a host's own TCP refused a SYN, since no socket was there for it. */
const isRefusal = (row: Rows['reset']): boolean => row.direction === 'sent' && isSyn(row) && !row.has_socket && row.state !== 'time_wait';

function judgeConnect(row: Rows['connection'], flows: Flows, hosts: Hosts): ConnectVerdict {
  const began_ns = row.time_ns - BigInt(row.duration_us) * 1000n;
  const during = <Each extends Row>(rows: readonly Each[]) =>
    rows.filter(({ host_id, time_ns }) => {
      const slack_ns = host_id === row.host_id ? CALL_NS : SKEW_NS;
      return time_ns >= began_ns - slack_ns && time_ns <= row.time_ns + slack_ns;
    });
  const own = during(flows.of(row).packets).filter((each) => isAt(each, row) && isSyn(each) && each.direction === 'sent');
  const isn = own[0]?.seq;
  const all = flows.ofSyn(row, isn);
  const flow = { packets: during(all.packets), drops: during(all.drops), resets: during(all.resets) };
  const peer = peerOf(row, flow, hosts);
  const judged: Failed = { row, flow, isn, sent: own, peer, hosts, kept: flows.keptOf(row) };
  return { row, given_up: row.end_reason === 'abort', peer_observed: peer !== undefined, ...find(judged) };
}

/** The most by which times of one call's rows differ, and clocks of two hosts. */
const CALL_NS = 5_000_000n;
const SKEW_NS = 2_000_000_000n;

/** The namespace that has the peer's address; behind an address translation, the one from which the answer was sent. */
function peerOf(row: Rows['connection'], { packets }: Flow, hosts: Hosts): At | undefined {
  const known = hosts.of(row.peer_addr);
  if (known && (!isAt(known, row) || row.peer_addr === row.local_addr)) return known;
  return packets.find((each) => !isAt(each, row) && each.direction === 'sent' && each.tcp_flags & SYN && hosts.of(each.local_addr));
}

function find(failed: Failed): ConnectFinding {
  const { row, flow } = failed;
  if (row.end_reason === 'no_port') return found('no_port', [row]);
  const came = flow.resets.find((each) => each.direction === 'received' && each.connection_id === row.connection_id && isAt(each, row));
  if (came) return refusedBy(failed, came);
  if (row.end_reason === 'refused') return refusedByIcmp(failed);
  if (row.end_reason === 'unreachable') return unreachable(failed);
  return silenceOf(failed);
}

/** The drop of a SYN on its way in or through: a firewall that refuses a packet drops it, too. */
const refusedDrop = ({ row, flow }: Failed): Rows['drop'] | undefined =>
  flow.drops.find((drop) => isSyn(drop) && isFrom(drop, row) && drop.direction !== 'sent');

function refusedBy(failed: Failed, came: Rows['reset']): ConnectFinding {
  const { row, flow, isn, peer, hosts } = failed;
  const refusal = flow.resets.find((each) => isRefusal(each) && (isn === undefined || each.seq === isn));
  if (refusal) return found('no_listener', [row, came, refusal]);
  const drop = refusedDrop(failed);
  if (drop) return found('rejected', [row, came, drop], placeOf(drop));
  const sent = flow.packets.find((each) => each.direction === 'sent' && each.tcp_flags & RST && !isAt(each, row));
  if (sent) return found('rejected', [row, came, sent], { ...PLACE, host_id: sent.host_id, netns: sent.netns, ifindex: sent.ifindex });
  if (peer && hosts.hasPackets(peer) && !flow.packets.some((each) => isAt(each, peer))) return found('rejected', [row, came]);
  return unknown(peer ? 'packet rows of the peer’s host' : 'the peer’s rows: whether nobody listens there, or a firewall refuses', [
    row,
    came,
  ]);
}

const PLACE = { reason: '', location: '' } as const;

/** No RST came: only a router or a firewall answers a SYN with an ICMP error that refuses. */
function refusedByIcmp(failed: Failed): ConnectFinding {
  const { row, flow, sent } = failed;
  const drop = refusedDrop(failed);
  if (drop) return found('rejected', [row, drop], placeOf(drop));
  const rst = flow.packets.some((each) => isAt(each, row) && each.direction === 'received' && each.tcp_flags & RST);
  if (sent.length > 0 && !rst) return found('rejected', [row, ...sent]);
  return unknown('packet rows: whether a RST or an ICMP error refused it', [row]);
}

function unreachable(failed: Failed): ConnectFinding {
  const { row, flow } = failed;
  const here = flow.drops.find((drop) => isSyn(drop) && isAt(drop, row) && drop.direction === 'sent');
  if (here) return found('dropped_here', [row, here], placeOf(here));
  const drop = refusedDrop(failed);
  if (drop) return found(drop.reason === 'netfilter_drop' ? 'rejected' : 'dropped_between', [row, drop], placeOf(drop));
  return found('unreachable', [row]);
}
