// What stands out in a connection, whose doing it is, and what must not be said.
import { describe, expect, test } from 'vitest';
import type { Whose } from '../../dashboards/views/connection/findings/finding.ts';
import { findingsOf } from '../../dashboards/views/connection/findings.ts';
import type { Connection } from '../../server/api.ts';
import { QUIET, saidOf } from './quiet-connection.ts';

const reset = (change: Partial<Connection['resets'][number]>): Connection['resets'] => [
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
    ...change,
  },
];
const drop = (reason: string): Connection['drops'][number] => ({
  time_ns: '1',
  direction: 'received',
  meaning: 'lost',
  reason,
  location: '',
  tcp_flags: 16,
  seq: 1,
  length: 0,
});
/** More of them than were dropped, and nothing is missing. */
const freed = (['answered', 'duplicate', 'refused'] as const).map((meaning) => ({ ...drop('TCP_OLD_SEQUENCE'), meaning }));

test('nothing is said of a connection in which nothing stands out', () => {
  expect(findingsOf(QUIET)).toEqual([]);
  expect(findingsOf({ ...QUIET, drops: freed })).toEqual([]);
});

const CLOSED_WINDOW = { end_reason: 'timeout', snd_wnd: 0, notsent: 49_000, unacked: 1000, unheard_us: 400_000 } as const;
const KEPT = {
  end_reason: 'timeout',
  notsent: 50_000,
  limits: { application: 0.05, network: 0.05, receiver: 0, sender: 0, host: 0.9 },
} as const;
const NO_PORT = { end_reason: 'no_port', sk_err: 99, local_port: 0, port_first: 32_768, port_last: 60_999, ports_used: 28_200 } as const;
const SLOW = { turns: 10, turn_us: 3_000_000, turn_rtt_us: 410_000 };
const cases: readonly (readonly [name: string, change: Partial<Connection>, whose: Whose, words: RegExp])[] = [
  [
    'a slow server, seen by its client: it acknowledges before it answers',
    SLOW,
    'the peer',
    /Answers took 300 ms on average, round trips at those times at most 41 ms: .*most likely the peer’s, not in the network/,
  ],
  [
    'a server that thinks little longer than it may hold an acknowledgement back',
    { turns: 5, turn_us: 305_000, turn_rtt_us: 165_000 },
    'the peer',
    /Answers took 61 ms on average, .* at most 33 ms/,
  ],
  [
    'a path that became far',
    { turns: 10, turn_us: 1_240_000, turn_rtt_us: 1_220_000 },
    'the path',
    /Answers took 124 ms on average, and so long were round trips at those times \(1 ms at best\): the time goes by in the network/,
  ],
  [
    'a server that holds its acknowledgement back until it answers, or a path: nobody knows',
    { turns: 10, turn_us: 550_000, turn_rtt_us: 545_000 },
    'not known',
    /the acknowledgements came with them: whether the network or the peer took that time cannot be told/,
  ],
  ['round trips that nobody measured', { turns: 10, turn_us: 3_000_000, turn_rtt_us: null }, 'not known', /cannot be told from this end/],
  [
    'a slow server far from its client, seen by itself',
    { ...SLOW, role: 'server', rtt_min_us: 100_000 },
    'this process',
    /took 300 ms on average from a request to the answer/,
  ],
  ['a transfer that stood still', { stall_max_us: 152_000 }, 'not known', /nothing moved for up to 152 ms/],
  ['a slow server, seen by itself', { ...SLOW, role: 'server' }, 'this process', /took 300 ms on average from a request to the answer/],
  [
    'a handshake that needed a second SYN',
    { connect_us: 1_030_000 },
    'not known',
    /handshake took 1 s: a SYN or its answer was lost, filtered/,
  ],
  [
    'a window cut after pauses',
    { idle_restarts: 3, idle_restart_us: 1_500_000 },
    'this host',
    /window was cut 3 times because nothing had been sent for a while \(pauses of up to 1\.5 s\).*started slowly, without any loss/,
  ],
  ['the same of a connection that lives', { idle_restarts: 1, idle_restart_us: null }, 'this host', /was cut once .*\(a pause\)/],
  [
    'a slow reader at the peer',
    { limits: { application: 0, network: 0.2, receiver: 0.8, sender: 0, host: 0 } },
    'the peer',
    /full for 80\.0 % of the time/,
  ],
  [
    'a small send buffer',
    { limits: { application: 0, network: 0.5, receiver: 0, sender: 0.5, host: 0 } },
    'this process',
    /send buffer was full for 50\.0 %/,
  ],
  ['a slow reader here', { unread: 4096, closed_ms: null }, 'this process', /has not read 4\.1 kB/],
  [
    'the own firewall',
    { drops: [drop('NETFILTER_DROP'), drop('NETFILTER_DROP'), drop('TCP_FLAGS'), ...freed] },
    'this host',
    /^2 packets of it were dropped here: by this host’s firewall \(netfilter\), neither by the network nor by the peer/,
  ],
  [
    'an idle connection that was forgotten',
    { resets: reset({ idle_us: 350_000_000 }) },
    'not known',
    /came 5 min 50 s after the peer was last heard: .*given the idle connection up/,
  ],
  [
    'closed with data unread',
    { resets: reset({ direction: 'sent', reason: 'TCP_ABORT_ON_CLOSE', unread: 77 }), unread: 77 },
    'this host',
    /process closed while received bytes .*, with 77 B unread/,
  ],
  [
    'a missing close()',
    { state: 'close_wait', closed_ms: null, to_ms: 90_000, states: [{ state: 'close_wait', from_ms: 30_000, to_ms: null }] },
    'this process',
    /peer closed 1 min before the last row; the process has not called close/,
  ],
  ['a black hole', { end_reason: 'timeout', unacked: 3000 }, 'not known', /Given up with 3 kB never acknowledged/],
  [
    'a window that stayed closed',
    CLOSED_WINDOW,
    'the peer',
    /50 kB waiting: it answered every probe, the last 400 ms before .*does not read/,
  ],
  [
    'a route that is gone',
    { ...KEPT, bytes_failed: 9000, out_no_routes: 12 },
    'this host',
    /^This host has no way to send to 192\.0\.2\.7:443: no route, .*counted 12 packets.* 50 kB waited here for 90\.0 % of the time, until it was given up/,
  ],
  [
    'retransmissions that find no route',
    { retransmits: [{ outcome: 'refused', err: -113 }] as Connection['retransmits'], unacked: 1000, closed_ms: null, end_reason: 'none' },
    'this host',
    /no way to send to .*: no route.*\. 1 kB waited here\.$/,
  ],
  [
    'its layers below take nothing',
    KEPT,
    'this host',
    /own layers below TCP took nothing: no route, the link down, its firewall or a full queue/,
  ],
  ['a first try that failed', { bytes_failed: 2896 }, 'this host', /^2\.9 kB did not leave this host at the first try/],
  [
    'no port left',
    NO_PORT,
    'this host',
    /left toward 192\.0\.2\.7:443: connect\(\) chooses from 32768–60999, which are 28232; 28200 of these were taken .* TIME_WAIT included/,
  ],
  [
    'a port that is taken',
    { ...NO_PORT, local_port: 500, port_first: 500, port_last: 500 },
    'this process',
    /local port 500, to which it was bound, is taken toward/,
  ],
  [
    'an answer to a SYN that was lost',
    { connect_us: 3_000_000, syn_arrived: true },
    'the path',
    /handshake took 3 s: its SYN arrived, and the answer was lost/,
  ],
  ['keepalive that gave up', { end_reason: 'timeout', probes_out: 9 }, 'not known', /9 probes unanswered/],
];

