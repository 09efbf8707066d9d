// Runs a scenario and returns its captures.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { type Capture, startCapture } from '../fidelity/capture.ts';
import { Endpoint, type Programs, startRelay } from '../fidelity/programs.ts';
import { type Netns, socketsGone } from '../support/netns.ts';
import { waitFor } from '../support/wait.ts';
import { type Packet, readPcap } from './pcap.ts';
import { PORT, type Scenario, SIDES, type Side } from './scenario.ts';
import { makeCarried, makeTrio, ROUTER_ADDRESS, type Trio } from './trio.ts';
import type { Passed } from './truth.ts';

const LOG_GROUP = 5;

const PROXY = join(import.meta.dirname, 'proxy.ts');

/** The packets in each direction between sender and receiver. */
export type Passings = { out: Passed; back: Passed };

/** Makes the traffic. The caller has to close the returned trio. */
export async function runScenario(scenario: Scenario, programs: Programs, directory: string): Promise<{ trio: Trio; captured: Passings }> {
  const trio = scenario.carried ? makeCarried() : makeTrio();
  try {
    for (const side of SIDES) for (const command of scenario.setup?.[side] ?? []) trio[side]?.run(...command.split(' '));
    const prefix = join(mkdtempSync(join(directory, 'run-')), 'pcap');
    const relay =
      scenario.carried &&
      (await startRelay(programs.relay, { client: trio.sender, server: trio.receiver, close: () => {} }, [...scenario.carried], prefix));
    const captures = [
      await startCapture(trio.sender, `${prefix}.left`),
      ...(relay ? [] : [await startCapture(trio.receiver, `${prefix}.server`)]),
    ];
    const proxy =
      scenario.proxied && trio.router ? await startProxy(trio.router, trio.receiver.address[scenario.family], prefix) : undefined;
    const { filtered } = scenario;
    const log = filtered && (await filter(trio[filtered.at], filtered, `${prefix}.log`));
    await converse(scenario, programs.endpoint, trio);
    // Waits for the FINs: one that is sent again later would be among the rows of the next scenario, whose hosts have the same addresses.
    for (const side of SIDES) {
      const host = trio[side];
      if (host) await socketsGone(host);
    }
    await relay?.stop();
    for (const capture of captures) await ended(capture);
    await proxy?.stop();
    await log?.stop();
    const gone = log ? readPcap(`${prefix}.log`) : [];
    const [left, right] = [readPcap(`${prefix}.left`), readPcap(`${prefix}.server`)];
    const captured = proxy
      ? passedByProxy(left, readPcap(`${prefix}.taken`), readPcap(`${prefix}.made`), right, gone)
      : passedBetween(left, right, gone, relay ? readPcap(`${prefix}.client`) : undefined, filtered?.at);
    return { trio, captured };
  } catch (error) {
    trio.close();
    throw new Error(`${scenario.name} did not run`, { cause: error });
  }
}

/**
 * Ends a capture. tcpdump counts a packet from before it was bound to its device, and does not write it: one missing packet is no error.
 */
async function ended(capture: Capture): Promise<void> {
  await capture.stop().catch((error: Error) => {
    const [, captured, received] = /(\d+) packets captured, (\d+) packets received by filter, 0 packets dropped/.exec(error.message) ?? [];
    if (Number(received) - Number(captured) !== 1) throw error;
  });
}

/** Starts the proxy with captures at both of its sides. It connects from another range of ports than clients use. */
async function startProxy(router: Netns, to: string, prefix: string): Promise<{ stop(): Promise<void> }> {
  router.run('sysctl', '-qw', 'net.ipv4.ip_local_port_range=20000 29999');
  const captures = [await startCapture(router, `${prefix}.taken`, 'left'), await startCapture(router, `${prefix}.made`, 'right')];
  const child = router.start(process.execPath, PROXY, String(PORT), to);
  if (child.stdout) await once(child.stdout, 'data');
  return {
    async stop() {
      const exit = once(child, 'close');
      child.kill('SIGTERM');
      await exit;
      for (const capture of captures) await ended(capture);
    },
  };
}

async function converse({ name, family, proxied, ...scripts }: Scenario, program: string, trio: Trio): Promise<void> {
  const begin = (side: 'sender' | 'receiver', address: string) =>
    new Endpoint(`${name} ${side}`, trio[side].start(program, address, ...scripts[side].split(' ')));
  const receiver = begin('receiver', trio.receiver.address[family]);
  await receiver.until('listen');
  const sender = begin('sender', proxied ? ROUTER_ADDRESS[family] : trio.receiver.address[family]);
  await sender.end();
  await receiver.end();
}

