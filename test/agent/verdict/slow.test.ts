// What limited a connection, by what the kernel counts at its ends and by packets made by hand.
import { expect, test } from 'vitest';
import { judgeCauses } from '../../../agent/verdict/causes.ts';
import type { Evidence } from '../../../agent/verdict/evidence.ts';
import type { Limiter } from '../../../agent/verdict/slow-cause.ts';
import type { Rows } from '../../../bpf/rows/rows.gen.ts';
import { ACKED, CLIENT, DATA, ISNS, NO_SOCKET, SERVER, Told } from './talk.ts';

type Close = Partial<Rows['connection']>;
const CONNECT_US = 10_000;
const RTT_US = 10_000;
const SECOND = 1_000_000;

/** A connection of one second, by both ends' accounts. */
const lived = (client: Close, server: Close = {}) =>
  new Told()
    .add('connection', 1000, {
      ...CLIENT,
      ...ISNS.client,
      role: 'client',
      event: 'close',
      duration_us: SECOND,
      connect_us: CONNECT_US,
      rtt_min_us: RTT_US,
      ...client,
    })
    .add('connection', 1000, {
      ...SERVER,
      ...ISNS.server,
      role: 'server',
      event: 'close',
      duration_us: SECOND - CONNECT_US,
      rtt_min_us: RTT_US,
      ...server,
    });

/** Milliseconds of each limiter, as the evidence shows it. */
function msOf(evidence: Evidence): Partial<Record<Limiter, number>> {
  const [verdict, ...others] = judgeCauses(evidence).slow;
  expect(others).toEqual([]);
  return Object.fromEntries(verdict?.parts.map(({ limiter, us }) => [limiter, Math.round(us / 1000)]) ?? []);
}
const both = ({ evidence }: Told) => msOf(evidence);
const client = (told: Told) => msOf(told.without(SERVER.host_id));
const server = (told: Told) => msOf(told.without(CLIENT.host_id));

const SENT = { bytes_sent: 100_000, data_segs_out: 100 };
const CAME = { bytes_received: 100_000, data_segs_in: 100 };

/** What came to the server's socket each 10 ms, with so much unread. */
function taken(told: Told, unread: number): Told {
  for (let at_ms = 0; at_ms <= 1000; at_ms += 10)
    told.add('progress', at_ms, { ...SERVER, ...ISNS.server, unread, segments: 1, segs_in: at_ms / 10 });
  return told;
}
/** Samples of the server. */
const sampled = (told: Told, values: Partial<Rows['sample']>) =>
  told.add('sample', 500, { ...SERVER, state: 'established', interval_us: 500_000, ...values });

const ONE_WAY: [string, Told, (told: Told) => Partial<Record<Limiter, number>>, Partial<Record<Limiter, number>>][] = [
  ['nothing was written', lived(SENT, CAME), both, { handshake: 10, sender_application: 990 }],
  ['the path', lived({ ...SENT, busy_us: 990_000 }, CAME), both, { handshake: 10, path: 990 }],
  ['half of the time', lived({ ...SENT, busy_us: 495_000 }, CAME), both, { handshake: 10, path: 495, sender_application: 495 }],
  [
    'the send buffer',
    lived({ ...SENT, busy_us: 990_000, sndbuf_limited_us: 900_000 }, CAME),
    both,
    { handshake: 10, sender_buffer: 900, path: 90 },
  ],
  [
    'the host itself',
    lived({ ...SENT, busy_us: 990_000, local_limited_us: 900_000 }, CAME),
    both,
    { handshake: 10, sender_host: 900, path: 90 },
  ],
  [
    'a window of unread data',
    taken(lived({ ...SENT, busy_us: 990_000, rwnd_limited_us: 900_000 }, CAME), 5000),
    both,
    { handshake: 10, receiver_application: 900, path: 90 },
  ],
  [
    'a window though all was read',
    taken(lived({ ...SENT, busy_us: 990_000, rwnd_limited_us: 900_000 }, CAME), 0),
    both,
    { handshake: 10, receiver_buffer: 900, path: 90 },
  ],
  [
    'a window, and nobody looked',
    lived({ ...SENT, busy_us: 990_000, rwnd_limited_us: 900_000 }, CAME),
    both,
    { handshake: 10, receiver_window: 900, path: 90 },
  ],
  [
    'a window that samples show',
    sampled(lived({ ...SENT, busy_us: 990_000, rwnd_limited_us: 900_000 }, CAME), { unread: 5000, rcv_wnd: 0 }),
    both,
    { handshake: 10, receiver_application: 900, path: 90 },
  ],
  [
    'a window, from one end',
    taken(lived({ ...SENT, busy_us: 990_000, rwnd_limited_us: 900_000 }, CAME), 5000),
    client,
    { handshake: 10, receiver_window: 900, path: 90 },
  ],
  ['what the receiver alone knows', lived(SENT, CAME), server, { not_known: 990 }],
  ['nothing was to be sent', lived({}), both, { handshake: 10, idle: 990 }],
];

