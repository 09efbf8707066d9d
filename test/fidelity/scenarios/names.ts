// The process's name in rows, where a process changes its name while it holds connections.
import { expect } from 'vitest';
import { PLAIN, relay, type Scenario } from '../scenario.ts';
import { closes, pidOf } from '../views.ts';

export const names: readonly Scenario[] = [
  {
    ...PLAIN,
    id: 'F1',
    name: 'processes that rename themselves, before and after accept',
    path: relay('out:delay=1:any'),
    server: 'listen:7000 rename:1 accept recv:10 keep rename:2 accept recv:10 wait close',
    client: 'connect:7000 send:10 keep connect:7000 send:10 rename:3 wait close',
    midway: async ({ look }) => {
      look();
      return {};
    },
    happened: ({ server }) => expect(server.nstat['TcpPassiveOpens']).toBe(2),
    causes: ({ server, client }) => [...server.rows.listener.slice(-1), ...closes(server), ...closes(client)],
    says: ({ server, client }) => {
      const ofServer = { pid: pidOf(server), comm: 'renamed-2' };
      const ofClient = { pid: pidOf(client), comm: 'renamed-3' };
      expect(server.rows.listener.at(-1)).toMatchObject(ofServer);
      // By the time these end, a sweep has come after each new name.
      expect(closes(server)).toMatchObject([ofServer, ofServer]);
      expect(closes(client)).toMatchObject([ofClient, ofClient]);
    },
  },
];