/** Drops a share of the packets to the receiver by netfilter, and captures the dropped ones. */
async function filter(
  netns: Netns | undefined,
  { at, share }: NonNullable<Scenario['filtered']>,
  file: string,
): Promise<{ stop(): Promise<void> }> {
  if (netns === undefined) throw new Error(`there is no ${at}`);
  const child = spawn('ip', ['netns', 'exec', netns.name, 'tcpdump', '-i', `nflog:${LOG_GROUP}`, '-U', '-Z', 'root', '-w', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'close');
  await once(child.stderr, 'data');
  child.stderr.resume();
  netns.run('iptables', '-N', 'GONE');
  netns.run('iptables', '-A', 'GONE', '-j', 'NFLOG', '--nflog-group', String(LOG_GROUP), '--nflog-size', '128');
  netns.run('iptables', '-A', 'GONE', '-j', 'DROP');
  const match = ['-p', 'tcp', '--dport', String(PORT), '-m', 'statistic', '--mode', 'random', '--probability', String(share)];
  netns.run('iptables', '-A', at === 'sender' ? 'OUTPUT' : 'INPUT', ...match, '-j', 'GONE');
  const dropped = () => Number(/^\s*(\d+)\s+\d+\s+DROP/m.exec(netns.run('iptables', '-L', 'GONE', '-v', '-x', '-n'))?.[1]);
  return {
    async stop() {
      await waitFor(
        'the log of what was dropped',
        () => readPcap(file).length,
        (count) => count === dropped(),
        100,
      );
      child.kill('SIGINT');
      await ended;
    },
  };
}

/**
 * `carried`: captured where relay.c takes the packets, if it forwards them. Packets of `left` that are missing there were lost in the
 * device.
 */
function passedBetween(left: Packet[], right: Packet[], filtered: Packet[], carried: Packet[] | undefined, at: Side | undefined): Passings {
  const taken = new Set((carried ?? []).map(({ seq, ack, length, ip_id, tsval }) => `${seq} ${ack} ${length} ${ip_id} ${tsval}`));
  const untaken = carried
    ? left.filter(({ seq, ack, length, ip_id, tsval }) => !taken.has(`${seq} ${ack} ${length} ${ip_id} ${tsval}`))
    : [];
  const lost = new Set(untaken);
  const passed = (sent: Packet[], came: Packet[], here: Packet[], at_receiver: Packet[]): Passed => ({
    sent,
    came,
    dropped: { here, at_receiver },
  });
  return {
    out: passed(
      left.filter((packet) => outward(packet) && !lost.has(packet)),
      right.filter(outward),
      [...untaken.filter(outward), ...(at === 'sender' ? inOrder(filtered, left.filter(outward)) : [])],
      at === 'receiver' ? filtered : [],
    ),
    back: passed(right.filter(backward), left.filter(backward), [], []),
  };
}

const outward = (packet: Packet) => packet.dst_port === PORT;
const backward = (packet: Packet) => packet.src_port === PORT;

/** The proxy's two connections in one set: their ports tell them apart. `filtered`: packets that were dropped as they came in. */
function passedByProxy(left: Packet[], taken: Packet[], made: Packet[], right: Packet[], filtered: Packet[]): Passings {
  return {
    out: {
      sent: [...left.filter(outward), ...made.filter(outward)],
      came: [...taken.filter(outward), ...right.filter(outward)],
      dropped: { here: [], at_receiver: filtered },
    },
    back: {
      sent: [...taken.filter(backward), ...right.filter(backward)],
      came: [...left.filter(backward), ...made.filter(backward)],
      dropped: { here: [], at_receiver: [] },
    },
  };
}

/** Less than the time between any two packets that are sent one after the other. */
const LEAST_US = 0.25;

/** Gives dropped packets a time, as the log has none: just after the sent packet with the next lower IP identification. */
function inOrder(filtered: Packet[], left: Packet[]): Packet[] {
  return filtered.map((packet) => {
    const before = left.filter(({ src_port, ip_id }) => src_port === packet.src_port && ((packet.ip_id - ip_id) & 0xffff) < 0x8000);
    const next = before.reduce(
      (a: Packet | undefined, b) => (a && ((packet.ip_id - a.ip_id) & 0xffff) <= ((packet.ip_id - b.ip_id) & 0xffff) ? a : b),
      undefined,
    );
    const after = next ? (packet.ip_id - next.ip_id) & 0xffff : 0;
    return { ...packet, time_us: (next?.time_us ?? 0) + after * LEAST_US };
  });
}
