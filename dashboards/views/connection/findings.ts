// What stands out in one connection, each with its evidence and whose doing it is as far as that can be told. Pure. Nothing is
// said without evidence: an empty list means that nothing stood out.
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

/** How it ended, and what goes wrong still. */
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

/** What took time, and how much of it, µs: the costliest comes first. */
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

/** Findings whose cost is unknown or zero. */
const LAST: readonly Look[] = [bothEnds, connectionPerRequest, slowStartAfterIdle, slowReader, notNeeded, onlyProbes];

/** The most harmful first. */
export function findingsOf(connection: Connection): Finding[] {
  const costly = COSTLY.toSorted(([, a], [, b]) => b(connection) - a(connection)).map(([look]) => look);
  return [...FIRST, ...costly, ...LAST].map((look) => look(connection)).filter((one) => one !== undefined);
}
