// Runs one scenario and returns what its captures say.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { type Capture, startCapture } from '../fidelity/capture.ts';
import { Endpoint, type Programs, startRelay } from '../fidelity/programs.ts';
import type { Netns } from '../support/netns.ts';
import { waitFor } from '../support/wait.ts';
import { type Packet, readPcap } from './pcap.ts';
import { PORT, type Scenario, SIDES } from './scenario.ts';
import { makeCarried, makeTrio, type Trio } from './trio.ts';
import type { Passed } from './truth.ts';

const LOG_GROUP = 5;

/** What passed from the sender to the receiver, and back. */
export type Passings = { out: Passed; back: Passed };

/** Makes the traffic; the trio stays for the caller to close. */
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
    const { filtered } = scenario;
    const log = filtered && (await filter(trio[filtered.at], filtered, `${prefix}.log`));
    await converse(scenario, programs.endpoint, trio);
    await relay?.stop();
    for (const capture of captures) await ended(capture);
    await log?.stop();
    const gone = log ? readPcap(`${prefix}.log`) : [];
    const captured = passedBetween(
      readPcap(`${prefix}.left`),
      readPcap(`${prefix}.server`),
      gone,
      relay ? readPcap(`${prefix}.client`) : undefined,
      filtered?.at,
    );
    return { trio, captured };
  } catch (error) {
    trio.close();
    throw new Error(`${scenario.name} did not run`, { cause: error });
  }
}

/** tcpdump counts a packet that came before it listened to the one device, and does not write it: that is not missed. */
async function ended(capture: Capture): Promise<void> {
  await capture.stop().catch((error: Error) => {
    const [, captured, received] = /(\d+) packets captured, (\d+) packets received by filter, 0 packets dropped/.exec(error.message) ?? [];
    if (Number(received) - Number(captured) !== 1) throw error;
  });
}

async function converse({ name, family, ...scripts }: Scenario, program: string, trio: Trio): Promise<void> {
  const begin = (side: 'sender' | 'receiver', address: string) =>
    new Endpoint(`${name} ${side}`, trio[side].start(program, address, ...scripts[side].split(' ')));
  const receiver = begin('receiver', trio.receiver.address[family]);
  await receiver.until('listen');
  const sender = begin('sender', trio.receiver.address[family]);
  await sender.end();
  await receiver.end();
}

/** Drops a share of the packets to the receiver, and has what is dropped captured. */
async function filter(netns: Netns, { at, share }: NonNullable<Scenario['filtered']>, file: string): Promise<{ stop(): Promise<void> }> {
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

/** `carried`: what the carrying program was given, if there was one. What left the device otherwise was lost in the device. */
function passedBetween(
  left: Packet[],
  right: Packet[],
  filtered: Packet[],
  carried: Packet[] | undefined,
  at: 'sender' | 'receiver' | undefined,
): Passings {
  const outward = (packet: Packet) => packet.dst_port === PORT;
  const backward = (packet: Packet) => packet.src_port === PORT;
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

/** Packets that are sent straight after one another are further apart. */
const LEAST_US = 0.25;

/** The log has no times of its own: what was dropped was sent after the packet whose identification is next below. */
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
