// B: a transfer that stands still for a while, and pauses that look like it and are no stall.
import { expect } from 'vitest';
import { formatDurationUs } from '../../../dashboards/format.ts';
import { slowAnswers, stall } from '../../../dashboards/views/connection/findings/turns.ts';
import type { Connection } from '../../../server/api.ts';
import { longestGapUs, longestWaitUs } from '../capture-lines.ts';
import { PLAIN, type Scenario, type Seen, type SideSeen, said } from '../scenario.ts';
import { closes, most, sum } from '../views.ts';
import { NO_PROBES, noLoss, us } from './slow.ts';
import { captured, closeOf } from './transfer.ts';

/** A tick of the kernel's clock, at its coarsest: a time is known to within two of them. */
const TICK_US = 10_000;
const STILL_MS = 150;
/** A shorter standstill is no stall. */
const STALL_US_MIN = 50_000;
/** Both ways stand still five times. */
const FIVE_STALLS = [
  'out:delay=4:any',
  'back:delay=4:any',
  `out:pause=300,${STILL_MS}:any:ms=0-1500`,
  `back:pause=300,${STILL_MS}:any:ms=0-1500`,
];

const words = (seen: SideSeen) => {
  // The sentences from one end's close row alone, without what sweeps saw.
  const connection = { samples: { time_ms: [], unread: [], rcv_wnd: [] }, resets: [], ...closeOf(seen) } as unknown as Connection;
  return [slowAnswers(connection), stall(connection)].flatMap((finding) => finding?.words ?? []);
};

/** Each end says how long it was, as far as its clock goes; samples together say no more than the end does. */
function stoodStill({ client, server, captures }: Seen): void {
  const gap_us = longestGapUs(client, captures.server);
  for (const side of [client, server]) {
    const { stall_max_us } = closeOf(side);
    expect(stall_max_us, side.side).toBeGreaterThanOrEqual(STILL_MS * 1000 - 2 * TICK_US);
    expect(stall_max_us, side.side).toBeLessThanOrEqual(gap_us + 4 * TICK_US);
    expect(most(side.rows.sample.map((row) => row.stall_max_us))).toBeLessThanOrEqual(stall_max_us);
    expect(words(side)).toEqual([`In the middle of a transfer nothing moved for up to ${formatDurationUs(stall_max_us)}.`]);
  }
}

/** A standstill at least this long was made by the test, and not by a busy machine. */
const PAUSE_US = STILL_MS * 1000 - TICK_US;

/** On a busy machine a transfer may stand still where none should: then the captures show it. What moves for a sender is what is acknowledged. */
function noLongerThan(side: SideSeen, gap_us: number): void {
  const most_us = gap_us + 2 * TICK_US;
  expect(most(closes(side).map((row) => row.stall_max_us)), side.side).toBeLessThanOrEqual(most_us < STALL_US_MIN ? 0 : most_us);
}

function neverStoodLonger({ client, server, captures }: Seen): void {
  noLongerThan(client, longestWaitUs(server, captures.client));
  noLongerThan(server, longestGapUs(client, captures.server));
}

const neverStood = (...sides: SideSeen[]) => {
  for (const side of sides) {
    expect({ side: side.side, stalls: closes(side).map(({ stall_max_us }) => stall_max_us) }).toEqual({
      side: side.side,
      stalls: closes(side).map(() => 0),
    });
  }
};

