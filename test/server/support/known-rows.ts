// A few known rows of one host, for tests of routes.
import { expect } from 'vitest';
import { EPOCH, postBatch, postReport, report, rowsOf } from './agent.ts';
import { until } from './collector.ts';

/** Resolves when the collector at `url` has inserted all of them. */
export async function fillKnown(url: string): Promise<void> {
  const told = { epoch: EPOCH, minute_ms: Math.floor(Date.now() / 60_000) * 60_000, kind: 'retransmit' };
  const accounting = (['seen', 'sent', 'ring_lost'] as const).map((outcome, at) => ({ ...told, outcome, rows: [10, 8, 1][at] ?? 0 }));
  expect(await postReport(url, report({ accounting }))).toMatchObject({ status: 200 });
  const retransmits = rowsOf('retransmit', 3, (index) => ({
    connection_id: 77,
    peer_port: 443,
    local_port: 40_000,
    segments: index + 1,
    class: 3,
  }));
  const opened = rowsOf('connection', 1, () => ({ connection_id: 77, peer_port: 443, local_port: 40_000, state: 1 }));
  expect(await postBatch(url, 'retransmit', 1, retransmits)).toMatchObject({ status: 200 });
  expect(await postBatch(url, 'connection', 2, opened)).toMatchObject({ status: 200 });
  const reset = rowsOf('reset', 1, () => ({
    connection_id: 77,
    peer_port: 443,
    direction: 1,
    has_socket: 1,
    reason: 'tcp_abort_on_close',
  }));
  const drop = rowsOf('drop', 1, () => ({ peer_port: 443, direction: 2, reason: 'netfilter_drop' }));
  const listener = rowsOf('listener', 1, () => ({ local_port: 80, state: 10, role: 2, accept_queue: 3, accept_queue_limit: 2, drops: 1 }));
  const congestion = rowsOf('congestion', 1, () => ({ connection_id: 77, new_ca_state: 3 }));
  for (const [at, [kind, rows]] of (
    [
      ['reset', reset],
      ['drop', drop],
      ['listener', listener],
      ['congestion', congestion],
    ] as const
  ).entries()) {
    expect(await postBatch(url, kind, 3 + at, rows)).toMatchObject({ status: 200 });
  }
  await until(
    async () => (await (await fetch(`${url}/metrics`)).text()).match(/^tcplens_collector_log_size\S* (\d+)$/m)?.[1],
    (bytes) => bytes === '0',
  );
}
