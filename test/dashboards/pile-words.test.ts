import { expect, test } from 'vitest';
import { closerSeverity, closerWords, pileSeverity, pileWords, portSeverity, portWords } from '../../dashboards/pile-words.ts';
import type { Closer, Pile, PortUse } from '../../server/api.ts';

const S = 1_000_000;
const plain = (text: string) => text.replaceAll('\u202f', ' ');
const PILE = {
  state: 'close_wait',
  connections: 300,
  before: 100,
  oldest_us: 600 * S,
  median_us: 60 * S,
  quiet_us: 45 * S,
  unread: 0,
} as Pile;

test.each([
  [
    'a leak',
    {},
    'bad',
    /^The peer has closed, this application has not\. close\(\) is missing in it: .* That is no limit to be raised\. 200 more than when the range began, and none has moved data for 45 s\.$/,
  ],
  ['one that grows no more', { before: 300, oldest_us: 30 * S }, 'warn', /close\(\) is missing .* no limit to be raised\.$/],
  ['one that does not read to the end', { unread: 4096 }, 'bad', /4\.1 kB wait unread: it has not read to the end\.$/],
  ['one that was just closed', { oldest_us: 3 * S, before: 0 }, 'none', /^The peer has closed.* Not for long so far/],
  ['kept ones', { state: 'established' }, 'none', /^Opened in this time, or first met in it, and still open/],
  [
    'orphans of FIN_WAIT2',
    { state: 'fin_wait2' },
    'warn',
    /^Closed here and acknowledged: it waits for the peer to close.*TCP_LINGER2, tcp_fin_timeout/,
  ],
  ['a FIN on its way', { state: 'fin_wait1', oldest_us: S }, 'none', /^Closed here, and the peer has not acknowledged it/],
  ['a last ACK that does not come', { state: 'last_ack' }, 'warn', /^Both sides have closed/],
  ['no answer', { state: 'syn_sent' }, 'warn', /no answer yet/],
] as const)('%s', (_name, change, severity, words) => {
  const pile = { ...PILE, ...change };
  expect(pileSeverity(pile)).toBe(severity);
  expect(plain(pileWords(pile))).toMatch(words);
  // What is told of sockets is no verdict on the network, and a timeout of FIN_WAIT2 is none of CLOSE_WAIT.
  expect(pileWords(pile)).not.toMatch(/packet loss/);
  if (pile.state === 'close_wait') expect(pileWords(pile)).not.toMatch(/tcp_fin_timeout/);
});

const CLOSER = { role: 'client', closed_first: 900, peer_first: 0, closed_first_per_s: 1.5, last_minute: 90 } as Closer;

test.each([
  [
    'a client',
    {},
    'none',
    /^This side closes first, 1\.5 a second; each keeps its local port toward this destination for 60 s\. tcp_fin_timeout does not change that\. Keeping connections/,
  ],
  ['a server', { role: 'server', last_minute: 5000 }, 'warn', /each takes some memory for 60 s, and no port/],
  ['by turns', { peer_first: 100 }, 'none', /^This side closed 90\.0 % of them first/],
  ['the peer', { closed_first: 0, peer_first: 9 }, 'none', /^The peer closes first: the TIME_WAITs are there, none here\.$/],
] as const)('who closes first: %s', (_name, change, severity, words) => {
  const closer = { ...CLOSER, ...change };
  expect(closerSeverity(closer)).toBe(severity);
  expect(plain(closerWords(closer))).toMatch(words);
});

const USE = {
  local_addr: '10.0.0.1',
  peer_addr: '10.0.0.2',
  peer_port: 443,
  used: 100,
  used_before: 50,
  range: 28_232,
  failed: 0,
  failed_bound: 0,
  full_in_s: 9999,
} as PortUse;

test.each([
  ['few', {}, 'none', /^$/],
  ['a range that nobody knows', { range: null, full_in_s: null }, 'none', /^$/],
  [
    'nearly all',
    { used: 23_000, full_in_s: 180 },
    'warn',
    /^81\.5 % of the local ports from 10\.0\.0\.1 toward 10\.0\.0\.2:443 are in use; when all are, connect\(\) fails\. As it grows, that is in 3 min\. Keeping connections/,
  ],
  ['so many that it is late', { used: 28_000, full_in_s: null }, 'bad', /^99\.2 % .* fails\. Keeping connections/],
  [
    'none left',
    { used: 28_232, failed: 7 },
    'bad',
    /^7 connects found no local port from 10\.0\.0\.1 toward 10\.0\.0\.2:443 \(EADDRNOTAVAIL\): it chooses from 28\.2 k\. Nothing was sent, so neither the network nor the peer had part in it\./,
  ],
  ['a port of its own that was taken', { failed: 1, failed_bound: 1 }, 'warn', /^1 connect of sockets bound to one port found that taken/],
] as const)('local ports: %s', (_name, change, severity, words) => {
  const use = { ...USE, ...change };
  expect(portSeverity(use)).toBe(severity);
  expect(plain(portWords(use))).toMatch(words);
});
