// The agent's connections to its collector, as the kernel sees them.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { post } from '../../../agent/uplink/post.ts';
import { Transport } from '../../../agent/uplink/transport.ts';
import { until } from '../until.ts';

/** Of the keepalive timer of connections to `port`, in seconds: ss has "timer:(keepalive,29sec,0)", or "1min59sec", or "980ms". */
function keepaliveTimers(port: number): number[] {
  const text = execFileSync('ss', ['-Htno', 'state', 'established', 'dport', '=', `:${port}`], { encoding: 'utf8' });
  return [...text.matchAll(/timer:\(keepalive,(?:(\d+)min)?(?:([\d.]+)sec)?(?:(\d+)ms)?,/g)].map(
    ([, minutes = 0, seconds = 0, milliseconds = 0]) => Number(minutes) * 60 + Number(seconds) + Number(milliseconds) / 1000,
  );
}

test('a connection that is kept open is not probed every second', async () => {
  // It stays open for as long as a busy machine takes to look.
  const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) =>
    request.resume().on('end', () => response.end(JSON.stringify({ digest: createHash('sha256').update('rows').digest('hex') }))),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    const answer = await post({
      url: `http://127.0.0.1:${port}/`,
      agent: new Transport().of('http:'),
      headers: {},
      body: Buffer.from('rows'),
      signal: new AbortController().signal,
    });
    expect(answer.verdict).toBe('accepted');
    let timers: number[] = [];
    await until('the connection idles with its timer', () => {
      timers = keepaliveTimers(port);
      return timers.length === 1;
    });
    expect(timers[0]).toBeGreaterThan(10);
  } finally {
    server.close().closeAllConnections();
  }
});
