// B: fast next door, seconds from afar. What the time goes to, and whose fault it is not.
import { expect } from 'vitest';
import { slowAnswers } from '../../../dashboards/views/connection/findings/turns.ts';
import type { Connection } from '../../../server/api.ts';
import { type Excuses, PLAIN, relay, type Said, type Scenario, type Seen, type Side, type SideSeen, said, until } from '../scenario.ts';
import { sentencesOf } from '../sentences.ts';
import { closes, ends, opens, segments, sum, unattributed } from '../views.ts';
import { far, RTT_US } from './transfer.ts';

export const us = (words: Said[]): number[] => words.map((word) => Number(word['us']));
/** TCP_INFO as the last `info` of a script had it. */
const lastInfo = (seen: SideSeen): Said => said(seen, 'info').at(-1) ?? { word: 'info', pid: 0, port: 0 };

/** On a busy machine the other side may answer late: no reason to send anything again. */
export const NO_PROBES = 'sysctl -qw net.ipv4.tcp_early_retrans=0';

export const noLoss = ({ client, server }: Pick<Seen, Side>): void => {
  for (const { nstat } of [client, server]) expect(nstat['TcpRetransSegs']).toBe(0);
};

/** What is limited for most of the time that there is something to send, beside what TCP_INFO said just before the close. */
function limitedBy(member: 'rwnd_limited_us' | 'sndbuf_limited_us'): Pick<Scenario, 'happened' | 'says' | 'causes'> {
  const other = member === 'rwnd_limited_us' ? 'sndbuf_limited_us' : 'rwnd_limited_us';
  return {
    happened: ({ client }) => expect(Number(lastInfo(client)[member])).toBeGreaterThan(10 * RTT_US),
    causes: ({ client }) => closes(client),
    says: ({ client }) => {
      const [close] = closes(client);
      const info = lastInfo(client);
      expect(close?.[member]).toBe(info[member]);
      expect(close?.[other]).toBe(info[other]);
      // The FIN that came after it is something to send, too.
      expect(close?.busy_us).toBeGreaterThanOrEqual(Number(info['busy_us']));
      const ending_us = (close?.fin_wait1_us ?? 0) + (close?.closing_us ?? 0);
      expect(close?.busy_us).toBeLessThan(Number(info['busy_us']) + ending_us + 2 * RTT_US);
      expect((close?.[member] ?? 0) / (close?.busy_us ?? 1), 'share of the time with something to send').toBeGreaterThan(0.3);
      expect(client.rows.retransmit, 'no loss').toEqual([]);
    },
  };
}

const CONNECTIONS = 12;
const TURNS = 5;
const THINK_MS = 60;
const NAGLE_TURNS = 12;

/** Where a SYN-ACK is lost, and so a SYN is sent again that was not needed. */
export const SYN_ACK_TIMERS: Excuses = {
  TcpExtTCPTimeouts: ({ side, nstat }, other) => ({
    apart: side === 'server' ? (nstat['TcpExtTCPSynRetrans'] ?? 0) - (other.nstat['TcpExtTCPSynRetrans'] ?? 0) : 0,
    why: 'SYN-ACKs sent again by a timer, not for a SYN that came again',
  }),
};

