// The kernel's stack of each zero window that a socket of this host announces: as many as tcpdump sees, by its receiver's connection and owner,
// and through the function with which TCP sends.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import type { DetailKind } from '../../agent/contract/detail.ts';
import type { Budget } from '../../agent/kernel/budget.ts';
import { startCapture } from '../fidelity/capture.ts';
import { compilePrograms, Endpoint } from '../fidelity/programs.ts';
import { API, check, decode, ends, isRoot, type RowOf, type Run, useTraffic } from '../support/filtered.ts';
import { type Netns, socketsGone } from '../support/netns.ts';
import { waitFor } from '../support/wait.ts';

useTraffic();

const SLOT = 3;
const FULL = 7010;
const RECEIVE_BYTES = 8192;
const SENT_BYTES = 300_000;
const directory = mkdtempSync(join(tmpdir(), 'tcplens-zero-'));
let program = '';
beforeAll(() => {
  if (isRoot) program = compilePrograms(directory).endpoint;
});
afterAll(() => rmSync(directory, { recursive: true }));

type Family = keyof Netns['address'];
const counted = (side: Netns, name: string) => side.nstat()[name] ?? 0;

/** A sender fills a receiver that reads only once its window has been probed twice. Returns the receiver's process. */
async function fill(family: Family): Promise<number> {
  const { client, server } = ends();
  const probes = counted(client, 'TcpExtTCPWinProbe');
  const script = `rcvbuf:${RECEIVE_BYTES} listen:${FULL} accept wait drain close`;
  const child = server.start(program, server.address[family], ...script.split(' '));
  const receiver = new Endpoint('receiver', child);
  await receiver.until('listen');
  const sending = client.start(program, server.address[family], `connect:${FULL}`, `send:${SENT_BYTES}`, 'shutdown', 'drain', 'close');
  const sender = new Endpoint('sender', sending);
  await waitFor(
    'two window probes',
    () => counted(client, 'TcpExtTCPWinProbe') - probes,
    (sent) => sent >= 2,
    20,
  );
  receiver.goOn();
  await Promise.all([sender.end(), receiver.end()]);
  await socketsGone(server);
  return child.pid ?? 0;
}

/** How many packets with a zero window the receiver sent, as tshark reads what tcpdump took at its device. */
function captured(file: string): number {
  const shut = `tcp.srcport == ${FULL} and tcp.window_size_value == 0 and tcp.flags.reset == 0`;
  return execFileSync('tshark', ['-n', '-r', file, '-Y', shut], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    .split('\n')
    .filter(Boolean).length;
}

type Asked = { expression?: string; detail?: DetailKind; budget?: Budget };
type Seen = { rows: RowOf[]; shut: number; pid: number };

async function during(run: Run, family: Family, { expression = `port = ${FULL}`, detail, budget }: Asked): Promise<Seen> {
  const file = join(directory, 'shut.pcap');
  run.set(SLOT, `${expression} and ${run.netns}`, budget === undefined ? {} : { budget });
  if (detail) run.filters.detail(detail, 1 << SLOT);
  run.take();
  const capture = await startCapture(ends().server, file);
  const pid = await fill(family);
  await capture.stop();
  const rows = run.take();
  if (detail) run.filters.detail(detail, 0);
  return { rows, shut: captured(file), pid };
}

const stacksIn = (rows: readonly RowOf[]) => decode(rows, 'stack').filter(({ about }) => about === 'packet');

for (const family of ['ipv4', 'ipv6'] as const)
  check(`each zero window has the stack that led to it, over ${family}`, async (run) => {
    const { client, server } = ends();
    const before = counted(server, 'TcpExtTCPToZeroWindowAdv');
    const expression = `port = ${FULL} and direction = sent and process = endpoint`;
    const { rows, shut, pid } = await during(run, family, { expression, detail: 'stack' });
    const stacks = stacksIn(rows);
    const closed = counted(server, 'TcpExtTCPToZeroWindowAdv') - before;
    expect(closed).toBeGreaterThan(0);
    // The answer to a window probe announces the zero window once more.
    expect(shut).toBeGreaterThan(closed);
    expect(stacks.length).toBe(shut);
    expect(decode(rows, 'packet'), 'nobody asked for packets').toEqual([]);
    const [connection] = decode(rows, 'connection').filter(({ local_port, event }) => local_port === FULL && event === 'close');
    for (const row of stacks) {
      expect(row.stack.split(' ')).toContain('__tcp_transmit_skb');
      expect(row).toMatchObject({ connection_id: connection?.connection_id, netns: connection?.netns, host_id: 1n, filters: 1 << SLOT });
      expect(row).toMatchObject({ pid, comm: 'endpoint', role: 'server', state: 'established' });
      expect(row).toMatchObject({ local_addr: server.address[family], local_port: FULL, peer_addr: client.address[family] });
      expect([row.peer_port, row.cgroup_id, row.uid]).toEqual([connection?.peer_port, connection?.cgroup_id, connection?.uid]);
      expect(row.srtt_us).toBeGreaterThan(0);
    }
    const ways = new Set(stacks.map(({ stack }) => stack));
    expect(ways.size, 'one that closed it, one that answers a probe').toBeGreaterThan(1);
  });

check('without anybody who asks for stacks it has none', async (run) => {
  const before = run.source.counters().stack;
  const { rows, shut } = await during(run, 'ipv4', {});
  expect(shut).toBeGreaterThan(0);
  expect([stacksIn(rows), run.source.counters().stack]).toEqual([[], before]);
});

check('what no filter wants has none', async (run) => {
  const expression = `(port = ${API} or port = ${FULL} and (direction = received or kind = retransmit))`;
  const { rows, shut } = await during(run, 'ipv4', { expression, detail: 'stack' });
  expect(shut).toBeGreaterThan(0);
  expect(stacksIn(rows)).toEqual([]);
});

check('it pays from its filter’s budget, and what that keeps back is counted', async (run) => {
  const before = run.source.counters().stack;
  const expression = `port = ${FULL} and direction = sent and kind = packet`;
  const { rows, shut } = await during(run, 'ipv4', { expression, detail: 'stack', budget: { rows_per_s: 1, burst: 1 } });
  const { written, withheld } = run.source.counters().stack;
  expect(written - before.written).toBe(stacksIn(rows).length);
  expect(written - before.written + (withheld - before.withheld)).toBe(shut);
  expect(withheld).toBeGreaterThan(before.withheld);
});

check('a device on top of another makes no second one of it', async (run) => {
  const { server } = ends();
  const address = `${server.address.ipv4}/24`;
  server.run('ip', 'link', 'add', 'br0', 'type', 'bridge');
  server.run('ip', 'link', 'set', 'eth0', 'master', 'br0');
  server.run('ip', 'addr', 'del', address, 'dev', 'eth0');
  server.run('ip', 'addr', 'add', address, 'dev', 'br0');
  server.run('ip', 'link', 'set', 'br0', 'up');
  const { rows, shut } = await during(run, 'ipv4', { detail: 'stack' });
  expect(shut).toBeGreaterThan(0);
  expect(stacksIn(rows).length).toBe(shut);
});
