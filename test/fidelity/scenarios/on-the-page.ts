// Situations of which the page once said more, or something else, than there was.
import { expect } from 'vitest';
import { PLAIN, type Scenario, veth } from '../scenario.ts';
import { attempts, closes, counted, segments } from '../views.ts';
import { captured, closeOf, far, transfer } from './transfer.ts';

export const onThePage: readonly Scenario[] = [
  {
    ...PLAIN,
    id: 'W10',
    name: 'small messages, and one second in which all is lost',
    path: captured(...far, 'out:drop:any:ms=2000-3000'),
    server: 'listen:7000 accept drain close',
    client: 'nodelay connect:7000 times:300 send:1000 sleep:20 done flush info shutdown drain close',
    happened: ({ client, carried }) => {
      expect(carried.out['data_dropped']).toBeGreaterThan(0);
      expect(client.nstat['TcpRetransSegs']).toBeGreaterThan(0);
    },
    causes: ({ client }) => [...attempts(client), ...closes(client)],
    says: ({ client }) => {
      const { retrans_data, retrans_tlp, total_retrans } = closeOf(client);
      expect(retrans_data + retrans_tlp).toBe(total_retrans);
    },
    slow: true,
  },
  {
    ...PLAIN,
    id: 'W14',
    name: 'a transfer of a few milliseconds loses segments',
    family: 'ipv6',
    path: captured('out:drop:data:p=0.03'),
    ...transfer(2_000_000),
    happened: ({ client, carried }) => {
      expect(carried.out['data_dropped']).toBeGreaterThan(0);
      expect(client.nstat['TcpRetransSegs']).toBeGreaterThan(0);
    },
    causes: ({ client }) => [...attempts(client), ...closes(client)],
    says: ({ client }) => expect(closeOf(client).retrans_data).toBeGreaterThan(0),
  },
  {
    ...PLAIN,
    id: 'W16',
    name: 'only FINs are lost',
    path: captured(...far, 'out:drop:fin:1-2'),
    ...transfer(1000),
    happened: ({ carried }) => expect(carried.out['dropped']).toBeGreaterThan(0),
    causes: ({ client }) => [...attempts(client), ...closes(client)],
    says: ({ client }) => expect(closeOf(client).retrans_data).toBe(0),
    slow: true,
  },
  {
    ...PLAIN,
    id: 'W16b',
    name: 'many connects lose their first SYNs',
    family: 'ipv6',
    path: captured('out:delay=5:any', 'out:drop:syn:1-40'),
    server: 'listen:7000 times:40 accept drain close done',
    client: 'fork:40 connect:7000 send:100 shutdown drain close done',
    happened: ({ client }) => expect(client.nstat['TcpExtTCPSynRetrans']).toBe(40),
    causes: ({ client }) => [...attempts(client)],
    says: ({ client }) => expect(segments(counted(client), 'syn')).toBeLessThanOrEqual(40),
    slow: true,
  },
  {
    ...PLAIN,
    id: 'W16c',
    name: 'a slow reader: the sender probes a window that opens late',
    path: veth,
    server: 'listen:7000 accept times:30 recv:100000 sleep:100 done drain close',
    client: 'connect:7000 send:20000000 flush close',
    happened: ({ client, server }) => {
      expect(client.nstat['TcpExtTCPLossProbes']).toBeGreaterThan(0);
      expect(server.nstat['TcpExtTCPToZeroWindowAdv']).toBeGreaterThan(0);
    },
    causes: ({ client }) => [...attempts(client), ...closes(client)],
    says: ({ client }) => expect(closeOf(client).retrans_data, 'sent again, but for probes').toBe(0),
    slow: true,
  },
];
