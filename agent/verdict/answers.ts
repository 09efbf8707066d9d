// Who took the time until the answers came: the path, or the side that was to answer. Times in microseconds.
import { roundUs } from './sending.ts';
import type { Side, Talk } from './sides.ts';
import { type Part, part, rowsOf } from './slow-cause.ts';
import { turnShares } from './turns.ts';

/** The parts of the client's waits for answers; of a server alone, what it took to answer. */
export function answerParts(talk: Talk): Part[] {
  const { client, server } = talk;
  if (client && server) return ofBoth(client, server);
  if (client) return seenByClient(client);
  return server ? [part('answering', answeringUs(server), server.end, rowsOf(server.account))] : [];
}

/** The server's time from request to answer, as its devices saw them; without packet rows, from its process's read to its write. */
const answeringUs = ({ pauses, account }: Side): number => pauses?.ask_us ?? (account.role === 'server' ? account.turn_us : 0);

const waitsOf = ({ pauses, account }: Side): { us: number; count: number } =>
  pauses ? { us: pauses.answer_us, count: pauses.answers.length } : { us: account.turn_us, count: account.turns };

function ofBoth(client: Side, server: Side): Part[] {
  const { us, count } = waitsOf(client);
  const rows = [...rowsOf(client.account), ...rowsOf(server.account)];
  const answering_us = Math.min(us, answeringUs(server));
  const others_us = us - answering_us;
  const round_us = Math.min(others_us, count * roundUs(client));
  const lost = [...client.repairs, ...server.repairs].filter(({ kind }) => kind === 'retransmit');
  const answering = part('answering', answering_us, server.end, rows);
  if (lost.length > 0)
    return [
      answering,
      part('path', round_us, undefined, rows),
      part('loss', others_us - round_us, undefined, [...rows, ...lost.slice(0, SHOWN)]),
    ];
  // Only packets tell when the request came. Without them, the rest may be the path's, or the server read the request late.
  if (client.pauses && server.pauses) return [answering, part('path', others_us, undefined, rows)];
  const { path_us_max } = turnShares(client.account, Math.max(1, client.account.turns));
  const path_us = Math.min(others_us, Math.max(round_us, count * path_us_max));
  const missing = 'packet rows of both ends: whether the rest went by on the way, or before the server read the request';
  return [answering, part('path', path_us, undefined, rows), part('not_known', others_us - path_us, undefined, rows, missing)];
}

const SHOWN = 5;

/**
 * The peer is not watched. The round trips that the kernel measured at the turns are the most that the path can have taken. The client
 * cannot tell a slow answer from one that was lost and sent again; so only time that most answers took counts as the peer's.
 */
function seenByClient(client: Side): Part[] {
  const { us, count } = waitsOf(client);
  if (count === 0) return [];
  const rows = rowsOf(client.account);
  const turns = Math.max(1, client.account.turns);
  const { path_us_max, path_us_min } = turnShares(client.account, turns);
  const alike_us = alikeUs(client);
  const answering_us = alike_us === undefined ? 0 : count * Math.max(0, alike_us - path_us_max);
  const is_alike = answering_us >= count * path_us_min;
  const claimed_us = is_alike ? Math.min(us, answering_us) : 0;
  const path_us = Math.min(us - claimed_us, count * path_us_min);
  return [
    part('answering', claimed_us, undefined, rows),
    part('path', path_us, undefined, rows),
    part('not_known', us - claimed_us - path_us, undefined, rows, 'the peer’s rows: whether it answered late, or its answers were lost'),
  ];
}

/** Fewer answers may all have been lost once. */
const ANSWERS_LEAST = 4;

/** What three quarters of the answers took at least. */
function alikeUs({ pauses, account }: Side): number | undefined {
  if (account.retrans > 0) return undefined;
  if (pauses) return pauses.answers.length >= ANSWERS_LEAST ? pauses.answers[Math.floor(pauses.answers.length / ANSWERS_LEAST)] : undefined;
  return undefined;
}