test.each(cases)('%s', (_name, change, whose, words) => {
  expect(saidOf(change)).toEqual([{ whose, words: expect.stringMatching(words) }]);
});

describe('what must not be said', () => {
  test.each<[string, Partial<Connection>]>([
    ['a slow peer, where segments were sent again', { ...SLOW, total_retrans: 8 }],
    ['a slow peer, on a long path', { ...SLOW, turn_rtt_us: 2_900_000, rtt_min_us: 200_000 }],
    ['a slow peer, where nobody knows which side asked', { ...SLOW, role: 'unknown' }],
    ['a slow peer, where an answer takes less than a person notices', { turns: 10, turn_us: 490_000 }],
    ["a lost SYN at the server, whose handshake is the SYN-ACK's round trip", { role: 'server', connect_us: 1_030_000 }],
    [
      'a missing close() of a connection that has ended',
      { state: 'close_wait', to_ms: 90_000, states: [{ state: 'close_wait', from_ms: 30_000, to_ms: null }] },
    ],
    [
      'a missing close(), a moment after the peer closed',
      { state: 'close_wait', closed_ms: null, states: [{ state: 'close_wait', from_ms: 59_000, to_ms: null }] },
    ],
    ['slow to accept: the peer may have had nothing to ask', { role: 'server', accept_us: 400_000 }],
    [
      'a connection for each request, whose handshakes take next to no time',
      { turns: 1, turn_us: 2000, alike: { connections: 12, turns: 12, connect_us: 2400, duration_us: 720_000 } },
    ],
    ['a forgotten connection, reset while busy', { resets: reset({ idle_us: 1000 }) }],
  ])('%s', (_name, change) => {
    expect(findingsOf({ ...QUIET, ...change })).toEqual([]);
  });
});