export const stalls: readonly Scenario[] = [
  {
    ...PLAIN,
    id: 'B11',
    name: 'a transfer that stands still five times',
    path: captured(...FIVE_STALLS),
    setup: { client: [NO_PROBES], server: [NO_PROBES] },
    server: 'rcvbuf:16384 listen:7000 accept drain close',
    client: 'sndbuf:65536 connect:7000 times:300 send:16000 done flush info close',
    happened: ({ client, captures }) => expect(longestGapUs(client, captures.server)).toBeGreaterThanOrEqual(STILL_MS * 1000 - TICK_US),
    causes: ({ client, server }) => [...closes(client), ...closes(server)],
    says: stoodStill,
  },
  {
    ...PLAIN,
    id: 'B11b',
    name: 'a server that stops in the middle of its answer',
    family: 'ipv6',
    path: captured('out:delay=1:any'),
    setup: { client: [NO_PROBES], server: [NO_PROBES] },
    server: `listen:7000 accept recv:100 send:2000000 flush sleep:${STILL_MS} send:20000 drain close`,
    client: 'connect:7000 send:100 recv:2020000 close',
    happened: (seen) => {
      noLoss(seen);
      expect(longestGapUs(seen.server, seen.captures.client)).toBeGreaterThanOrEqual(STILL_MS * 1000 - TICK_US);
    },
    causes: ({ client }) => closes(client),
    says: ({ client, server, captures }) => {
      const { stall_max_us } = closeOf(client);
      expect(stall_max_us).toBeGreaterThanOrEqual(STILL_MS * 1000 - 2 * TICK_US);
      expect(stall_max_us).toBeLessThanOrEqual(longestGapUs(server, captures.client) + 2 * TICK_US);
      // The server had nothing to send meanwhile.
      noLongerThan(server, longestWaitUs(client, captures.server, PAUSE_US));
    },
  },
  {
    ...PLAIN,
    id: 'B11c',
    name: 'no stall: pauses between answers, and a feed of short messages',
    path: captured('out:delay=1:any'),
    setup: { client: [NO_PROBES], server: [NO_PROBES] },
    server: 'listen:7000 accept times:3 recv:100 send:100000 done times:3 sleep:150 send:2000 done drain close',
    client: 'connect:7000 times:3 send:100 recv:100000 sleep:200 done recv:6000 close',
    happened: noLoss,
    causes: ({ client, server }) => [...closes(client), ...closes(server)],
    says: ({ client, server, captures }) => {
      noLongerThan(server, longestWaitUs(client, captures.server, PAUSE_US));
      noLongerThan(client, longestGapUs(server, captures.client, PAUSE_US));
    },
  },
  {
    ...PLAIN,
    id: 'B11d',
    name: 'no stall: a slow path, on which writes wait for long',
    family: 'ipv6',
    path: captured('out:delay=1:any'),
    setup: { client: [NO_PROBES, 'tc qdisc add dev eth0 root tbf rate 8mbit burst 6000 limit 200000'] },
    server: 'listen:7000 accept drain close',
    client: 'sndbuf:100000 connect:7000 send:1500000 flush info close',
    happened: ({ client }) => expect(most(us(said(client, 'send')))).toBeGreaterThan(1_000_000),
    causes: ({ client }) => closes(client),
    says: neverStoodLonger,
  },
  {
    ...PLAIN,
    id: 'B11f',
    name: 'no stall: a slow path behind a large buffer, which a write fills while the queue still builds up',
    path: captured('out:delay=1:any'),
    setup: { client: [NO_PROBES, 'tc qdisc add dev eth0 root tbf rate 8mbit burst 6000 limit 400000'] },
    server: 'listen:7000 times:6 accept drain close done',
    // Where the kernel's clock ticks decides which look comes first, so it is tried several times.
    client: 'times:6 sndbuf:150000 connect:7000 send:30000 sleep:7 send:450000 flush close done',
    happened: ({ client }) => expect(most(us(said(client, 'send')))).toBeGreaterThan(50_000),
    causes: ({ client }) => closes(client),
    says: neverStoodLonger,
  },
  {
    ...PLAIN,
    id: 'B11e',
    name: 'a request is lost: the wait for the timeout',
    path: captured('out:delay=1:any', 'out:drop:data:2'),
    setup: { client: [NO_PROBES] },
    server: 'listen:7000 accept times:2 recv:100 send:100 done drain close',
    client: 'connect:7000 times:2 send:100 recv:100 sleep:300 done close',
    happened: ({ client }) => expect(client.nstat['TcpExtTCPTimeouts']).toBeGreaterThan(0),
    causes: ({ client }) => client.rows.retransmit,
    says: ({ client, server }) => {
      const { stall_max_us, turn_max_us } = closeOf(client);
      // The longest answer is the one that waited: for the shortest timeout there is, and what came after it.
      expect(stall_max_us).toBeGreaterThanOrEqual(200_000 - 2 * TICK_US);
      expect(stall_max_us).toBeLessThanOrEqual(turn_max_us + 2 * TICK_US);
      expect(turn_max_us).toBeGreaterThanOrEqual(most(us(said(client, 'recv'))) - TICK_US);
      neverStood(server);
    },
  },
];