test.each(ONE_WAY)('one way: %s', (_, told, view, expected) => {
  expect(view(told)).toEqual(expected);
});

test('what was lost is waited for, and the window that it fills is no application’s', () => {
  const told = lived({ ...SENT, busy_us: 990_000, rwnd_limited_us: 400_000, total_retrans: 9 }, CAME)
    .add('congestion', 600, { ...CLIENT, old_ca_state: 'recovery', new_ca_state: 'open', duration_us: 300_000 })
    .add('retransmit', 300, { ...CLIENT, class: 'rto', outcome: 'sent', retransmits: 1, rto_us: 200_000 });
  expect(both(told)).toEqual({ handshake: 10, loss: 400 + 500, path: 90 });
});

/** Requests, each answered after so many milliseconds at the server; the path takes 5 ms a way. `lost`: of these the answer is sent again 200 ms later. */
function asked(count: number, thinks_ms: number, waits_ms: number, lost: ReadonlySet<number> = new Set()): Told {
  const turns = { turns: count, turn_rtt_us: count * RTT_US };
  const told = new Told();
  let at_ms = 10;
  for (let turn = 0; turn < count; turn++) {
    const again_ms = lost.has(turn) ? 200 : 0;
    const [ask, answer] = [1001 + turn, 9001 + turn];
    told.add('packet', at_ms, { ...CLIENT, direction: 'sent', tcp_flags: DATA, seq: ask, length: 1, segments: 1 });
    told.add('packet', at_ms + 5, {
      ...SERVER,
      ...NO_SOCKET,
      direction: 'received',
      place: 'device_in',
      tcp_flags: DATA,
      seq: ask,
      length: 1,
      segments: 1,
    });
    const answered_ms = at_ms + 5 + thinks_ms;
    told.add('packet', answered_ms, { ...SERVER, direction: 'sent', tcp_flags: DATA, seq: answer, length: 1, segments: 1 });
    if (again_ms > 0)
      told.add('packet', answered_ms + again_ms, { ...SERVER, direction: 'sent', tcp_flags: DATA, seq: answer, length: 1, segments: 1 });
    if (again_ms > 0) told.add('retransmit', answered_ms + again_ms, { ...SERVER, class: 'rto', outcome: 'sent', segments: 1 });
    told.add('packet', answered_ms + again_ms + 5, {
      ...CLIENT,
      ...NO_SOCKET,
      direction: 'received',
      place: 'device_in',
      tcp_flags: DATA,
      seq: answer,
      length: 1,
      segments: 1,
    });
    at_ms = answered_ms + again_ms + 5 + waits_ms;
  }
  const counted = { bytes_sent: count, bytes_received: count, data_segs_out: count, data_segs_in: count, busy_us: count * RTT_US };
  const total_us = (at_ms - waits_ms) * 1000;
  const turn_us = count * (RTT_US + thinks_ms * 1000) + lost.size * 200_000;
  return told
    .add('connection', at_ms, {
      ...CLIENT,
      ...ISNS.client,
      role: 'client',
      event: 'close',
      duration_us: total_us,
      connect_us: CONNECT_US,
      rtt_min_us: RTT_US,
      ...counted,
      ...turns,
      turn_us,
    })
    .add('connection', at_ms, {
      ...SERVER,
      ...ISNS.server,
      role: 'server',
      event: 'close',
      duration_us: total_us,
      rtt_min_us: RTT_US,
      ...counted,
      turns: count,
      turn_us: count * thinks_ms * 1000,
      total_retrans: lost.size,
    });
}
const withoutPackets = (told: Told) => msOf({ ...told.evidence, packet: [] });

