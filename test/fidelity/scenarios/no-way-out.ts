// The host itself has no route to send on. Rows say what it did not send, and that this is not the network's doing.
import { expect } from 'vitest';
import type { Family } from '../../support/netns.ts';
import { type Path, PLAIN, type Running, relay, type Scenario, type Seen, said, veth } from '../scenario.ts';
import { sentencesOf, storiesOf } from '../sentences.ts';
import { closes, counterOf, sum } from '../views.ts';

const BEFORE = 1000;
const AFTER = 50_000;
const TIMEOUT_MS = 3000;

type Case = { id: string; name: string; family?: Family; path?: Path; shut: (running: Running) => void };

const cases: readonly Case[] = [
  { id: 'D9', name: 'its route is removed', shut: ({ client }) => client.run('ip', 'route', 'del', '10.77.0.0/24') },
  {
    id: 'D9b',
    name: 'its route is removed',
    family: 'ipv6',
    shut: ({ client }) => client.run('ip', '-6', 'route', 'del', 'fd77::/64', 'dev', 'eth0'),
  },
  { id: 'D9c', name: 'its route prohibits', shut: ({ client }) => client.run('ip', 'route', 'add', 'prohibit', '10.77.0.2/32') },
  { id: 'D9d', name: 'its route is a black hole', shut: ({ client }) => client.run('ip', 'route', 'add', 'blackhole', '10.77.0.2/32') },
  { id: 'D9e', name: 'its link is down', shut: ({ client }) => client.run('ip', 'link', 'set', 'eth0', 'down') },
];

/** The words put it down to this host, and to nobody else. */
function isThisHosts({ client }: Seen): void {
  const words = sentencesOf(client);
  expect(words).toContainEqual(
    expect.stringMatching(
      /^this host: This host has no way to send to .*:7000: no route, or the link is down.* waited here for .* until it was given up/,
    ),
  );
  expect(words.filter((each) => /the peer is gone|nothing passes/.test(each))).toEqual([]);
  const [story] = storiesOf(client);
  expect(story?.limits.host, 'the share of this host').toBeGreaterThan(story?.limits.network ?? 1);
}

/** Samples and the end add up to the life. */
function addsUp({ client }: Seen): void {
  const [close] = closes(client);
  const { sample } = client.rows;
  expect(sum(sample.map((row) => row.local_limited_us)) + (close?.local_limited_us_rest ?? 0)).toBe(close?.local_limited_us);
  expect(sum(sample.map((row) => row.bytes_sent)) + (close?.bytes_sent_rest ?? 0)).toBe(close?.bytes_sent);
  expect(sum(sample.map((row) => row.bytes_failed))).toBeLessThanOrEqual(close?.bytes_failed ?? 0);
}

const scenarioOf = ({ id, name, family = 'ipv4', path = veth, shut }: Case): Scenario => ({
  ...PLAIN,
  id,
  name: `this host has no way to send any more: ${name}`,
  family,
  path,
  server: `listen:7000 accept recv:${BEFORE} wait wait linger0 close`,
  client: `user_timeout:${TIMEOUT_MS} connect:7000 send:${BEFORE} flush wait send:${AFTER} info error close`,
  midway: async (running) => {
    shut(running);
    return {};
  },
  happened: ({ client }) => {
    const [info] = said(client, 'info');
    expect(Number(info?.['bytes_sent']), 'what the kernel calls sent').toBeGreaterThan(BEFORE);
    expect(info?.['notsent']).toBe(AFTER);
    expect(counterOf(client.nstat, 'IpOutNoRoutes+Ip6OutNoRoutes')).toBeGreaterThan(0);
  },
  causes: ({ client }) => [
    ...closes(client).filter(({ bytes_failed }) => bytes_failed > 0),
    ...client.rows.namespace.filter(({ out_no_routes }) => out_no_routes > 0),
  ],
  says: (seen) => {
    const { client } = seen;
    const [close] = closes(client);
    const [info] = said(client, 'info');
    expect(close).toMatchObject({ bytes_sent: BEFORE, notsent: AFTER, unacked: 0 });
    expect((close?.bytes_sent ?? 0) + (close?.bytes_failed ?? 0)).toBeGreaterThanOrEqual(Number(info?.['bytes_sent']));
    // From the first write to the end, data waited for this host.
    const [waited] = said(client, 'error');
    expect(close?.local_limited_us).toBeGreaterThan(0.8 * Number(waited?.['us']));
    expect(close?.local_limited_us).toBeLessThanOrEqual(close?.busy_us ?? 0);
    expect(
      client.rows.sample.some(({ bytes_failed }) => bytes_failed > 0),
      'known while it lives',
    ).toBe(true);
    addsUp(seen);
    isThisHosts(seen);
  },
  slow: true,
});

export const noWayOut: readonly Scenario[] = [
  ...cases.map(scenarioOf),
  {
    ...PLAIN,
    id: 'D9h',
    name: 'this host has no way to send any more: closed by its process with data that waits',
    path: veth,
    server: `listen:7000 accept recv:${BEFORE} wait wait linger0 close`,
    client: `user_timeout:${TIMEOUT_MS} connect:7000 send:${BEFORE} flush wait send:${AFTER} close sleep:${TIMEOUT_MS + 1000}`,
    midway: async ({ client }) => {
      client.run('ip', 'route', 'del', '10.77.0.0/24');
      return {};
    },
    happened: ({ client }) => expect(client.nstat['IpOutNoRoutes']).toBeGreaterThan(0),
    causes: ({ client }) => closes(client).filter(({ bytes_failed }) => bytes_failed > 0),
    says: (seen) => {
      expect(closes(seen.client)).toMatchObject([{ bytes_sent: BEFORE, notsent: AFTER, unacked: 0, unread: 0 }]);
      addsUp(seen);
      isThisHosts(seen);
    },
    slow: true,
  },
  {
    ...PLAIN,
    id: 'D9f',
    name: 'this host has no way to send any more: its link goes down with data in flight',
    path: relay('out:delay=800:data'),
    server: 'listen:7000 accept wait wait linger0 close',
    client: `user_timeout:${TIMEOUT_MS} connect:7000 send:${BEFORE} wait error close`,
    midway: async ({ client }) => {
      client.run('ip', 'link', 'set', 'eth0', 'down');
      return {};
    },
    happened: ({ client }) => expect(said(client, 'error')[0]?.['errno']).toBeGreaterThan(0),
    causes: ({ client }) => client.rows.retransmit.filter(({ outcome }) => outcome === 'refused'),
    says: (seen) => {
      const [close] = closes(seen.client);
      expect(close).toMatchObject({ bytes_failed: 0, unacked: BEFORE });
      expect((close?.bytes_sent ?? 0) - (close?.bytes_retrans ?? 0)).toBe(BEFORE);
      // The time counts from the first retransmission that found no route.
      expect(close?.local_limited_us).toBeGreaterThan(0.5 * (close?.busy_us ?? 0));
      addsUp(seen);
      isThisHosts(seen);
    },
    slow: true,
  },
  {
    ...PLAIN,
    id: 'D9g',
    name: 'a connect without a route leaves nothing but its counter',
    path: veth,
    server: 'listen:7000 wait close',
    client: 'connect:7000 close',
    setup: { client: ['ip route del 10.77.0.0/24'] },
    happened: ({ client }) => expect(said(client, 'connect')).toMatchObject([{ errno: 101 }]),
    causes: ({ client }) => client.rows.namespace.filter(({ out_no_routes }) => out_no_routes > 0),
    says: ({ client }) => expect(client.rows.connection).toEqual([]),
  },
];
