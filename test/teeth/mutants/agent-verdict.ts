// Why connects fail, who resets connections, and what makes them slow.
import { type Mutant, mutantsOf, unit } from '../mutant.ts';

const connects = unit('agent/verdict/connects');
const resets = unit('agent/verdict/resets');
const slow = unit('agent/verdict/slow');
const claims = unit('agent/verdict/claims');
const ends = unit('agent/verdict/ends');
const sizes = unit('agent/verdict/sizes');

export const agentVerdict: readonly Mutant[] = [
  ...mutantsOf('agent/verdict/segments.ts', [
    {
      why: 'a row has as many segments as it says',
      find: 'Math.min(SEGMENTS_MAX, Math.max(1, row.segments))',
      replace: 'Math.max(1, row.segments)',
      suite: unit('agent/verdict/segments'),
    },
    {
      why: 'a packet that is sent again is cut into equal segments',
      find: 'const each = row.mss || Math.ceil(length / count);',
      replace: 'const each = Math.ceil(length / count);',
      suite: unit('agent/verdict/segments'),
    },
    {
      why: 'a packet at a device has equal segments',
      find: 'mss || Math.ceil(length / segments)',
      replace: 'Math.ceil(length / segments)',
      suite: unit('agent/verdict/segments'),
    },
  ]),
  ...mutantsOf('agent/exports/comments.ts', [
    {
      why: 'a packet has the verdict on another one of its connection',
      find: '`${host_id} ${connection_id} ${time_ns} ${seq}`',
      replace: '`${host_id} ${connection_id}`',
      suite: unit('agent/exports/comments'),
    },
  ]),
  ...mutantsOf('agent/verdict/judge.ts', [
    {
      why: 'what was dropped when it came late was sent again for the drop',
      find: 'arrival.dropped === undefined || isLate(arrival)',
      replace: 'arrival.dropped === undefined',
      suite: unit('agent/verdict/verdicts.property', 'many come late'),
    },
    {
      why: 'a late one that never met its socket was dropped',
      find: '(isLate(first) || !neverMet(way.receiver, segment, first))',
      replace: '!neverMet(way.receiver, segment, first)',
      suite: unit('agent/verdict/verdicts.property', 'many come late'),
    },
    {
      why: 'what came before this host dropped it again does not count',
      find: 'if (here && !way.receiver && earlier.some(hasLeft))',
      replace: 'if (here && !way.receiver && earlier.length < 0)',
      suite: unit('agent/verdict/verdicts.property', 'the sender drops what it sends again'),
    },
  ]),
  ...mutantsOf('agent/verdict/alike.ts', [
    { why: 'a scanner’s SYNs are alike', find: '(tcp_flags & (SYN | RST | ACK)) === ACK', replace: 'tcp_flags !== 0', suite: ends },
    { why: 'what is acknowledged says nothing', find: '`${seq} ${ack} ', replace: '`${seq} ${0} ', suite: ends },
    { why: 'names are of all hosts', find: '`${atKey(row)} ${flowKey(row)}`', replace: 'flowKey(row)', suite: ends },
  ]),
  ...mutantsOf('agent/verdict/ends.ts', [
    {
      why: 'a socket is its own successor’s other end',
      find: 'isOther(end, other) && !isSame(end, other)',
      replace: 'isOther(end, other)',
      suite: ends,
    },
  ]),
  ...mutantsOf('agent/verdict/sizes.ts', [
    { why: 'a path that takes nothing any more takes small ones', find: ' || later.length < CAME_LEAST', replace: '', suite: sizes },
    { why: 'what comes once the path has changed counts', find: '.filter(({ at_ns }) => at_ns < until_ns)', replace: '', suite: sizes },
    { why: 'as large as what came is too large', find: 'bytes > largest_bytes &&', replace: 'bytes >= largest_bytes &&', suite: sizes },
    {
      why: 'a host that is gone has a path of small packets',
      find: '${end.host_id} ${end.peer_addr}',
      replace: '${end.host_id}',
      suite: sizes,
    },
    { why: 'small ones that are lost do not count', find: 'lost.length - large.length >', replace: '-1 >', suite: sizes },
  ]),
  ...mutantsOf('agent/verdict/beginnings.ts', [
    {
      why: 'new data that leaves is what was sent again',
      find: 'near.filter((packet) => !isNew(packet, own))',
      replace: 'near',
      suite: unit('agent/verdict/beginnings'),
    },
    {
      why: 'the first that may be is it',
      find: 'first[1] > (second?.[1] ?? 0)',
      replace: 'first[1] > 0',
      suite: unit('agent/verdict/beginnings'),
    },
  ]),
  ...mutantsOf('agent/verdict/alone.ts', [
    {
      why: 'of a packet that was not needed only the first segment had arrived',
      find: '({ row }: Segment): boolean => row.head_of_queue',
      replace: '({ part, row }: Segment): boolean => part === 0 && row.head_of_queue',
      suite: unit('agent/verdict/alone'),
    },
    {
      why: 'a later packet that has the byte in its middle brings nothing',
      find: 'hasLeft(one) && one.at_ns > attempt.at_ns',
      replace: 'hasLeft(one) && one.at_ns < 0',
      suite: unit('agent/verdict/alone'),
    },
    {
      why: 'what was dropped here is to come',
      find: 'reports >= leftAgain(times)',
      replace: 'reports >= times.attempts.length',
      suite: unit('agent/verdict/verdicts.property', 'nothing is lost on the way'),
    },
  ]),
  ...mutantsOf('agent/verdict/connects.ts', [
    { why: 'rows of connects before count', find: 'time_ns >= began_ns - slack_ns &&', replace: '', suite: connects },
    { why: 'a client that nobody watches is forgotten', find: '...others.map(', replace: '...others.slice(0, 0).map(', suite: connects },
    { why: 'an ICMP error is claimed without packets', find: 'if (sent.length > 0 && !rst)', replace: 'if (!rst)', suite: connects },
    {
      why: 'a device on the way is blamed without packets of the peer',
      find: 'if (peer && hosts.hasPackets(peer) && !',
      replace: 'if (peer && !',
      suite: connects,
    },
    {
      why: 'a prohibited connect is a dropped one',
      find: "drop.reason === 'netfilter_drop' ? 'rejected'",
      replace: "drop.reason === '' ? 'rejected'",
      suite: connects,
    },
  ]),
  ...mutantsOf('agent/verdict/silence.ts', [
    {
      why: 'what no packet row shows is lost',
      find: 'if (hosts.hasPackets(peer) && sent.length > 0)',
      replace: 'if (sent.length > 0)',
      suite: connects,
    },
    {
      why: 'an answer that was sent does not count',
      find: 'if (!answer) return undefined;',
      replace: 'return undefined;',
      suite: connects,
    },
    {
      why: 'a drop on the way is the receiver’s',
      find: "drop.direction === 'received' ? 'dropped_at_receiver'",
      replace: "drop.direction !== 'sent' ? 'dropped_at_receiver'",
      suite: connects,
    },
  ]),
  ...mutantsOf('agent/verdict/hosts.ts', [
    { why: 'a full listener is that of any port', find: '${atKey(row)} ${row.local_port}', replace: '${atKey(row)} 80', suite: connects },
    { why: 'a SYN-ACK says nothing of whose an address is', find: "|| state === 'new_syn_recv'", replace: '', suite: connects },
  ]),
  ...mutantsOf('agent/verdict/flows.ts', [
    { why: 'behind a translation nothing is found', find: 'isn === undefined ? []', replace: 'isn !== undefined ? []', suite: connects },
  ]),
  ...mutantsOf('agent/verdict/reset-cause.ts', [
    {
      why: 'linger is told by the kernel’s name alone',
      find: 'if (row.has_socket && row.linger_zero)',
      replace: 'if (row.reason === "linger")',
      suite: resets,
    },
    { why: 'who closed first does not matter', find: "ended?.end_reason === 'fin_local' &&", replace: 'ended &&', suite: resets },
    { why: 'what is unread says nothing', find: 'row.unread > 0 &&', replace: 'row.unread < 0 &&', suite: resets },
  ]),
  ...mutantsOf('agent/verdict/resets.ts', [
    { why: 'each reset is one of its own', find: 'told.has(flowKey(row)) ||', replace: '', suite: resets },
    {
      why: 'a device is blamed without packets of the peer',
      find: 'if (at && flow.packets.some((each) => isAt(each, at)))',
      replace: 'if (at)',
      suite: resets,
    },
    { why: 'as many hops are fewer', find: 'reset.ttl > usual.ttl', replace: 'reset.ttl >= usual.ttl', suite: resets },
    { why: 'another beginning is fewer hops', find: '&& startOf(reset.ttl) === startOf(usual.ttl)', replace: '', suite: resets },
  ]),
  ...mutantsOf('agent/verdict/sending.ts', [
    {
      why: 'what was unread says nothing',
      find: "if (unread && unread.us >= MOST * us) return 'receiver_application';",
      replace: '',
      suite: slow,
    },
    {
      why: 'a window behind a hole is an application’s',
      find: "if (side.repair_us >= REPAIR_SHARE * side.account.total_us) return 'loss';",
      replace: '',
      suite: slow,
    },
    { why: 'a round trip of each answer is busy twice', find: 'Math.min(network_us, waits *', replace: 'Math.min(0, waits *', suite: slow },
  ]),
  ...mutantsOf('agent/verdict/answers.ts', [
    { why: 'few answers are enough to blame the peer', find: 'const ANSWERS_LEAST = 4;', replace: 'const ANSWERS_LEAST = 2;', suite: slow },
    {
      why: 'the longest answers are the peer’s',
      find: 'Math.floor(pauses.answers.length / ANSWERS_LEAST)',
      replace: 'pauses.answers.length - 1',
      suite: slow,
    },
    { why: 'what was lost is the path’s', find: 'if (lost.length > 0)', replace: 'if (lost.length < 0)', suite: slow },
  ]),
  ...mutantsOf('agent/verdict/held-back.ts', [
    { why: 'what waits to be sent is nothing', find: '|| heard.row.notsent > 0', replace: '', suite: slow },
    { why: 'who was woken had nothing to send', find: 'pause_us * WOKEN_SHARE)) us', replace: '0) - WOKEN_US) us', suite: slow },
    {
      why: 'what is sent again is new',
      find: 'highest !== undefined && ahead(end, highest) <= 0',
      replace: 'highest === end && row.length < 0',
      suite: slow,
    },
  ]),
  ...mutantsOf('agent/verdict/account.ts', [
    { why: 'a connect that is under way is a connection', find: "state !== 'syn_sent'", replace: "state !== 'close'", suite: slow },
  ]),
  ...mutantsOf('agent/verdict/limits.ts', [
    {
      why: 'the network has all that is busy',
      find: 'network_us: busy_us - receiver_us - sender_us - host_us',
      replace: 'network_us: busy_us',
      suite: slow,
    },
  ]),
  ...mutantsOf('agent/verdict/claims.ts', [
    { why: 'next to nothing is a claim', find: 'us < of_us * SHARE_LEAST', replace: 'us < 0', suite: claims },
    {
      why: 'networks are one',
      find: 'const networks = Map.groupBy(verdicts, networkOf);',
      replace: "const networks = Map.groupBy(verdicts, () => '');",
      suite: claims,
    },
  ]),
  ...mutantsOf('agent/verdict/claim-words.ts', [
    {
      why: 'a process is blamed for what its kernel did',
      find: "comm !== '' && BY_APPLICATION.has(cause)",
      replace: "comm !== ''",
      suite: claims,
    },
  ]),
];
