import { describe, expect, test } from 'vitest';
import { congestionBoxes, frameOf, laneBoxes, placeOf } from '../../dashboards/views/connection/lane.ts';
import {
  bytesWords,
  controlWords,
  endOf,
  endsOf,
  leftWords,
  lifeOf,
  retransWords,
  stallWords,
  stateWords,
  turnWords,
} from '../../dashboards/views/connection/story.ts';
import type { Connection } from '../../server/api.ts';

const CONNECTION = {
  role: 'client',
  local_addr: '10.0.0.1',
  local_port: 40_000,
  peer_addr: '2001:db8::2',
  peer_port: 443,
  from_ms: 1000,
  to_ms: 9000,
  opened_ms: 1000,
  closed_ms: 9000,
  end_reason: 'fin_peer',
  sk_err: 0,
  total_retrans: 5,
  unattributed: 0,
  retrans_spurious: 0,
  turns: 0,
  turn_us: 0,
  turn_max_us: null,
  stall_max_us: null,
  unread: 0,
  notsent: 0,
  unacked: 0,
  probes_out: 0,
  congestion_control: 'cubic',
  keepalive: false,
  state_us: {},
  bytes_sent: 1500,
  bytes_received: 0,
  states: [{ state: 'established', from_ms: 1000, to_ms: 9000 }],
} as Connection;

/** The words that `say` finds for CONNECTION with `change`, with ordinary spaces. */
function check(say: (connection: Connection) => string, cases: readonly (readonly [Partial<Connection>, string])[]): void {
  test.each(cases)('%j → %s', (change, expected) => {
    expect(say({ ...CONNECTION, ...change }).replaceAll('\u202f', ' ')).toBe(expected);
  });
}

describe('the story of a connection', () => {
  check(endsOf, [
    [{}, '10.0.0.1:40000 → [2001:db8::2]:443'],
    [{ role: 'server' }, '10.0.0.1:40000 ← [2001:db8::2]:443'],
    [{ role: 'unknown' }, '10.0.0.1:40000 ↔ [2001:db8::2]:443'],
  ]);
  check(endOf, [
    [{}, 'closed by the peer'],
    [{ end_reason: 'none', closed_ms: null }, 'still open'],
    [{ end_reason: 'rst_received', sk_err: 104 }, 'ended by a reset that came in (ECONNRESET)'],
    [{ end_reason: 'unreachable', sk_err: 250 }, 'unreachable: no route, or a router said so (errno 250)'],
  ]);
  check(
    (connection) => lifeOf(connection, 20_000),
    [
      [{}, '8 s'],
      [{ closed_ms: null }, '19 s'],
      [{ opened_ms: null }, 'at least 8 s, opened before it was watched'],
      [{ opened_ms: null, states: [{ state: 'syn_sent', from_ms: 1000, to_ms: 9000 }] }, '8 s, never open'],
      [{ opened_ms: null, closed_ms: null, states: [{ state: 'syn_sent', from_ms: 1000, to_ms: null }] }, '19 s, not open yet'],
    ],
  );
  check(retransWords, [
    [{}, '5 segments, each explained by a row below'],
    [{ total_retrans: 1 }, '1 segment, each explained by a row below'],
    [{ total_retrans: 0 }, 'none'],
    [{ unattributed: 2 }, '5 segments, of which 2 happened unseen: no row says why'],
    [{ retrans_spurious: 3 }, '5 segments, each explained by a row below; 3 not needed, so no loss'],
    [{ total_retrans: null }, 'not known until it closes or is sampled'],
  ]);
  check(turnWords, [
    [{}, 'no answers seen'],
    [{ turns: 4, turn_us: 1_200_000 }, '300 ms on average by the peer, its path included, 4×'],
    [{ turns: 1, turn_us: 2_000_000, role: 'server' }, '2 s on average by this process, 1×'],
    [{ turns: 4, turn_us: 1_200_000, turn_max_us: 900_000 }, '300 ms on average by the peer, its path included, 4×, the longest 900 ms'],
    [{ turns: null }, 'not known until it closes or is sampled'],
  ]);
  check(stallWords, [
    [{ stall_max_us: 152_000 }, 'for up to 152 ms'],
    [{}, 'not seen to'],
    [{ bytes_sent: null }, 'not known until it closes or is sampled'],
  ]);
  check(leftWords, [
    [{}, 'nothing'],
    [
      { unread: 512, notsent: 1500, unacked: 20, probes_out: 1 },
      '512 B unread, 1.5 kB not sent, 20 B not acknowledged, 1 probe unanswered',
    ],
    [{ unread: 7, unacked: null, closed_ms: null }, '7 B unread as of the last sample'],
    [{ unread: null, unacked: null }, 'not known until it closes or is sampled'],
  ]);
  check(controlWords, [
    [{}, 'cubic'],
    [{ keepalive: true }, 'cubic, keepalive on'],
    [{ congestion_control: '' }, 'not known until it closes or is sampled'],
  ]);
  check(stateWords, [
    [{}, 'told when it closes'],
    [{ state_us: { close_wait: 2_000_000, established: 700 } }, 'established 700 µs, close wait 2 s'],
  ]);
  check(bytesWords, [
    [{}, '1.5 kB sent, 0 B received'],
    [{ bytes_sent: null, bytes_received: null }, 'not known until it closes or is sampled'],
  ]);
});

describe('the lane of states', () => {
  const frame = { from_ms: 0, to_ms: 1000, width: 500 };
  test('boxes follow time; the last one lasts', () => {
    const boxes = laneBoxes(
      [
        { state: 'syn_sent', from_ms: 0, to_ms: 100 },
        { state: 'established', from_ms: 100, to_ms: null },
      ],
      frame,
    );
    expect(boxes.map(({ x, width }) => [x, width])).toEqual([
      [0, 50],
      [50, 450],
    ]);
  });
  test('what would be too narrow to see is still there, within the frame', () => {
    const [box] = laneBoxes([{ state: 'close', from_ms: 1000, to_ms: 1000 }], frame);
    expect(box).toMatchObject({ x: 498, width: 2 });
  });
  test('repairs are what the congestion state was besides open', () => {
    const change = (ms: number, old_ca_state: string, new_ca_state: string, duration_us = 0) =>
      ({ time_ns: String(BigInt(ms) * 1_000_000n), old_ca_state, new_ca_state, duration_us }) as Connection['congestion'][number];
    const boxes = congestionBoxes(
      [change(200, 'disorder', 'recovery', 100_000), change(300, 'recovery', 'open', 100_000), change(800, 'open', 'loss', 500_000)],
      900,
      frame,
    );
    expect(boxes.map(({ ca_state, x, width }) => [ca_state, x, width])).toEqual([
      ['disorder', 50, 50],
      ['recovery', 100, 50],
      ['loss', 400, 50],
    ]);
    expect(congestionBoxes([], 900, frame)).toEqual([]);
  });
  test('times outside the frame sit on its edges', () => {
    expect([placeOf(-5, frame), placeOf(5000, frame)]).toEqual([0, 500]);
  });
  test('a connection of one instant has an axis', () => {
    const { from_ms, to_ms } = frameOf({ from_ms: 7, to_ms: 7 });
    expect(to_ms).toBeGreaterThan(from_ms);
  });
});
