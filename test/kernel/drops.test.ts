// Whose a dropped packet was, in the running kernel: a filter finds it by its process, a forwarded packet has no owner here, and a mere
// copy of a packet is no drop.
import { once } from 'node:events';
import { expect } from 'vitest';
import type { Direction } from '../../bpf/rows/rows.gen.ts';
import { until } from '../agent/until.ts';
import { check, connections, decode, ends, useTraffic, WEB } from '../support/filtered.ts';
import { socketsGone } from '../support/netns.ts';

useTraffic();

/** Makes a connect that gets no answer, and waits until `isSeen`. */
async function attempt(address: string, isSeen: () => boolean): Promise<void> {
  const { client } = ends();
  const child = client.start('bash', '-c', `exec 3<>/dev/tcp/${address}/7000`);
  const exit = once(child, 'exit');
  await until('its SYN', isSeen);
  child.kill('SIGKILL');
  await exit;
  await socketsGone(client);
}

/** Packets that the rules of a chain with a verdict have matched. */
const matched = (side: 'client' | 'server', chain: string): number =>
  [
    ...ends()
      [side].run('iptables', '-L', chain, '-v', '-x', '-n')
      .matchAll(/^\s*(\d+)\s+\d+\s+DROP\s/gm),
  ].reduce((sum, [, packets]) => sum + Number(packets), 0);

const EVERY_FIFTH = [
  '-p',
  'tcp',
  '--tcp-flags',
  'SYN',
  'NONE',
  '-m',
  'statistic',
  '--mode',
  'nth',
  '--every',
  '5',
  '--packet',
  '0',
  '-j',
  'DROP',
];

check('a filter by process finds what was dropped on its way out and on its way in', async ({ filters, set, take }) => {
  filters.exclusive(true);
  set(0, 'kind = drop and process = node* and meaning = lost and direction = sent');
  set(1, 'kind = drop and process = node* and meaning = lost and direction = received');
  set(2, 'kind = drop and state = time_wait and meaning = lost');
  take();
  ends().client.run('iptables', '-A', 'OUTPUT', ...EVERY_FIFTH);
  ends().client.run('iptables', '-A', 'INPUT', ...EVERY_FIFTH);
  try {
    await connections(WEB, 10, { request: 20_000 });
    const rows = decode(take(), 'drop').filter(({ peer_port }) => peer_port === WEB);
    const told = (direction: Direction) => rows.filter((row) => row.direction === direction);
    const owned = rows.filter(({ state }) => state !== 'time_wait');
    expect(told('sent')).toHaveLength(matched('client', 'OUTPUT'));
    expect(told('received')).toHaveLength(matched('client', 'INPUT'));
    expect(new Set(owned.map(({ direction }) => direction))).toEqual(new Set(['sent', 'received']));
    for (const row of owned)
      expect(row).toMatchObject({ role: 'client', has_socket: true, local_addr: ends().client.address.ipv4, reason: 'netfilter_drop' });
    // A TIME_WAIT has the connection's identity, and no process any more.
    for (const row of rows) expect(row.filters).toBe(row.state === 'time_wait' ? 4 : row.direction === 'sent' ? 1 : 2);
  } finally {
    ends().client.run('iptables', '-F');
  }
});

check('what passes through has its sender’s view, and no direction', async ({ take }) => {
  const { client, server } = ends();
  client.run('ip', 'route', 'add', '10.99.0.0/24', 'via', server.address.ipv4);
  server.run('ip', 'route', 'add', '10.99.0.0/24', 'via', client.address.ipv4);
  server.run('sysctl', '-qw', 'net.ipv4.ip_forward=1');
  server.run('iptables', '-A', 'FORWARD', '-p', 'tcp', '-j', 'DROP');
  take();
  try {
    await attempt('10.99.0.5', () => matched('server', 'FORWARD') > 0);
    const rows = decode(take(), 'drop').filter(({ reason }) => reason === 'netfilter_drop');
    expect(rows).toHaveLength(matched('server', 'FORWARD'));
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows)
      expect(row).toMatchObject({
        direction: 'unknown',
        role: 'client',
        local_addr: client.address.ipv4,
        peer_addr: '10.99.0.5',
        peer_port: 7000,
      });
  } finally {
    server.run('iptables', '-F');
    server.run('ip', 'route', 'del', '10.99.0.0/24');
    client.run('ip', 'route', 'del', '10.99.0.0/24');
  }
});

check('a frame for another host, on an interface that takes all, is no drop', async ({ take }) => {
  const { client, server } = ends();
  client.run('ip', 'neigh', 'replace', '10.77.0.77', 'lladdr', '02:00:00:00:00:77', 'dev', 'eth0');
  server.run('ip', 'link', 'set', 'eth0', 'promisc', 'on');
  const otherHost = () => Number(/RX:[\s\S]*?\n\s*\d+\s+(\d+)/.exec(server.run('ip', '-s', 'link', 'show', 'eth0'))?.[1]);
  take();
  try {
    const before = otherHost();
    await attempt('10.77.0.77', () => otherHost() > before);
    expect(decode(take(), 'drop').filter(({ peer_port, local_port }) => peer_port === 7000 || local_port === 7000)).toEqual([]);
  } finally {
    server.run('ip', 'link', 'set', 'eth0', 'promisc', 'off');
    client.run('ip', 'neigh', 'del', '10.77.0.77', 'dev', 'eth0');
  }
});
