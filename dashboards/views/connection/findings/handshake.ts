// Notable facts about the begin of a connection.
import { formatDurationUs } from '../../../format.ts';
import type { Look } from './finding.ts';

const HANDSHAKE_RETRY_US = 900_000;

/** A client knows this from the timestamp in the answer, a server from the number of its answers. */
const ARRIVED = 'its SYN arrived, and the answer was lost or late on the way back';

export const slowHandshake: Look = ({ connect_us, role, syn_arrived, retransmits }) => {
  if (connect_us === null || connect_us < HANDSHAKE_RETRY_US) return undefined;
  const took = `The handshake took ${formatDurationUs(connect_us)}`;
  if (role === 'client' && syn_arrived) return { whose: 'the path', words: `${took}: ${ARRIVED}.` };
  if (role === 'client')
    return { whose: 'not known', words: `${took}: a SYN or its answer was lost, filtered, or met a full accept queue at the peer.` };
  const answers = retransmits.filter((each) => each.class === 'syn_ack').length;
  if (role !== 'server' || answers === 0) return undefined;
  const times = answers === 1 ? 'once' : `${answers} times`;
  return { whose: 'the path', words: `${took}: its SYN-ACK was sent again ${times}, since it or the answer to it did not arrive.` };
};
