// What stands out in how a connection began.
import { formatDurationUs } from '../../../format.ts';
import type { Look } from './finding.ts';

const HANDSHAKE_RETRY_US = 900_000;

export const slowHandshake: Look = ({ connect_us, role }) =>
  connect_us !== null && connect_us >= HANDSHAKE_RETRY_US && role === 'client'
    ? {
        whose: 'not known',
        words: `The handshake took ${formatDurationUs(connect_us)}: a SYN or its answer was lost, filtered, or met a full accept queue at the peer.`,
      }
    : undefined;
