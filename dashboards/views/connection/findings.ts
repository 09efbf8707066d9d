// What stands out in one connection, each with its evidence and whose doing it is as far as that can be told. Pure. Nothing is
// said without evidence: an empty list means that nothing stood out.
import type { Connection } from '../../../server/api.ts';
import { dropped } from './findings/drops.ts';
import { gaveUp, resetAfterIdle, resetByPeer, resetBySelf, resetOnTheWay } from './findings/endings.ts';
import type { Finding, Look } from './findings/finding.ts';
import { slowHandshake } from './findings/handshake.ts';
import { limitedByReceiver, limitedBySender, slowStartAfterIdle } from './findings/limits.ts';
import { notNeeded } from './findings/losses.ts';
import { leak, slowReader } from './findings/reading.ts';
import { noPort, noWayOut } from './findings/this-host.ts';
import { slowAnswers, stall } from './findings/turns.ts';

/** In the order in which they are likely to matter. */
const LOOKS: readonly Look[] = [
  noPort,
  noWayOut,
  gaveUp,
  resetBySelf,
  resetOnTheWay,
  resetByPeer,
  resetAfterIdle,
  dropped,
  leak,
  slowAnswers,
  stall,
  slowHandshake,
  limitedByReceiver,
  limitedBySender,
  slowStartAfterIdle,
  slowReader,
  notNeeded,
];

export const findingsOf = (connection: Connection): Finding[] => LOOKS.map((look) => look(connection)).filter((one) => one !== undefined);