export const slow: readonly Scenario[] = [
  {
    ...PLAIN,
    id: 'B1',
    name: 'a connection a request',
    path: relay(...far),
    setup: { client: [NO_PROBES] },
    server: `listen:7000 times:${CONNECTIONS} accept recv:100 send:100 drain close done`,
    client: `times:${CONNECTIONS} connect:7000 send:100 recv:100 close done`,
    happened: noLoss,
    causes: ({ client }) => closes(client),
    says: ({ client, server }) => {
      expect(opens(client)).toHaveLength(CONNECTIONS);
      expect(opens(server)).toHaveLength(CONNECTIONS);
      const measured = us(said(client, 'connect'));
      for (const [at, { connect_us }] of opens(client).entries()) {
        expect(connect_us).toBeGreaterThanOrEqual(RTT_US);
        expect(connect_us).toBeLessThanOrEqual(measured[at] ?? 0);
      }
      // True of most of them: on a busy machine an answer may wait for its server.
      const answered = us(said(client, 'recv'));
      const shares = opens(client).map(({ connect_us }, at) => connect_us / ((measured[at] ?? 0) + (answered[at] ?? 0)));
      expect(shares.toSorted((a, b) => a - b)[Math.floor(shares.length / 2)], 'share of the time until the answer').toBeGreaterThan(0.3);
    },
  },
  {
    ...PLAIN,
    id: 'B3',
    name: 'a receive window far below bandwidth × delay',
    family: 'ipv6',
    path: relay(...far),
    setup: { client: [NO_PROBES] },
    server: 'rcvbuf:8192 listen:7000 accept drain close',
    client: 'connect:7000 send:100000 flush info close',
    ...limitedBy('rwnd_limited_us'),
  },
  {
    ...PLAIN,
    id: 'B4',
    name: 'a send buffer that is too small',
    congestion: 'bbr',
    path: relay(...far),
    setup: { client: [NO_PROBES] },
    server: 'listen:7000 accept drain close',
    client: 'sndbuf:4096 connect:7000 send:1200000 flush info close',
    ...limitedBy('sndbuf_limited_us'),
  },
  {
    ...PLAIN,
    id: 'B6',
    name: 'SYNs are lost: none, one, two',
    path: relay('out:delay=5:any', 'out:drop:syn:2', 'out:drop:syn:4-5'),
    server: 'listen:7000 times:3 accept drain close done',
    client: 'times:3 connect:7000 close done',
    happened: ({ client }) => expect(client.nstat['TcpExtTCPSynRetrans']).toBe(3),
    causes: ({ client }) => [...opens(client), ...client.rows.retransmit],
    says: ({ client }) => {
      const measured = us(said(client, 'connect'));
      // The kernel asks again every second at first (tcp_syn_linear_timeouts).
      for (const [at, { connect_us }] of opens(client).entries()) {
        expect(connect_us).toBeGreaterThanOrEqual(at * 990_000);
        expect(connect_us).toBeLessThanOrEqual(measured[at] ?? 0);
      }
      // Retransmissions that no program saw are in `unattributed`, and in no class.
      expect(closes(client).map(({ retrans_syn, unattributed: untold }) => retrans_syn + untold)).toEqual([0, 1, 2]);
      expect(segments(client.rows.retransmit, 'syn')).toBe(client.witnessed.segments);
      expect(closes(client).map(({ syn_arrived }) => syn_arrived)).toEqual([false, false, false]);
    },
    slow: true,
  },
  {
    ...PLAIN,
    id: 'B6b',
    name: 'a SYN-ACK is lost',
    family: 'ipv6',
    path: relay('out:delay=5:any', 'back:drop:synack:1-2'),
    server: 'listen:7000 accept drain close',
    client: 'connect:7000 send:10 close',
    happened: ({ client, server }) => {
      expect(client.nstat['TcpExtTCPSynRetrans']).toBeGreaterThan(0);
      expect(server.nstat['TcpExtTCPSynRetrans']).toBeGreaterThan(0);
    },
    causes: ({ client, server }) => [...server.rows.retransmit, ...client.rows.retransmit, ...closes(server)],
    says: ({ client, server }) => {
      expect(new Set(client.rows.retransmit.map((row) => row.class))).toEqual(new Set(['syn']));
      expect(new Set(server.rows.retransmit.map((row) => row.class))).toEqual(new Set(['syn_ack']));
      // The request's counter becomes the socket's.
      expect(closes(client), 'its SYN arrived').toMatchObject([{ syn_arrived: true, retrans_spurious: 0, undos: 0 }]);
      expect(sentencesOf(client)).toContainEqual(
        expect.stringMatching(/^the path: The handshake took .*: its SYN arrived, and the answer was lost/),
      );
      expect(sentencesOf(server)).toContainEqual(expect.stringMatching(/^the path: The handshake took .*: its SYN-ACK was sent again/));
      const [close] = closes(server);
      // The handshake counts from the first SYN-ACK, which left when the first SYN came: not before the client's connect() began.
      const [connected] = us(said(client, 'connect'));
      expect(close?.connect_us).toBeGreaterThan(0.9e6);
      expect(close?.connect_us).toBeLessThan((connected ?? 0) + RTT_US);
      expect(close).toMatchObject({ retrans_syn_ack: server.nstat['TcpExtTCPSynRetrans'], total_retrans: server.nstat['TcpRetransSegs'] });
      expect(unattributed(server)).toBe(0);
    },
    excused: SYN_ACK_TIMERS,
    slow: true,
  },
  {
    ...PLAIN,
    id: 'B7',
    name: 'Nagle and delayed ACKs',
    path: relay('out:delay=1:any'),
    server: `listen:7000 accept times:${NAGLE_TURNS} recv:200 send:50 done drain close`,
    client: `connect:7000 times:${NAGLE_TURNS} send:100 send:100 recv:50 done close`,
    // The second write waits for the first one's ACK, which the server holds back for 40 ms.
    happened: ({ client }) => expect(us(said(client, 'recv')).filter((each) => each >= 35_000).length).toBeGreaterThan(NAGLE_TURNS / 2),
    causes: ({ client, server }) => [...closes(client), ...closes(server)],
    says: ({ client, server }) => {
      const [near] = closes(client);
      const [remote] = closes(server);
      const measured = sum(us(said(client, 'recv')));
      expect(near?.turns).toBe(NAGLE_TURNS);
      expect(near?.turn_us).toBeGreaterThan(0.9 * measured);
      expect(near?.turn_us).toBeLessThan(1.1 * measured + RTT_US);
      expect((near?.turn_us ?? 0) / NAGLE_TURNS, 'a step').toBeGreaterThan(10 * (near?.rtt_min_us ?? 0));
      expect((remote?.turn_us ?? 0) / (near?.turn_us ?? 1), "the server's share").toBeLessThan(0.5);
      expect(client.rows.retransmit).toEqual([]);
    },
  },
  {
    ...PLAIN,
    id: 'B8',
    name: 'a slow server',
    family: 'ipv6',
    path: relay('out:delay=1:any'),
    setup: { client: [NO_PROBES] },
    server: `listen:7000 accept times:${TURNS} recv:100 sleep:${THINK_MS} send:100 done drain close`,
    client: `connect:7000 times:${TURNS} send:100 recv:100 done info close`,
    happened: ({ server, client }) => {
      noLoss({ client, server });
      expect(sum(us(said(server, 'sleep')))).toBeGreaterThanOrEqual(TURNS * THINK_MS * 1000);
    },
    causes: ({ client, server }) => [...closes(server), ...closes(client)],
    says: ({ client, server }) => {
      const [near] = closes(client);
      const [remote] = closes(server);
      const thought = sum(us(said(server, 'sleep')));
      expect(remote).toMatchObject({ turns: TURNS, role: 'server', comm: 'endpoint' });
      expect(remote?.turn_us).toBeGreaterThanOrEqual(thought);
      expect(remote?.turn_us).toBeLessThan(2 * thought);
      expect(near?.turns).toBe(TURNS);
      expect(near?.turn_us).toBeGreaterThanOrEqual(remote?.turn_us ?? 0);
      // The network has no part in it: no loss, and a very short round trip.
      expect([...client.rows.retransmit, ...server.rows.retransmit, ...client.rows.congestion, ...server.rows.congestion]).toEqual([]);
      expect(near?.rtt_min_us).toBeLessThan((THINK_MS * 1000) / 4);
      expect(slowAnswers(near as unknown as Connection)?.words).toMatch(/most likely the peer’s, not in the network/);
      expect(slowAnswers(remote as unknown as Connection)?.whose).toBe('this process');
      // Whoever thinks does not stall.
      expect([near?.stall_max_us, remote?.stall_max_us]).toEqual([0, 0]);
    },
  },
  {
    ...PLAIN,
    id: 'B10',
    name: 'a slow reader closes its window',
    family: 'ipv6',
    path: relay('out:delay=1:any'),
    server: 'rcvbuf:16384 listen:7000 accept wait info drain close',
    client: 'connect:7000 send:300000 close',
    midway: async ({ client, server, look }) => {
      await until('probes of the window', () => (client.nstat()['TcpExtTCPWinProbe'] ?? 0) > 0);
      expect(server.nstat()['TcpExtTCPToZeroWindowAdv']).toBeGreaterThan(0);
      look();
      return {};
    },
    happened: ({ server }) => expect(server.nstat['TcpExtTCPFromZeroWindowAdv']).toBeGreaterThan(0),
    causes: ({ client, server }) => [
      ...server.rows.sample.filter(({ unread }) => unread > 0),
      ...server.rows.namespace.filter(({ to_zero_window }) => to_zero_window > 0),
      ...closes(client),
    ],
    says: ({ client, server }) => {
      const shut = server.rows.sample.find((row) => row.unread === lastInfo(server)['unread']);
      expect(shut).toMatchObject({ comm: 'endpoint', role: 'server', state: 'established' });
      // What the window allows is less than a segment.
      expect(shut?.rcv_wnd).toBeLessThan(1448);
      // The clock of a limit that goes on is charged up to the look, which comes after a probe and so after the shortest timeout.
      const waiting = client.rows.sample.filter(({ snd_wnd }) => snd_wnd < 1448);
      expect(sum(waiting.map((row) => Number(row.rwnd_limited_us)))).toBeGreaterThan(100_000);
      const [close] = closes(client);
      expect(close?.rwnd_limited_us, 'the sender saw it').toBeGreaterThan(0.5 * (close?.busy_us ?? 0));
      expect(ends(client)).toMatchObject([{ end_reason: 'fin_local', sk_err: 0 }]);
    },
  },
];
