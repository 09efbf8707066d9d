// An investigation by the API, of an agent and a collector that run: the verdict over stored rows says of each segment that the kernel sent
// again what the test did to it.
import { once } from 'node:events';
import process from 'node:process';
import { expect, test } from 'vitest';
import { CollectorProcess } from '../browser/collector-process.ts';
import { asOwner } from '../server/support/investigating.ts';
import { startAgent } from '../support/agent-process.ts';
import { lose, makePair } from '../support/netns.ts';
import { waitFor } from '../support/wait.ts';

const TRAFFIC = new URL('../support/traffic.ts', import.meta.url).pathname;
const PORT = 7020;
const WAIT_MS = 100;

test('a loss in the receiver’s netfilter, by rows of the store', async (context) => {
  if (process.getuid?.() !== 0) return context.skip('needs root: network namespaces and BPF');
  const pair = makePair();
  const collector = new CollectorProcess();
  const serving = pair.server.start(process.execPath, TRAFFIC, 'serve', '0.0.0.0', String(PORT));
  await collector.start();
  const agent = await startAgent('--collector', collector.url, '--interval', '1s', '--cpu-budget', '100%');
  try {
    const { start, stop, one, verdict } = asOwner(
      () => collector.url,
      () => collector.data,
    );
    if (serving.stdout) await once(serving.stdout, 'data');
    lose(pair.server, 'ipv4', 0.05);
    const started = await start({ expression: `port = ${PORT}`, detail: 'packets', rows_per_s: 50_000, for_ms: 600_000 });
    const id = String(started.body['id']);
    expect(await verdict(id)).toMatchObject({ segments: 0, sentences: [], cut: [] });
    await waitFor(
      'the agent',
      () => one(id),
      ({ counts }) => counts.running === 1,
      WAIT_MS,
    );
    const client = pair.client.start(process.execPath, TRAFFIC, 'client', pair.server.address.ipv4, ...[PORT, 4, 400_000, 100].map(String));
    client.stdout?.resume();
    await once(client, 'exit');
    await stop(id);
    const { at_hosts } = await waitFor(
      'its end',
      () => one(id),
      ({ counts }) => counts.ended === 1,
      WAIT_MS,
    );
    expect(at_hosts).toMatchObject([{ reason: 'by_hand', over_budget: 0, other_end: { watched: true } }]);
    const again = pair.client.nstat()['TcpRetransSegs'] ?? 0;
    expect(again).toBeGreaterThan(0);
    const said = await waitFor(
      'the rows in the store',
      () => verdict(id),
      ({ rows }) => rows.stored >= rows.written && rows.written > 0,
      WAIT_MS,
    );
    expect(said.segments).toBe(again);
    const { dropped_at_receiver = 0, not_needed = 0 } = said.by_cause;
    expect(dropped_at_receiver).toBeGreaterThan(0);
    expect(dropped_at_receiver + not_needed).toBe(again);
    expect(said.dropped).toMatchObject([{ host_id: at_hosts[0]?.host_id, reason: 'netfilter_drop', segments: dropped_at_receiver }]);
    expect(said).toMatchObject({ peer_observed: again, missing: [], cut: [], by_peer: [{ network: '10.77.0.0/24', segments: again }] });
    expect(said.arrivals.seen).toBe(said.arrivals.counted);
    const slow = said.claims.filter(({ about }) => about === 'slow');
    // Connections that took no time to speak of have no claim.
    const hosts = slow.flatMap(({ rests_on }) => rests_on.map(({ host_id }) => host_id));
    expect(new Set(hosts).difference(new Set([at_hosts[0]?.host_id]))).toEqual(new Set());
    console.log([...said.sentences, ...said.claims.map(({ sentence }) => sentence)].join('\n'));
  } finally {
    serving.kill();
    await agent.stop();
    await collector.remove();
    pair.close();
  }
});
