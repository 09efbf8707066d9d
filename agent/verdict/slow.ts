// What limited each connection, and for how much of its time.
import { answerParts } from './answers.ts';
import type { Joined } from './joined.ts';
import { sendingParts } from './sending.ts';
import { type Side, type Talk, talksOf } from './sides.ts';
import { type Part, part, rowsOf, type SlowVerdict } from './slow-cause.ts';

/** Shorter connections get no verdict. */
const TOTAL_US_LEAST = 50_000;

export function* judgeSlow(joined: Joined): Generator<undefined, SlowVerdict[]> {
  const verdicts: SlowVerdict[] = [];
  for (const talk of talksOf(joined)) {
    const verdict = talk && judgeTalk(talk);
    if (verdict) verdicts.push(verdict);
    yield;
  }
  return verdicts;
}

function judgeTalk(talk: Talk): SlowVerdict | undefined {
  const { client, server } = talk;
  const told = client ?? server;
  if (!told) return undefined;
  const total_us = Math.max(client?.account.total_us ?? 0, server?.account.total_us ?? 0);
  if (total_us < TOTAL_US_LEAST) return undefined;
  const all = [handshakeOf(talk), ...answerParts(talk), ...streamParts(talk), ...thinkParts(talk)];
  const known_us = all.reduce((sum, { us }) => sum + us, 0);
  const scale = known_us > total_us ? total_us / known_us : 1;
  const rest = restOf(talk, Math.max(0, total_us - known_us));
  const parts = joined([...all.map((one) => ({ ...one, us: one.us * scale })), rest]);
  const { comm } = told.account.rows[0] ?? { comm: '' };
  return { end: told.end, comm, peer_observed: client !== undefined && server !== undefined, total_us, parts };
}

function handshakeOf({ client, server }: Talk): Part {
  const side = client?.account.connect_us ? client : server;
  return part('handshake', side?.account.connect_us ?? 0, undefined, rowsOf(side?.account));
}

/** The time in which one side goes on sending. */
function streamParts({ client, server }: Talk): Part[] {
  const waits = client?.pauses?.answers.length ?? client?.account.turns ?? server?.account.turns ?? 0;
  const of = (side: Side | undefined, receiver: Side | undefined, seen_us: number | undefined): Part[] => {
    if (side) return sendingParts(side, receiver, side.pauses?.own_us ?? onlyWay(side, receiver), waits);
    if (!receiver || !seen_us) return [];
    return [part('not_known', seen_us, undefined, rowsOf(receiver.account), 'the sender’s rows')];
  };
  return [...of(client, server, server?.pauses?.peer_us), ...of(server, client, client?.pauses?.peer_us)];
}

/** Without packet rows: a side that only sends, and gets no answers, is to send all the time. */
function onlyWay({ account }: Side, receiver: Side | undefined): number | undefined {
  const is_only =
    account.turns === 0 && account.bytes_sent > 0 && account.bytes_received === 0 && (receiver?.account.bytes_sent ?? 0) === 0;
  return is_only ? account.total_us - account.connect_us : undefined;
}

/** The time from an answer until the client asks again. */
function thinkParts({ client, server }: Talk): Part[] {
  if (client) return [part('sender_application', client.pauses?.ask_us ?? 0, client.end, rowsOf(client.account))];
  const us = Math.max(0, server?.pauses?.answer_us ?? 0);
  return [part('not_known', us, undefined, rowsOf(server?.account), 'the client’s rows')];
}

/** The time before the first and after the last data; without packet rows, also what is between. */
function restOf({ client, server }: Talk, us: number): Part {
  const rows = [...rowsOf(client?.account), ...rowsOf(server?.account)];
  const has_sent = (side: Side | undefined) => (side?.account.bytes_sent ?? 0) > 0 || (side?.account.bytes_received ?? 0) > 0;
  const is_known = (client && server) || client?.pauses || server?.pauses || !(has_sent(client) || has_sent(server));
  if (is_known) return part('idle', us, undefined, rows);
  const only = client ?? server;
  const is_receiving = only !== undefined && only.account.bytes_received > 0;
  // A sender that nobody watches may have been held up by the path.
  return is_receiving ? part('not_known', us, undefined, rows, 'the peer’s rows') : part('idle', us, undefined, rows);
}

/** One part for each limiter and end, the largest first. */
function joined(parts: readonly Part[]): Part[] {
  const groups = Map.groupBy(
    parts.filter(({ us }) => us >= 1),
    ({ limiter, end, missing }) => `${limiter} ${end?.host_id} ${end?.connection_id} ${missing}`,
  );
  const sums = [...groups.values()].flatMap((each) => {
    const [first] = each;
    if (!first) return [];
    const us = Math.round(each.reduce((sum, one) => sum + one.us, 0));
    const rests_on = [
      ...new Map(each.flatMap((one) => one.rests_on).map((one) => [`${one.kind} ${one.host_id} ${one.time_ns}`, one])).values(),
    ];
    return { ...first, us, rests_on };
  });
  return sums.sort((a, b) => b.us - a.us);
}
