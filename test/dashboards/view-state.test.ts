import { describe, expect, test } from 'vitest';
import { formatViewState, parseViewState, type ViewState } from '../../dashboards/view-state.ts';

const START: ViewState = {
  page: 'now',
  range: '15m',
  filter: '',
  sort: 'retrans',
  fleet: { order: 'state' },
  connections: { by: 'last_ms' },
  explore: { metric: 'connects', by: ['process'] },
  retransmits: { against: 'previous', pairs: 'hosts' },
  latency: { of: 'rtt', between: 'edges' },
  piles: { by: 'connections' },
  map: { harm: 'lost_ratio', cluster: 'host' },
  investigations: { hosts: '', detail: 'packets', user_stacks: false, minutes: 1, rows: 5000, keep: 30, note: '' },
  connection: null,
  panel: null,
};

describe('links and what they show', () => {
  const cases: readonly (readonly [string, Partial<ViewState>])[] = [
    ['', {}],
    ['?range=1h', { range: '1h' }],
    ['?from=1000&to=2000', { range: { from_ms: 1000, to_ms: 2000 } }],
    ['?filter=host+%3D+web-1+and+peer+in+(2001:db8::1,+10.0.0.0/8)', { filter: 'host = web-1 and peer in (2001:db8::1, 10.0.0.0/8)' }],
    ['?filter=process+%3D+%22a+%26+b%22', { filter: 'process = "a & b"' }],
    ['?filter=no+expression', { filter: 'no expression' }],
    ['?sort=rtt_p99_us', { sort: 'rtt_p99_us' }],
    ['?connection=18446744073709551615/42', { connection: { host_id: '18446744073709551615', connection_id: '42' } }],
    ['?page=admin', { page: 'admin' }],
    ['?page=help', { page: 'help' }],
    ['?panel=completeness', { panel: 'completeness' }],
    ['?differs=rtt_p99,1000,2000', { panel: { metric: 'rtt_p99', from_ms: 1000, to_ms: 2000 } }],
    [
      '?page=help&differs=connects,1000,2000,day',
      { page: 'help', panel: { metric: 'connects', from_ms: 1000, to_ms: 2000, against: 'day' } },
    ],
    [
      '?range=7d&filter=port+%3D+1&sort=failed&connection=1/2',
      { range: '7d', filter: 'port = 1', sort: 'failed', connection: { host_id: '1', connection_id: '2' } },
    ],
    ['?page=explore', { page: 'explore' }],
    [
      '?page=explore&metric=rtt_p99&by=host,label.env&earlier=day',
      { page: 'explore', explore: { metric: 'rtt_p99', by: ['host', 'label.env'], earlier: 'day' } },
    ],
    ['?page=explore&by=', { page: 'explore', explore: { metric: 'connects', by: [] } }],
    ['?page=retransmits', { page: 'retransmits' }],
    ['?page=retransmits&against=day&pairs=networks', { page: 'retransmits', retransmits: { against: 'day', pairs: 'networks' } }],
    ['?page=latency', { page: 'latency' }],
    ['?page=latency&of=handshake&between=hosts', { page: 'latency', latency: { of: 'handshake', between: 'hosts' } }],
    ['?page=connections', { page: 'connections' }],
    [
      '?page=connections&filter=process+%3D+curl&phase=failed&reason=no_port&by=connect_us',
      { page: 'connections', filter: 'process = curl', connections: { phase: 'failed', reason: 'no_port', by: 'connect_us' } },
    ],
    ['?page=connections&state=close_wait', { page: 'connections', connections: { state: 'close_wait', by: 'last_ms' } }],
    ['?page=piles', { page: 'piles' }],
    ['?page=map', { page: 'map' }],
    ['?page=map&harm=failed&cluster=label.rack', { page: 'map', map: { harm: 'failed', cluster: 'label.rack' } }],
    ['?page=piles&state=close_wait&by=growth', { page: 'piles', piles: { state: 'close_wait', by: 'growth' } }],
    ['?page=investigations', { page: 'investigations' }],
    [
      '?page=investigations&filter=port+%3D+443&hosts=label.env+%3D+prod&detail=progress&user_stacks=true&minutes=5&rows=100&keep=0&note=slow+nights',
      {
        page: 'investigations',
        filter: 'port = 443',
        investigations: {
          hosts: 'label.env = prod',
          detail: 'progress',
          user_stacks: true,
          minutes: 5,
          rows: 100,
          keep: 0,
          note: 'slow nights',
        },
      },
    ],
    [
      '?page=investigations&id=00000000000000ab&against=00000000000000cd',
      { page: 'investigations', investigations: { ...START.investigations, id: '00000000000000ab', against: '00000000000000cd' } },
    ],
    ['?page=fleet', { page: 'fleet' }],
    ['?page=fleet&range=1h&host=81985529216486895', { page: 'fleet', range: '1h', fleet: { order: 'state', host: '81985529216486895' } }],
    [
      '?page=fleet&text=web+6.1&label=env%3Dprod&version=0.1.0&kernel=6.1.0&group=zone&state=silent&order=lost',
      {
        page: 'fleet',
        fleet: { text: 'web 6.1', label: 'env=prod', version: '0.1.0', kernel: '6.1.0', group: 'zone', state: 'silent', order: 'lost' },
      },
    ],
  ];
  test.each(cases)('%s', (search, change) => {
    const state = { ...START, ...change };
    expect(parseViewState(search)).toEqual({ state, problems: [] });
    expect(formatViewState(state)).toBe(search);
  });
});

