// What both ends of a connection tell together, and the habits of a process with all of its connections.
import { expect, test } from 'vitest';
import type { Whose } from '../../dashboards/views/connection/findings/finding.ts';
import type { Connection } from '../../server/api.ts';
import { QUIET, saidOf } from './quiet-connection.ts';

const reset = (): Connection['resets'] => [
  {
    time_ns: '1',
    direction: 'received',
    reason: '',
    state: 'established',
    linger_zero: false,
    idle_us: 0,
    unread: 0,
    notsent: 0,
    packets_out: 0,
  },
];
const CLOSE_AT_PEER = {
  host_id: '2',
  host: 'db-1',
  connection_id: '7',
  comm: 'db',
  reset_sent_ms: null,
  clock_ahead_ms: null,
  clock_error_ms: null,
  turn_us: null,
  arrived: null,
};
const NAGLE = { turns: 10, turn_us: 420_000, turn_rtt_us: 415_000, bytes_sent: 2000, data_segs_out: 20 };
const SAID = { host: 'db-1', resets: 0, reset_reason: '', dropped: 0, drop_reason: '' };
const SLOW = { turns: 10, turn_us: 3_000_000, turn_rtt_us: 410_000 };

test.each<readonly [name: string, change: Partial<Connection>, whose: Whose, words: RegExp]>([
  [
    'a refused connect whose peer is not watched',
    { end_reason: 'refused' },
    'not known',
    /^A reset answered the SYN: nobody listens on port 443 there, or a device on the way refuses/,
  ],
  [
    'one whose peer is watched',
    { end_reason: 'refused', peer_said: { ...SAID, resets: 1, reset_reason: 'no_socket' } },
    'the peer',
    /^db-1 is watched too: nobody listened on port 443 there/,
  ],
  [
    'a connect that the peer’s own firewall drops',
    { end_reason: 'timeout', peer_said: { ...SAID, dropped: 2, drop_reason: 'netfilter_drop' } },
    'the peer',
    /^db-1 is watched too: it dropped 2 packets of it itself, not the network: its firewall \(netfilter_drop\)\./,
  ],
  [
    'acknowledgements that were lost on the way back',
    { total_retrans: 4, other_end: { ...CLOSE_AT_PEER, arrived: { data_there: 1000, lost_back: 9 } } },
    'the path',
    /all 1 000 segments with data reached it, so nothing was lost on the way out\. Of what it sent back, 9 packets did not arrive here/,
  ],
  [
    'data that was lost on the way out',
    { total_retrans: 4, other_end: { ...CLOSE_AT_PEER, arrived: { data_there: 996, lost_back: 1 } } },
    'the path',
    /of 1 000 segments with data, 4 did not reach its socket\.$/,
  ],
  [
    'data that the peer’s host dropped',
    {
      total_retrans: 4,
      other_end: { ...CLOSE_AT_PEER, arrived: { data_there: 996, lost_back: 0 } },
      peer_said: { ...SAID, dropped: 4, drop_reason: 'netfilter_drop' },
    },
    'the peer',
    /^db-1 is watched too: it dropped 4 packets of it itself, not the network/,
  ],
  [
    'a reset that the peer sent only after it had come in here',
    { resets: reset(), other_end: { ...CLOSE_AT_PEER, host: 'db-1', reset_sent_ms: 50, clock_error_ms: 4 } },
    'the path',
    /^The reset was not the peer’s: db-1 is watched too and sent none before it came/,
  ],
  [
    'the same where nobody knows how far the clocks are apart',
    { resets: reset(), other_end: { ...CLOSE_AT_PEER, host: 'db-1', reset_sent_ms: 50 } },
    'the peer',
    /^The peer sent the reset: db-1 is watched too/,
  ],
  [
    'slow answers of which the peer’s own host knows nothing',
    { ...SLOW, other_end: { ...CLOSE_AT_PEER, turn_us: 900 } },
    'not known',
    /^Answers took 300 ms on average, of which db-1, which is watched too, took 900 µs from reading a request to answering it: the rest went by on the way, or before it read the request/,
  ],
  [
    'small writes and a delayed acknowledgement, from one end',
    NAGLE,
    'not known',
    /took 42 ms on average.*most likely a small write waits/,
  ],
  [
    'the same from both',
    { ...NAGLE, other_end: { ...CLOSE_AT_PEER, turn_us: 1800 } },
    'this process',
    /db-1 is watched too and took 1\.8 ms from reading a request to answering it: a small write waits .*TCP_NODELAY/,
  ],
  [
    'a connection for each request',
    { turns: 1, turn_us: 20_000, alike: { connections: 12, turns: 12, connect_us: 240_000, duration_us: 720_000 } },
    'this process',
    /^It opened 12 connections to 192\.0\.2\.7:443 within two minutes, for 12 requests: a connection for each\. Handshakes took 33\.3 %/,
  ],
  [
    'a window that this side closed',
    { stall_max_us: 300_000, samples: { ...QUIET.samples, time_ms: [1, 2], unread: [0, 9000], rcv_wnd: [60_000, 0] } },
    'this process',
    /^It read too slowly: up to 9 kB lay unread/,
  ],
])('%s', (_name, change, whose, words) => {
  expect(saidOf(change)).toEqual([{ whose, words: expect.stringMatching(words) }]);
});
