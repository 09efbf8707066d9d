// B9: a congestion window that the kernel cuts after a pause, a pause after which it does not, and at which end rows say so.
import { expect } from 'vitest';
import { PLAIN, relay, type Scenario, type SideSeen, said } from '../scenario.ts';
import { closes, sum } from '../views.ts';
import { NO_PROBES, noLoss, us } from './slow.ts';
import { far } from './transfer.ts';

const PAUSES = 3;
/** More than any RTO of a path that takes 20 ms. */
const PAUSE_MS = 700;
const IDLE_CLIENT = `connect:7000 send:1500000 flush info wait sleep:${PAUSE_MS} send:20000 flush info close`;

const lookOnce: Scenario['midway'] = async ({ look }) => {
  look();
  return {};
};

/** How often the window was smaller after a write than before it, by TCP_INFO. */
const restartsByInfo = (seen: SideSeen): number => {
  const windows = said(seen, 'info').map((info) => Number(info['snd_cwnd']));
  return windows.filter((after, at) => at % 2 === 1 && after < (windows[at - 1] ?? 0)).length;
};

export const pauses: readonly Scenario[] = [
  {
    ...PLAIN,
    id: 'B9',
    name: 'slow start after idle',
    path: relay(...far),
    setup: { client: [NO_PROBES] },
    server: 'listen:7000 accept drain close',
    client: IDLE_CLIENT,
    midway: lookOnce,
    happened: ({ client }) => {
      const [first, second] = said(client, 'info');
      expect(Number(first?.['snd_cwnd'])).toBeGreaterThan(2 * Number(second?.['snd_cwnd']));
      noLoss({ client, server: client });
    },
    causes: ({ client }) => closes(client).filter(({ idle_restarts }) => idle_restarts > 0),
    says: ({ client, server }) => {
      const [first, second] = said(client, 'info');
      const wide = client.rows.sample.find(({ snd_cwnd }) => snd_cwnd === first?.['snd_cwnd']);
      expect(wide, 'a sample with the window before').toMatchObject({ idle_restarts: 0 });
      const [close] = closes(client);
      expect(close).toMatchObject({ snd_cwnd: second?.['snd_cwnd'], idle_restarts: 1 });
      // What was sent last had been acknowledged when the pause began, a round trip after it was sent.
      expect(close?.idle_restart_us).toBeGreaterThanOrEqual(sum(us(said(client, 'sleep'))));
      expect(close?.idle_restart_us).toBeLessThan(close?.established_us ?? 0);
      expect(closes(server)).toMatchObject([{ idle_restarts: 0, idle_restart_us: 0 }]);
      // Neither loss nor a mark made it small.
      expect([...client.rows.retransmit, ...client.rows.congestion]).toEqual([]);
      expect(close?.delivered_ce).toBe(0);
    },
  },
  {
    ...PLAIN,
    id: 'B9b',
    name: 'as long a pause, and the window stays (tcp_slow_start_after_idle=0)',
    family: 'ipv6',
    path: relay(...far),
    setup: { client: [NO_PROBES, 'sysctl -qw net.ipv4.tcp_slow_start_after_idle=0'] },
    server: 'listen:7000 accept drain close',
    client: IDLE_CLIENT,
    midway: lookOnce,
    happened: ({ client }) => {
      const [first, second] = said(client, 'info');
      expect(Number(second?.['snd_cwnd'])).toBeGreaterThanOrEqual(Number(first?.['snd_cwnd']));
      noLoss({ client, server: client });
    },
    causes: ({ client }) => closes(client),
    says: ({ client }) => {
      expect(closes(client)).toMatchObject([{ idle_restarts: 0, idle_restart_us: 0 }]);
      expect(client.rows.sample.filter(({ idle_restarts }) => idle_restarts > 0)).toEqual([]);
    },
  },
  {
    ...PLAIN,
    id: 'B9c',
    name: 'a server that answers after pauses starts slowly each time',
    family: 'ipv6',
    congestion: 'reno',
    path: relay(...far),
    setup: { client: [NO_PROBES], server: [NO_PROBES] },
    server: `listen:7000 accept recv:100 send:1500000 times:${PAUSES} recv:100 info send:20000 info done drain close`,
    client: `connect:7000 send:100 recv:1500000 times:${PAUSES} sleep:${PAUSE_MS} send:100 recv:20000 done close`,
    happened: ({ client, server }) => {
      expect(restartsByInfo(server)).toBe(PAUSES);
      noLoss({ client, server });
    },
    causes: ({ server }) => closes(server).filter(({ idle_restarts }) => idle_restarts > 0),
    says: ({ client, server }) => {
      const [close] = closes(server);
      expect(close?.idle_restarts).toBe(restartsByInfo(server));
      const paused = us(said(client, 'sleep'));
      expect(close?.idle_restart_us).toBeGreaterThanOrEqual(Math.max(...paused));
      // Each pause is one: they are not taken together.
      expect(close?.idle_restart_us).toBeLessThan((close?.established_us ?? 0) - sum(paused) + Math.max(...paused));
      expect(closes(client)).toMatchObject([{ idle_restarts: 0 }]);
    },
  },
];