describe('what a link holds and the page cannot use is told', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['?range=2h', /range=2h: known are 5m, 15m/],
    ['?range=toString', /range=toString/],
    ['?from=2000&to=1000', /from and to must both be times/],
    ['?from=2000', /from and to/],
    ['?to=2000', /from and to/],
    ['?from=2000&to=2000', /from the earlier one/],
    ['?from=1e3&to=2000', /from and to/],
    ['?from=1000&to=0x7d0', /from and to/],
    ['?process=nginx', /process=nginx, which this page does not know/],
    ['?host=1', /host=1, which this page does not know/],
    ['?by=bytes', /by=bytes, which this page does not know/],
    ['?sort=comm', /sort=comm: tables sort by retrans/],
    ['?connection=web-1/2', /expected HOST\/ID/],
    ['?connection=1/2x', /expected HOST\/ID/],
    ['?panel=secrets', /panel=secrets/],
    ['?differs=rtt_p99,2000,1000', /differs=rtt_p99,2000,1000: expected METRIC,FROM,TO/],
    ['?differs=rtt_p99,1000,2000,year', /expected METRIC,FROM,TO/],
    ['?tab=completeness', /tab=completeness, which this page does not know/],
    [
      '?page=secrets',
      /page=secrets: known are now, explore, retransmits, latency, connections, listeners, piles, map, investigations, fleet, admin, help/,
    ],
    ['?state=silent', /state=silent, which this page does not know/],
    ['?colour=red', /colour=red, which this page does not know/],
  ];
  test.each(cases)('%s', (search, problem) => {
    const { state, problems } = parseViewState(search);
    expect(state).toEqual(START);
    expect(problems).toEqual([expect.stringMatching(problem)]);
  });
});

test('a harm and a cluster that there are not are told', () => {
  const { state, problems } = parseViewState('?page=map&harm=colour&cluster=rack');
  expect(state).toEqual({ ...START, page: 'map' });
  expect(problems).toEqual([
    expect.stringMatching(/^harm=colour: known are lost_ratio/),
    expect.stringMatching(/^cluster=rack: known are host/),
  ]);
});

test('a state that no connection piles up in is told', () => {
  const { state, problems } = parseViewState('?page=piles&state=time_wait&by=colour');
  expect(state).toEqual({ ...START, page: 'piles' });
  expect(problems).toEqual([
    expect.stringMatching(/^state=time_wait: known are established/),
    expect.stringMatching(/^by=colour: known are connections/),
  ]);
});

test.each([
  ['?page=retransmits&against=monday', /against=monday: known are previous, day, week/],
  ['?page=retransmits&pairs=cats', /pairs=cats: known are hosts, networks/],
])('%s shows the page as it begins, and says what it could not use', (search, problem) => {
  const { state, problems } = parseViewState(search);
  expect(state).toEqual({ ...START, page: 'retransmits' });
  expect(problems).toEqual([expect.stringMatching(problem)]);
});

test.each([
  ['?page=investigations&id=7', /id=7: it has 16 hex digits/],
  ['?page=investigations&against=../x', /against=\.\.\/x: it has 16/],
  ['?page=investigations&detail=all', /detail=all: known are packets, progress, stacks, rows/],
  ['?page=investigations&user_stacks=toString', /user_stacks=toString: known are true, false/],
  ['?page=investigations&minutes=0', /minutes=0: a whole number up to 1440/],
  ['?page=investigations&minutes=1e3', /minutes=1e3/],
  ['?page=investigations&rows=100001', /rows=100001: a whole number up to 100000/],
  ['?page=investigations&keep=2', /keep=2: known are 1, 7, 30, 90, 0 days/],
])('%s shows the form as it begins, and says what it could not use', (search, problem) => {
  const { state, problems } = parseViewState(search);
  expect(state).toEqual({ ...START, page: 'investigations' });
  expect(problems).toEqual([expect.stringMatching(problem)]);
});

test.each([
  ['?page=latency&of=cats', /of=cats: known are rtt, handshake/],
  ['?page=latency&between=us', /between=us: known are edges, hosts, networks/],
])('%s is of the round trip, and says what it could not use', (search, problem) => {
  const { state, problems } = parseViewState(search);
  expect(state).toEqual({ ...START, page: 'latency' });
  expect(problems).toEqual([expect.stringMatching(problem)]);
});

test.each([
  ['?page=fleet&state=away', /state=away: hosts are silent, lagging/],
  ['?page=fleet&order=colour', /order=colour: hosts are sorted by name/],
  ['?page=fleet&tab=1', /tab=1, which this page does not know/],
])('%s shows the list as it is, and says what it could not use', (search, problem) => {
  const { state, problems } = parseViewState(search);
  expect(state).toEqual({ ...START, page: 'fleet' });
  expect(problems).toEqual([expect.stringMatching(problem)]);
});

test('a reason that no connection ends for is told, and the page stays', () => {
  const { state, problems } = parseViewState('?page=connections&reason=bored');
  expect(state.connections).toEqual({ by: 'last_ms' });
  expect(problems).toEqual([expect.stringMatching(/^reason=bored: known are none, fin_local/)]);
});