const TURNS: [string, Told, (told: Told) => Partial<Record<Limiter, number>>, Partial<Record<Limiter, number>>][] = [
  ['the server thinks', asked(8, 100, 0), both, { handshake: 10, answering: 800, path: 80 }],
  ['the server thinks, by what the client sees', asked(8, 100, 0), client, { handshake: 10, answering: 800, path: 80 }],
  ['the server thinks, by what the server sees', asked(8, 100, 0), server, { answering: 800, not_known: 70, idle: 20 }],
  ['the server thinks, without packets', asked(8, 100, 0), withoutPackets, { handshake: 10, answering: 800, path: 80 }],
  ['the server answers at once', asked(8, 0, 0), both, { handshake: 10, path: 80 }],
  ['the client thinks', asked(8, 0, 100), both, { handshake: 10, path: 80, sender_application: 700 }],
  ['the client thinks, by what the server sees', asked(8, 0, 100), server, { not_known: 770, idle: 20 }],
  ['the client thinks, without packets', asked(8, 0, 100), withoutPackets, { handshake: 10, path: 80, idle: 700 }],
  ['answers are lost', asked(8, 0, 0, new Set([1, 4])), both, { handshake: 10, path: 80, loss: 400 }],
  ['answers are lost, by what the client sees', asked(8, 0, 0, new Set([1, 4])), client, { handshake: 10, path: 80, not_known: 400 }],
  ['few answers, by what the client sees', asked(3, 100, 0), client, { handshake: 10, path: 30, not_known: 300 }],
];

test.each(TURNS)('turns: %s', (_, told, view, expected) => {
  expect(view(told)).toEqual(expected);
});

/** Writes of the client each 100 ms, whose acknowledgements take 40 ms, with so much left to send as they come. */
function wrote(notsent: number, then_ms: number): Told {
  const told = lived({ bytes_sent: 9, data_segs_out: 9, busy_us: 400_000 }, { bytes_received: 9, data_segs_in: 9 });
  for (let turn = 0; turn < 9; turn++) {
    const at_ms = 10 + turn * 100;
    told.add('packet', at_ms, { ...CLIENT, direction: 'sent', tcp_flags: DATA, seq: 1001 + turn, length: 1, segments: 1 });
    told.add('progress', at_ms + then_ms, { ...CLIENT, ...ISNS.client, tcp_flags: ACKED, notsent, packets_out: 1 });
  }
  return told;
}

test('a buffer that is full while the congestion window has room is what the kernel had noted in part', () => {
  const told = lived({ ...SENT, busy_us: 990_000, sndbuf_limited_us: 300_000 }, CAME);
  for (let at_ms = 10; at_ms <= 1000; at_ms += 10)
    told.add('progress', at_ms, { ...CLIENT, ...ISNS.client, tcp_flags: ACKED, packets_out: 5, snd_cwnd: at_ms > 200 ? 10 : 5 });
  expect(both(told)).toEqual({ handshake: 10, sender_buffer: 800, path: 190 });
});

test.each([
  ['nothing was left to send, and it wrote later', 0, 40, { sender_application: 800 }],
  ['something was left to send', 9, 40, { sender_application: 400, path: 400 }],
  ['it wrote when an acknowledgement had made room', 0, 99, { sender_application: 400, path: 400 }],
])('in flight is not held up by the path: %s', (_, notsent, then_ms, expected) => {
  expect(both(wrote(notsent, then_ms))).toMatchObject(expected);
});

test('of a connection that has not ended, its samples', () => {
  const told = new Told();
  for (const at_ms of [500, 1000])
    told.add('sample', at_ms, {
      ...CLIENT,
      role: 'client',
      state: 'established',
      interval_us: 500_000,
      busy_us: 500_000,
      rwnd_limited_us: 400_000,
      bytes_sent: 10,
    });
  expect(both(told)).toEqual({ receiver_window: 800, path: 200 });
});

test('a connect that is under way is none', () => {
  expect(judgeCauses(new Told().add('sample', 1, { ...CLIENT, state: 'syn_sent', interval_us: 900_000 }).evidence).slow).toEqual([]);
});
