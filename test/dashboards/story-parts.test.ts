// The waterfall of a beginning, and the list of events.
import { describe, expect, test } from 'vitest';
import { dropReason, flagWords, resetReason } from '../../dashboards/reason-words.ts';
import { eventsOf } from '../../dashboards/views/connection/events.ts';
import { share, waterfallOf } from '../../dashboards/views/connection/waterfall.ts';
import { causeLink } from '../../dashboards/views/now/cause-link.ts';

const NOTHING = { connect_us: null, accept_us: null, first_send_us: null, first_receive_us: null };

describe('the waterfall', () => {
  const spans = (beginning: Parameters<typeof waterfallOf>[0]) =>
    waterfallOf(beginning).map(({ label, from_us, to_us }) => [label, from_us, to_us]);

  test('a client: handshake, request, answer', () => {
    expect(spans({ ...NOTHING, role: 'client', connect_us: 1000, first_send_us: 1500, first_receive_us: 9500 })).toEqual([
      ['handshake', 0, 1000],
      ['first byte out', 1000, 1500],
      ['first byte in', 1500, 9500],
    ]);
  });
  test('a server: its handshake was before, then it is taken, reads and answers', () => {
    expect(spans({ role: 'server', connect_us: 300, accept_us: 2000, first_receive_us: 2000, first_send_us: 7000 })).toEqual([
      ['handshake', -300, 0],
      ['until used', 0, 2000],
      ['first byte in', 2000, 2000],
      ['first byte out', 2000, 7000],
    ]);
  });
  test('what is not known has no bar', () => expect(spans({ ...NOTHING, role: 'client' })).toEqual([]));
  test('bars share one axis', () => {
    const bars = waterfallOf({ ...NOTHING, role: 'server', connect_us: 500, accept_us: 1500 });
    expect(bars.map((bar) => share(bar, bars))).toEqual([
      { left: 0, width: 0.25 },
      { left: 0.25, width: 0.75 },
    ]);
  });
});

test('events of three kinds are one list in order of time', () => {
  const events = eventsOf({
    resets: [
      {
        time_ns: '3000000000',
        direction: 'sent',
        reason: 'TCP_ABORT_ON_CLOSE',
        state: 'close_wait',
        linger_zero: false,
        idle_us: 2_000_000,
        unread: 77,
        notsent: 0,
        packets_out: 1,
      },
    ],
    drops: [
      {
        time_ns: '2000000000',
        direction: 'received',
        meaning: 'lost',
        reason: 'NETFILTER_DROP',
        location: 'nft_do_chain',
        tcp_flags: 0x12,
        seq: 1,
        length: 0,
      },
      {
        time_ns: '2500000000',
        direction: 'received',
        meaning: 'answered',
        reason: 'tcp_old_sequence',
        location: '',
        tcp_flags: 0x10,
        seq: 1,
        length: 0,
      },
    ],
    congestion: [
      {
        time_ns: '1000000000',
        old_ca_state: 'open',
        new_ca_state: 'recovery',
        duration_us: 500_000,
        snd_cwnd: 10,
        snd_ssthresh: 5,
        packets_out: 9,
        lost_out: 2,
        retrans: 3,
        retrans_spurious: 3,
        evidence: 'dsack',
      },
    ],
  });
  expect(events.map(({ kind, what, detail }) => [kind, what, detail].map((text) => text.replaceAll('\u202f', ' ')))).toEqual([
    ['congestion', 'open → recovery', 'after 500 ms, cwnd 10, 2 marked lost, 3 sent again, 3 of them not needed (DSACK)'],
    ['drop', 'dropped here, coming in: this host’s firewall', 'SYN ACK, in nft_do_chain'],
    ['freed', 'answered here, coming in: had it already', 'ACK'],
    ['reset', 'reset sent: closed with data unread', 'close wait, peer silent for 2 s, 77 B unread, 1 in flight'],
  ]);
});

test('reasons in words, by the kernel’s name where there are none', () => {
  expect(resetReason({ direction: 'sent', reason: 'no_socket', linger_zero: false }).label).toBe('nobody listens');
  expect(resetReason({ direction: 'sent', reason: 'SOME_NEW_ONE', linger_zero: false })).toEqual({
    label: 'SOME_NEW_ONE',
    meaning: 'the kernel’s own name: SOME_NEW_ONE',
  });
  expect(resetReason({ direction: 'sent', reason: '', linger_zero: false }).meaning).toMatch(/before 6\.10/);
  expect(resetReason({ direction: 'received', reason: '', linger_zero: true }).label).toBe('only its sender knows');
  expect(resetReason({ direction: 'sent', reason: 'tcp_state', linger_zero: true }).meaning).toMatch(/SO_LINGER/);
  expect(dropReason({ reason: 'NETFILTER_DROP', meaning: 'lost' }).meaning).toMatch(/this host’s firewall.*neither by the network/);
  expect(dropReason({ reason: '\u202eevil', meaning: 'lost' }).label).toBe('\\u202eevil');
  expect(dropReason({ reason: 'not_specified', meaning: 'answered' }).meaning).toMatch(/^it did its work/);
  expect(dropReason({ reason: 'tcp_old_data', meaning: 'duplicate' }).meaning).toMatch(/no need to send it again/);
  expect([flagWords(0), flagWords(0x12), flagWords(0xff)]).toEqual(['–', 'SYN ACK', 'FIN SYN RST PSH ACK URG ECE CWR']);
});

test('a group leads to its newest connection, or to its process and peer', () => {
  const group = { host_id: '1', host: 'web-1', comm: 'nginx', peer_addr: '10.0.0.1', port: 443, connection_id: '7' };
  expect(causeLink(group, '', false)).toEqual({ connection: { host_id: '1', connection_id: '7' } });
  expect(causeLink({ ...group, connection_id: '0' }, '', false)).toEqual({
    filter: 'process = nginx and peer = 10.0.0.1 and service_port = 443',
  });
  expect(causeLink({ ...group, comm: '', connection_id: '0' }, 'label.env = prod', true)).toEqual({
    filter: 'label.env = prod and host = web-1 and not process = * and peer = 10.0.0.1 and service_port = 443',
  });
});
