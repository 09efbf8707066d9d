import { describe, expect, test } from 'vitest';
import { parseFilter } from '../../dashboards/filter.ts';
import { matchesFilter, rangeQuery } from '../../dashboards/range-query.ts';
import type { ViewState } from '../../dashboards/view-state.ts';
import type { Retransmit } from '../../server/api.ts';

const NOW_MS = 1_800_000_000_000;
const HOSTS = [
  { host_id: '11', name: 'web-1' },
  { host_id: '255', name: 'db-3' },
];

describe('what is asked for', () => {
  const cases: readonly (readonly [Pick<ViewState, 'range' | 'filter'>, Record<string, string>])[] = [
    [
      { range: '5m', filter: {} },
      { from: String(NOW_MS - 300_000), to: String(NOW_MS) },
    ],
    [
      { range: { from_ms: 10.5, to_ms: 20.5 }, filter: {} },
      { from: '10', to: '21' },
    ],
    [
      { range: { from_ms: 1, to_ms: 2 }, filter: { host: 'db-3', process: 'nginx', peer: '10.0.0.1', port: 0 } },
      { from: '1', to: '2', filter: 'host = 255 and process = nginx and peer = 10.0.0.1 and not service_port > 0' },
    ],
    [
      { range: { from_ms: 1, to_ms: 2 }, filter: { host: '00000000000000ff' } },
      { from: '1', to: '2', filter: 'host = 255' },
    ],
    [
      { range: { from_ms: 1, to_ms: 2 }, filter: { host: '77' } },
      { from: '1', to: '2', filter: 'host = 77' },
    ],
  ];
  test.each(cases)('%j', (view, query) => {
    expect(rangeQuery(view, HOSTS, NOW_MS)).toEqual({ query, error: '' });
  });

  test('a host nobody knows is refused here, with those that are known', () => {
    const asked = { range: '5m', filter: { host: 'web-9' } } as const;
    expect(rangeQuery(asked, HOSTS, NOW_MS)).toEqual({ query: null, error: 'No host is called “web-9”. Known: web-1, db-3.' });
    expect(rangeQuery(asked, [], NOW_MS).error).toMatch(/None has reported yet/);
  });
});

describe('a peer means the same however it is spelled, in live rows and in what is asked for', () => {
  const spellings = [
    ['2001:db8::1', ['2001:db8::1', '2001:DB8::1', '2001:db8:0:0:0:0:0:1', '2001:0db8::0001']],
    ['1.2.3.4', ['1.2.3.4', '::ffff:1.2.3.4', '::FFFF:102:304', '0:0:0:0:0:ffff:1.2.3.4']],
  ] as const;
  test.each(spellings)('%s', (peer_addr, texts) => {
    for (const text of texts) {
      const { filter } = parseFilter(`peer=${text}`);
      expect(matchesFilter({ peer_addr } as Retransmit, filter ?? {}, HOSTS), text).toBe(true);
      expect(matchesFilter({ peer_addr: '9.9.9.9' } as Retransmit, filter ?? {}, HOSTS), text).toBe(false);
      expect(rangeQuery({ range: '5m', filter: filter ?? {} }, HOSTS, NOW_MS).query, text).toMatchObject({ filter: `peer = ${peer_addr}` });
    }
  });
});

describe('live rows that belong to the view', () => {
  const row = {
    host_id: '11',
    host: 'web-1',
    comm: 'nginx',
    role: 'server',
    local_port: 443,
    peer_addr: '10.0.0.9',
    peer_port: 50_000,
  } as Retransmit;
  const cases: readonly (readonly [ViewState['filter'], boolean])[] = [
    [{}, true],
    [{ host: 'web-1' }, true],
    [{ host: '11' }, true],
    [{ host: '000000000000000b' }, true],
    [{ host: 'db-3' }, false],
    [{ process: 'nginx' }, true],
    [{ process: 'ngin' }, false],
    [{ peer: '10.0.0.9' }, true],
    [{ peer: '10.0.0.8' }, false],
    [{ port: 443 }, true],
    [{ port: 50_000 }, false],
    [{ process: 'nginx', port: 80 }, false],
  ];
  test.each(cases)('%j → %s', (filter, expected) => {
    expect(matchesFilter(row, filter, HOSTS)).toBe(expected);
  });

  test('a client’s service port is its peer’s', () => {
    const client = { ...row, role: 'client', local_port: 50_000, peer_port: 443 } as Retransmit;
    expect(matchesFilter(client, { port: 443 }, HOSTS)).toBe(true);
    expect(matchesFilter(client, { port: 50_000 }, HOSTS)).toBe(false);
    expect(matchesFilter({ ...client, role: 'unknown' }, { port: 443 }, HOSTS)).toBe(true);
  });
});
