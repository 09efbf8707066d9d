// Which hosts an answer shows, in which order, and what it says of all.
import { expect, test } from 'vitest';
import type { KnownHost } from '../../../server/fleet/known-hosts.ts';
import { type FleetAsked, listing } from '../../../server/fleet/listing.ts';

function host(at: number, changes: Partial<KnownHost>): KnownHost {
  return {
    host_id: String(at),
    name: `web-${at}`,
    state: 'live',
    labels: {},
    kernel: '6.1.0',
    agent_version: '0.1.0',
    skew: 'same',
    rows_per_s: at,
    seen: 0,
    sent: 0,
    waiting: 0,
    lost: { kernel: 0, agent: 0, collector: 0 },
    clock_ahead_ms: null,
    certificate_ends_ms: null,
    credential_ms: null,
    joined_ms: null,
    revoked_ms: null,
    cloned_from: null,
    same_machine: [],
    began_ms: 1000,
    last_seen_ms: 10_000 * at,
    interval_ms: 10_000,
    ...changes,
  };
}

const HOSTS = [
  host(1, { labels: { env: 'prod', zone: 'a' }, lost: { kernel: 1, agent: 2, collector: 4 } }),
  host(2, { labels: { env: 'test' }, state: 'silent', kernel: '5.15.0' }),
  host(3, { labels: { env: 'prod' }, state: 'lagging', waiting: 5, agent_version: '0.0.9', skew: 'older' }),
  host(4, { state: 'retired' }),
  host(0xfffe, { name: 'db', labels: { note: 'a=b' }, last_seen_ms: null, agent_version: '' }),
];
const ask = (asked: Partial<FleetAsked>) => listing(HOSTS, { sort: 'name', limit: 100, offset: 0, ...asked });
const names = (asked: Partial<FleetAsked>) => ask(asked).page.map(({ name }) => name);

test.each<[Partial<FleetAsked>, string[]]>([
  [{}, ['db', 'web-1', 'web-2', 'web-3']],
  [{ state: 'retired' }, ['web-4']],
  [{ state: 'silent' }, ['web-2']],
  [{ text: 'WEB 0.1.0' }, ['web-1', 'web-2']],
  [{ text: 'env=prod' }, ['web-1', 'web-3']],
  [{ text: '000000000000fffe' }, ['db']],
  [{ label: 'env=prod' }, ['web-1', 'web-3']],
  [{ label: 'env=pro' }, []],
  [{ label: 'note=a=b' }, ['db']],
  [{ version: '0.0.9' }, ['web-3']],
  [{ kernel: '5.15.0' }, ['web-2']],
  [{ sort: 'state' }, ['web-2', 'web-3', 'db', 'web-1']],
  [{ sort: 'rows' }, ['db', 'web-3', 'web-2', 'web-1']],
  [{ sort: 'lost' }, ['web-1', 'db', 'web-2', 'web-3']],
  [{ sort: 'waiting' }, ['web-3', 'db', 'web-1', 'web-2']],
  [{ sort: 'heard' }, ['db', 'web-1', 'web-2', 'web-3']],
  [{ sort: 'version' }, ['db', 'web-3', 'web-1', 'web-2']],
  [{ limit: 2, offset: 1 }, ['web-1', 'web-2']],
  [{ group: 'env' }, ['db', 'web-1', 'web-3', 'web-2']],
  [{ group: 'env', sort: 'waiting' }, ['db', 'web-3', 'web-1', 'web-2']],
])('%j: %j', (asked, expected) => {
  expect(names(asked)).toEqual(expected);
});

test('states are counted whichever is asked for, and only of the hosts that match', () => {
  const counts = { silent: 1, lagging: 1, revoked: 0, new: 0, live: 2, retired: 1 };
  expect(ask({ state: 'silent' })).toMatchObject({ total: 1, counts });
  expect(ask({ label: 'env=prod' })).toMatchObject({ total: 2, counts: { ...counts, silent: 0, live: 1, retired: 0 } });
});

test('groups add up all their hosts, also those of other pages', () => {
  expect(ask({ group: 'env', limit: 1 }).groups).toEqual([
    { value: '', hosts: 1, rows_per_s: 0xfffe, lost: 0 },
    { value: 'prod', hosts: 2, rows_per_s: 4, lost: 7 },
    { value: 'test', hosts: 1, rows_per_s: 2, lost: 0 },
  ]);
  expect(ask({}).groups).toEqual([]);
});

test('labels of all hosts are named, and the versions of those that have told one', () => {
  expect(ask({ label: 'env=test' }).labels).toEqual(['env', 'note', 'zone']);
  expect(ask({}).versions).toEqual([
    { agent_version: '0.1.0', skew: 'same', hosts: 2 },
    { agent_version: '0.0.9', skew: 'older', hosts: 1 },
  ]);
});
