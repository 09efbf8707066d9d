// Data that a connection's end leaves with its process, and peers that do not read. What was read afterwards, and what never was.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { PLAIN, relay, type Scenario, type SideSeen, said, veth } from '../scenario.ts';
import { sentencesOf } from '../sentences.ts';
import { closes, ends, opens } from '../views.ts';
import { NO_PROBES } from './slow.ts';

const ANSWER = 40_000;
/** How long the row of an end waits for its process (ending.bpf.h). */
const WAITS_MS = 5000;
/** The kernel's number for CLOSE, for `state`. */
const CLOSED = 7;
const answers = `listen:7000 accept drain send:${ANSWER} close`;

/** The row tells of the end, not of when the process was done with the socket. */
function asOfTheEnd(seen: SideSeen): void {
  const [close] = closes(seen);
  const left = seen.rows.state_change.find(({ new_state }) => new_state === 'close');
  // Each drain reads the offset between the clocks anew, so times differ a little.
  expect(Math.abs(Number((close?.time_ns ?? 0n) - (left?.time_ns ?? 0n))), 'ns apart').toBeLessThan(1_000_000);
}

/** What was unread when the connection had ended, by SIOCINQ. */
const unreadThen = (seen: SideSeen) => said(seen, 'info').map((info) => info['unread']);

export const endings: readonly Scenario[] = [
  {
    ...PLAIN,
    id: 'A10',
    name: 'an answer is read after the peer has closed, and nothing of it is left',
    path: relay('out:delay=2:any'),
    server: answers,
    client: `connect:7000 send:100 shutdown state:${CLOSED} info sleep:300 drain close`,
    happened: ({ client }) => {
      expect(unreadThen(client)).toEqual([ANSWER]);
      expect(said(client, 'drain')).toMatchObject([{ bytes: ANSWER }]);
    },
    causes: ({ client }) => closes(client),
    says: ({ client }) => {
      expect(closes(client)).toMatchObject([{ unread: 0, end_reason: 'fin_local', bytes_received: ANSWER, turns: 1 }]);
      expect(closes(client)[0]?.first_receive_us, 'read after the end').toBeGreaterThan(300_000);
      asOfTheEnd(client);
      expect(sentencesOf(client).filter((words) => words.includes('reading'))).toEqual([]);
    },
  },
  {
    ...PLAIN,
    id: 'A10b',
    name: 'an answer that nobody reads, though there was time',
    family: 'ipv6',
    path: relay('out:delay=2:any'),
    server: answers,
    client: `connect:7000 send:100 shutdown state:${CLOSED} info sleep:300 close`,
    happened: ({ client }) => expect(unreadThen(client)).toEqual([ANSWER]),
    causes: ({ client }) => closes(client),
    says: ({ client }) => {
      expect(closes(client)).toMatchObject([{ unread: ANSWER, end_reason: 'fin_local', first_receive_us: 0 }]);
      asOfTheEnd(client);
      expect(sentencesOf(client)).toContain('this process: It ended without reading 40 kB that came.');
    },
  },
  {
    ...PLAIN,
    id: 'A10c',
    name: 'the peer resets, and what it had sent before is read',
    path: veth,
    server: `listen:7000 accept send:${ANSWER} flush linger0 close`,
    client: `connect:7000 state:${CLOSED} info recv:${ANSWER} close`,
    happened: ({ client }) => {
      expect(unreadThen(client)).toEqual([ANSWER]);
      expect(said(client, 'recv')).toMatchObject([{ bytes: ANSWER }]);
    },
    causes: ({ client }) => closes(client),
    says: ({ client }) => {
      expect(closes(client)).toMatchObject([{ unread: 0, end_reason: 'rst_received', sk_err: 104, bytes_received: ANSWER }]);
      asOfTheEnd(client);
    },
  },
  {
    ...PLAIN,
    id: 'A10d',
    name: 'a process that leaves its socket as it is: the end is told, and not that nobody can read the rest',
    family: 'ipv6',
    path: relay('out:delay=2:any'),
    server: answers,
    client: `connect:7000 send:100 shutdown state:${CLOSED} info wait close`,
    midway: async ({ look }) => {
      // Where no sweep meets it, a walk over files does, every five seconds.
      await sleep(2 * WAITS_MS + 1000);
      look();
      look(); // a sweep may pass over one
      return {};
    },
    happened: ({ client }) => expect(unreadThen(client)).toEqual([ANSWER]),
    causes: ({ client }) => closes(client),
    says: ({ client }) => {
      expect(closes(client)).toMatchObject([{ unread: 0, end_reason: 'fin_local' }]);
      asOfTheEnd(client);
    },
    slow: true,
  },
  {
    ...PLAIN,
    id: 'A10e',
    name: 'the socket is used again with the last answer unread',
    path: relay('out:delay=2:any'),
    server: `listen:7000 times:2 accept drain send:${ANSWER} close done`,
    client: `connect:7000 send:100 shutdown state:${CLOSED} disconnect connect:7000 send:50 shutdown drain close`,
    happened: ({ client }) => expect(said(client, 'drain')).toMatchObject([{ bytes: ANSWER }]),
    causes: ({ client }) => closes(client),
    says: ({ client }) => {
      expect(opens(client)).toHaveLength(2);
      expect(closes(client).sort((a, b) => Number(a.time_ns - b.time_ns))).toMatchObject([
        { bytes_sent: 100, bytes_received: ANSWER, end_reason: 'fin_local' },
        { bytes_sent: 50, bytes_received: ANSWER, end_reason: 'fin_local', unread: 0 },
      ]);
    },
  },
  {
    ...PLAIN,
    id: 'A7d',
    name: 'the peer answers every probe and does not read, until TCP_USER_TIMEOUT',
    path: relay('out:delay=1:any'),
    server: 'rcvbuf:16384 listen:7000 accept wait wait linger0 close',
    setup: { client: [NO_PROBES] },
    client: 'user_timeout:2500 connect:7000 wait send:300000 close',
    midway: async () => ({}),
    happened: ({ client, server }) => {
      expect(said(client, 'send')).toMatchObject([{ errno: 110 }]);
      expect(client.nstat['TcpExtTCPWinProbe']).toBeGreaterThan(0);
      expect(server.nstat['TcpExtTCPToZeroWindowAdv']).toBeGreaterThan(0);
    },
    causes: ({ client }) => ends(client),
    says: ({ client }) => {
      expect(ends(client)).toMatchObject([{ end_reason: 'timeout', snd_wnd: 0, probes_out: 0 }]);
      // Nothing but the probes' answers came any more.
      expect(ends(client)[0]?.unheard_us).toBeGreaterThan(0);
      expect(ends(client)[0]?.unheard_us).toBeLessThan(2_500_000);
      expect(client.rows.retransmit).toEqual([]);
      const words = sentencesOf(client).join('\n');
      expect(words).toMatch(
        /^the peer: Given up with the peer’s receive window closed .*: it answered every probe, .* its application does not read/,
      );
      expect(words).not.toMatch(/the peer is gone|nothing passes/);
    },
    slow: true,
  },
];
