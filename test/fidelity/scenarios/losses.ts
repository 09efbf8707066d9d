// D1, D6 and B5: random loss, on all sorts of paths.
import { expect } from 'vitest';
import type { Family } from '../../support/netns.ts';
import { type CongestionControl, type Scenario, said } from '../scenario.ts';
import { attempts, closes, counted, segments, sum } from '../views.ts';
import { captured, closeOf, lostOnTheWay, sentAgain, transfer } from './transfer.ts';

type Loss = {
  id: string;
  share: number;
  family: Family;
  congestion: CongestionControl;
  path: 'relay' | 'veth';
  offloads?: boolean;
  bytes: number;
  slow?: true;
};

const cases: Loss[] = [
  { id: 'D1', share: 0.001, family: 'ipv4', congestion: 'cubic', path: 'relay', bytes: 6_000_000 },
  { id: 'D1b', share: 0.01, family: 'ipv6', congestion: 'reno', path: 'relay', bytes: 3_000_000 },
  { id: 'D1c', share: 0.05, family: 'ipv4', congestion: 'bbr', path: 'relay', bytes: 2_000_000 },
  { id: 'D1d', share: 0.3, family: 'ipv6', congestion: 'cubic', path: 'relay', bytes: 100_000, slow: true },
  { id: 'D1e', share: 0.1, family: 'ipv4', congestion: 'reno', path: 'relay', bytes: 300_000, slow: true },
  { id: 'D6', share: 0.03, family: 'ipv4', congestion: 'cubic', path: 'veth', offloads: true, bytes: 16_000_000, slow: true },
  { id: 'D6b', share: 0.02, family: 'ipv6', congestion: 'reno', path: 'veth', offloads: false, bytes: 8_000_000, slow: true },
  { id: 'D6c', share: 0.05, family: 'ipv6', congestion: 'bbr', path: 'veth', offloads: true, bytes: 16_000_000, slow: true },
];

function lossScenario({ id, share, family, congestion, path, offloads = true, bytes, slow }: Loss): Scenario {
  const iptables = family === 'ipv4' ? 'iptables' : 'ip6tables';
  const onVeth = path === 'veth';
  const drop = `${iptables} -A INPUT -p tcp --tcp-flags SYN NONE -m statistic --mode random --probability ${share} -j DROP`;
  return {
    id,
    name: `${share * 100} % random loss, ${congestion}, ${family}${onVeth ? `, ${offloads ? 'large packets' : 'no offloads'}` : ''}`,
    family,
    congestion,
    path: onVeth
      ? { kind: 'veth', offloads, capture: 'client' }
      : captured('out:delay=2:any', 'back:delay=2:any', `out:drop:data:p=${share}`),
    setup: onVeth ? { server: [drop] } : {},
    ...transfer(bytes),
    happened: ({ client, server, carried }) => {
      expect(onVeth ? server.filtered : carried.out['data_dropped']).toBeGreaterThan(0);
      expect(client.nstat['TcpRetransSegs']).toBeGreaterThan(0);
      expect(sum(said(server, 'drain').map((each) => Number(each['bytes'])))).toBe(bytes);
    },
    causes: ({ client }) => [...closes(client), ...attempts(client)],
    says: (seen) => {
      const { client } = seen;
      const close = closeOf(client);
      const { total_retrans, data_segs_out, bytes_sent, bytes_retrans, congestion_control } = close;
      expect(congestion_control).toBe(congestion);
      expect(segments(counted(client), 'unknown'), 'of no class').toBe(0);
      expect(bytes_sent - bytes_retrans).toBe(bytes);
      expect(close).toMatchObject({ peer_addr: seen.server.netns.address[family], comm: 'endpoint' });
      // D1: the ratio is of segments; D6: an event is not a segment.
      expect(total_retrans / data_segs_out, 'retransmitted share').toBeGreaterThan(share / 10);
      if (onVeth && offloads) expect(attempts(client).length).toBeLessThan(sentAgain(client));
      if (!onVeth) lostOnTheWay(seen);
      // B5: what loss costs. Each time in recovery is a row, which says how long it took and what became of the window.
      const left = client.rows.congestion.filter((row) => row.old_ca_state === 'recovery' || row.old_ca_state === 'loss');
      expect(left.length).toBeGreaterThan(0);
      for (const row of left) expect(row.duration_us).toBeGreaterThan(0);
    },
    ...(slow ? { slow } : {}),
  };
}

export const losses: readonly Scenario[] = cases.map(lossScenario);
