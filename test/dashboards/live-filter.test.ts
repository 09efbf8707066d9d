// Which rows of the live feed belong to a view: those that the collector would answer.
import { describe, expect, test } from 'vitest';
import { FIELD_NAMES } from '../../agent/contract/language/fields.ts';
import { liveFilter } from '../../dashboards/live-filter.ts';
import type { Retransmit } from '../../server/api.ts';

const ROW = {
  host_id: '11',
  host: 'web-1',
  connection_id: '7',
  pid: 99,
  comm: 'nginx',
  role: 'server',
  local_addr: '10.0.0.1',
  local_port: 443,
  peer_addr: '2001:db8::9',
  peer_port: 50_000,
  state: 'established',
  class: 'rto',
  outcome: 'sent',
  segments: 2,
  ca_state: 'loss',
  srtt_us: 1500,
} as Retransmit;

describe('a row that fits, and ones that do not', () => {
  test.each([
    ['', true],
    ['host = web-1', true],
    ['host = 11', true],
    ['host = 000000000000000b', true],
    ['host in (db-3, web-1)', true],
    ['host != web-1', false],
    ['host = db-3', false],
    ['not host = db-3', true],
    ['process = nginx', true],
    ['process = ng*', true],
    ['process = ngin', false],
    ['process != nginx', false],
    ['peer = 2001:DB8:0:0:0:0:0:9', true],
    ['peer in 2001:db8::/32', true],
    ['local in 10.0.0.0/8 and family = ipv4', true],
    ['addr = 10.0.0.2', false],
    ['service_port = 443', true],
    ['service_port = 50000', false],
    ['port = 50000', true],
    ['class = rto and srtt > 1ms and segments >= 2', true],
    ['class = tlp or state = syn_sent', false],
    ['ca_state = loss and outcome = sent and role = server and pid = 99 and connection = 7', true],
    ['kind = retransmit', true],
    ['kind = reset', false],
    ['not kind = reset', true],
    ['handshake > 1ms', false],
    ['not handshake > 1ms', true],
    ['reason = NOT_SPECIFIED', false],
    ['proces = nginx', false],
    ['process =', false],
  ])('%j: %j', (expression, isOne) => {
    const { matches, untold } = liveFilter(expression);
    expect(matches(ROW)).toBe(isOne);
    expect(untold).toEqual([]);
  });

  test('a service port is the peer’s of a client, and the lower where nobody knows', () => {
    const client = { ...ROW, role: 'client', local_port: 50_000, peer_port: 443 } as const;
    for (const role of ['client', 'unknown'] as const) {
      expect(liveFilter('service_port = 443').matches({ ...client, role })).toBe(true);
      expect(liveFilter('service_port = 50000').matches({ ...client, role })).toBe(false);
    }
  });

  test('what a row does not know is neither of a value nor another one', () => {
    const unknown = { ...ROW, comm: '', pid: 0 };
    for (const expression of ['process = *', 'process != nginx', 'pid = 99', 'pid != 99'])
      expect(liveFilter(expression).matches(unknown), expression).toBe(false);
    expect(liveFilter('not process = *').matches(unknown)).toBe(true);
  });
});

describe('what live rows do not tell matches none, and is named', () => {
  test.each([
    ['uid = 0 and class = rto', ['uid = 0']],
    ['class = rto or not (netns = blue or label.env in (a, b))', ['netns = blue', 'label.env in (a, b)']],
    ['container = 0123456789ab', ['container = 0123456789ab']],
    ['cgroup = 12', ['cgroup = 12']],
  ])('%s', (expression, untold) => {
    const filter = liveFilter(expression);
    expect(filter.untold).toEqual(untold);
    expect(filter.matches(ROW)).toBe(false);
  });

  test('these are all of the fields', () => {
    const of = (name: string) => (name === 'label' ? 'label.a = 1' : `${name} in ${VALUES[name] ?? '1'}`);
    expect(FIELD_NAMES.filter((name) => liveFilter(of(name)).untold.length > 0)).toEqual([
      'label',
      'uid',
      'cgroup',
      'container',
      'pod',
      'unit',
      'netns',
    ]);
  });
});

/** A value of each field that takes no number. */
const VALUES: Readonly<Record<string, string>> = {
  kind: 'drop',
  addr: '::1',
  local: '::1',
  peer: '::1',
  family: 'ipv6',
  role: 'client',
  state: 'close',
  srtt: '1s',
  class: 'rto',
  outcome: 'sent',
  event: 'closed',
  end_reason: 'refused',
  direction: 'sent',
  meaning: 'lost',
  old_state: 'close',
  new_state: 'close',
  ca_state: 'open',
  old_ca_state: 'open',
  new_ca_state: 'open',
  duration: '1s',
  handshake: '1s',
  accept_wait: '1s',
  turn: '1s',
  stall: '1s',
  idle: '1s',
};
