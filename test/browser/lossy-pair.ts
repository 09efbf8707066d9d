// Two namespaces with consecutive connections between them that lose segments, for as long as a test runs.
import { once } from 'node:events';
import process from 'node:process';
import { lose, makePair, type Pair } from '../support/netns.ts';

const TRAFFIC = new URL('../support/traffic.ts', import.meta.url).pathname;
const CONNECTIONS = 1_000_000;
const BYTES = 60_000;
/** Limits the rate, so that a fast machine does not make more rows than a verdict can read. */
const PACE = ['tbf', 'rate', '2mbit', 'burst', '6000', 'limit', '400000'];
const LOST = 0.05;

export type LossyPair = Pick<Pair, 'client' | 'server' | 'close'>;

/** The server's netfilter drops a share of the incoming packets. Needs root. @param port of the service */
export async function startLossyPair(port: number): Promise<LossyPair> {
  const { client, server, close } = makePair();
  const serving = server.start(process.execPath, TRAFFIC, 'serve', '0.0.0.0', String(port));
  if (serving.stdout) await once(serving.stdout, 'data');
  lose(server, 'ipv4', LOST);
  client.run('tc', 'qdisc', 'add', 'dev', 'eth0', 'root', ...PACE);
  const asking = client.start(process.execPath, TRAFFIC, 'client', server.address.ipv4, ...[port, CONNECTIONS, BYTES, 100].map(String));
  return {
    client,
    server,
    close: () => {
      for (const one of [asking, serving]) one.kill();
      close();
    },
  };
}
