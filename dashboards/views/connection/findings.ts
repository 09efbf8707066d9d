// Notable facts about a connection, each with its evidence, and with who caused it as far as that is known. Pure. Without evidence nothing
// is reported: an empty list means that nothing was notable.
import type { Connection } from '../../../server/api.ts';
import { dropped } from './findings/drops.ts';
import { gaveUp, resetAfterIdle, resetByPeer, resetBySelf, resetOnTheWay } from './findings/endings.ts';
import { type Finding, type Look, lifeUs } from './findings/finding.ts';
import { connectionPerRequest } from './findings/habits.ts';
import { slowHandshake } from './findings/handshake.ts';
import { limitedByReceiver, limitedBySender, slowStartAfterIdle } from './findings/limits.ts';
import { lost, notNeeded, onlyProbes, repairUs } from './findings/losses.ts';
import { bothEnds, delayedAck, droppedThere, refused } from './findings/peer.ts';
import { closedWindow, leak, slowReader } from './findings/reading.ts';
import { noPort, noWayOut } from './findings/this-host.ts';
import { slowAnswers, stall } from './findings/turns.ts';

/** How the connection ended, and problems that persist. */
const FIRST: readonly Look[] = [
  noPort,
  noWayOut,
  droppedThere,
  refused,
  gaveUp,
  resetBySelf,
  resetOnTheWay,
  resetByPeer,
  resetAfterIdle,
  dropped,
  leak,
];

/** Facts that cost time, with the time in µs: the costliest comes first. */
const COSTLY: readonly (readonly [Look, (connection: Connection) => number])[] = [
  [slowAnswers, ({ turn_us }) => turn_us ?? 0],
  [delayedAck, ({ turn_us }) => turn_us ?? 0],
  [closedWindow, ({ stall_max_us }) => stall_max_us ?? 0],
  [stall, ({ stall_max_us }) => stall_max_us ?? 0],
  [slowHandshake, ({ connect_us }) => connect_us ?? 0],
  [lost, repairUs],
  [limitedByReceiver, (connection) => connection.limits.receiver * lifeUs(connection)],
  [limitedBySender, (connection) => connection.limits.sender * lifeUs(connection)],
];

/** Facts whose cost in time is unknown or zero. */
const LAST: readonly Look[] = [bothEnds, connectionPerRequest, slowStartAfterIdle, slowReader, notNeeded, onlyProbes];

/** The most harmful first. */
export function findingsOf(connection: Connection): Finding[] {
  const costly = COSTLY.toSorted(([, a], [, b]) => b(connection) - a(connection)).map(([look]) => look);
  return [...FIRST, ...costly, ...LAST].map((look) => look(connection)).filter((one) => one !== undefined);
}
