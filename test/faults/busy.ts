// Real traffic for an agent that watches this kernel: short connections over a lossy path, one after the other.
import { join } from 'node:path';
import process from 'node:process';
import { lose, makePair } from '../support/netns.ts';
import { root } from '../support/project-files.ts';

const TRAFFIC = join(root, 'test', 'support', 'traffic.ts');
const PORT = 7000;

/** Makes traffic until it is stopped. Needs root. */
export function keepBusy(): { stop(): void } {
  const pair = makePair();
  const host = pair.server.address.ipv4;
  lose(pair.server, 'ipv4', 0.05);
  const serving = pair.server.start(process.execPath, TRAFFIC, 'serve', host, String(PORT));
  const client = pair.client.start(process.execPath, TRAFFIC, 'client', host, ...[PORT, 1_000_000, 300, 4_000].map(String));
  return {
    stop() {
      client.kill();
      serving.kill();
      pair.close();
    },
  };
}