const TURNS = { near: 2, far: 8 };
/** Less than the shortest retransmission timeout: the first far turn would run into it otherwise. */
const FAR_MS = 150;
const ECHO = `listen:7000 accept times:${TURNS.near + TURNS.far} recv:100 send:100 done drain close`;
const ASKING = `connect:7000 times:${TURNS.near} send:100 recv:100 done sleep:250 times:${TURNS.far} send:100 recv:100 done info close`;

export const answers: readonly Scenario[] = [
  {
    ...PLAIN,
    id: 'B12',
    name: 'an echo server that answers at once, on a path that becomes far',
    path: {
      kind: 'relay',
      rules: ['out:delay=1:any', `out:delay=${FAR_MS / 2}:any:ms=200-60000`, `back:delay=${FAR_MS / 2}:any:ms=200-60000`],
    },
    setup: { client: [NO_PROBES], server: [NO_PROBES] },
    server: ECHO,
    client: ASKING,
    happened: (seen) => {
      noLoss(seen);
      expect(Number(said(seen.client, 'info')[0]?.['srtt_us'])).toBeGreaterThan((FAR_MS * 1000) / 2);
    },
    causes: ({ client }) => closes(client),
    says: ({ client, server }) => {
      const near = closeOf(client);
      expect(near.turns).toBe(TURNS.near + TURNS.far);
      expect(near.turn_us).toBeGreaterThanOrEqual(sum(us(said(client, 'recv'))) - near.turns * TICK_US);
      expect(near.turn_us).toBeLessThanOrEqual(near.established_us);
      expect(near.turn_max_us).toBeGreaterThanOrEqual(FAR_MS * 1000);
      // Each far turn had its own round trip, whatever the best one of the life was.
      expect(near.turn_rtt_us).toBeGreaterThanOrEqual(TURNS.far * FAR_MS * 1000);
      expect(near.turn_rtt_us).toBeLessThanOrEqual(near.turn_us + TICK_US);
      expect(near.rtt_min_us).toBeLessThan((FAR_MS * 1000) / 4);
      expect(most(client.rows.sample.map((row) => row.turn_max_us))).toBeLessThanOrEqual(near.turn_max_us);
      expect(sum(client.rows.sample.map((row) => row.turn_rtt_us))).toBeLessThanOrEqual(near.turn_rtt_us);
      expect(words(client).join()).toMatch(
        /^Answers took .* and so long were round trips at those times .*: the time goes by in the network\.$/,
      );
      expect(words(server)).toEqual([]);
      // With little under way, a slow answer is no transfer that stands still.
      neverStood(client, server);
    },
  },
  {
    ...PLAIN,
    id: 'B12b',
    name: 'answers that take less than an acknowledgement may: whose time it was is not known',
    path: { kind: 'relay', rules: ['out:delay=1:any', 'out:delay=54:any:ms=100-60000'] },
    setup: { client: [NO_PROBES], server: [NO_PROBES] },
    server: 'listen:7000 accept recv:100 send:100 times:10 recv:100 sleep:20 send:100 done drain close',
    client: 'connect:7000 send:100 recv:100 sleep:150 times:10 send:100 recv:100 done close',
    happened: noLoss,
    causes: ({ client }) => closes(client),
    says: ({ client, server }) => {
      expect(words(client).join()).toMatch(/whether the network or the peer took that time cannot be told from this end/);
      expect(words(server)).toEqual([]);
    },
  },
];
