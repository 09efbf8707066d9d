// Runs scenarios: each in its own pair of namespaces, several at a time.
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { makePair, type Netns, type Pair, socketsGone } from '../support/netns.ts';
import { type Capture, startCapture } from './capture.ts';
import { Endpoint, type Programs, type Relay, startRelay } from './programs.ts';
import { type Figures, type Said, type Scenario, SIDES, type Side } from './scenario.ts';
import { analyse, type Frame } from './tshark.ts';

/** What is known of a scenario's traffic without tcplens. */
export type Ran = {
  pair: Pair;
  said: Record<Side, Said[]>;
  nstat: Record<Side, Figures>;
  filtered: Record<Side, number>;
  midway: Figures;
  carried: Record<'out' | 'back', Figures>;
  captures: Partial<Record<Side, Frame[]>>;
};

/** Runs scenario after scenario, the slow ones first, at most `atOnce` of them at a time. */
export async function runAll(scenarios: readonly Scenario[], atOnce: number, run: (scenario: Scenario) => Promise<void>): Promise<void> {
  const waiting = [...scenarios].sort((a, b) => Number(b.slow ?? false) - Number(a.slow ?? false));
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await run(next);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

/** Makes the traffic of one scenario and waits until nothing of it is left. The pair stays for the caller to close. */
export async function runScenario(scenario: Scenario, programs: Programs, directory: string, look: () => void): Promise<Ran> {
  const { path, setup = {} } = scenario;
  const pair = makePair(path.kind === 'relay' ? 'tun' : 'veth');
  try {
    look(); // from now on its rows are known for its own
    const prefix = join(mkdtempSync(join(directory, 'capture-')), 'pcap');
    if (path.kind === 'veth' && !path.offloads) for (const side of SIDES) withoutOffloads(pair[side]);
    for (const side of SIDES) for (const command of setup[side] ?? []) pair[side].run(...command.split(' '));
    const relay = path.kind === 'relay' ? await startRelay(programs.relay, pair, path.rules, path.capture ? prefix : '-') : undefined;
    const capture = path.kind === 'veth' && path.capture ? await startCapture(pair[path.capture], `${prefix}.${path.capture}`) : undefined;
    const traffic = await converse(scenario, programs, pair, look);
    for (const side of SIDES) await socketsGone(pair[side]);
    return { pair, ...traffic, ...(await finish(scenario, prefix, relay, capture)), ...count(pair) };
  } catch (error) {
    pair.close();
    throw new Error(`${scenario.id} ${scenario.name} did not run`, { cause: error });
  }
}

async function converse({ family, congestion, midway, ...scripts }: Scenario, { endpoint }: Programs, pair: Pair, look: () => void) {
  const waits = (side: Side) => scripts[side].split(' ').filter((word) => word === 'wait').length;
  const begin = (side: Side) => {
    const words = [`cc:${congestion}`, ...scripts[side].split(' ')];
    return new Endpoint(`${scripts.id} ${side}`, pair[side].start(endpoint, pair.server.address[family], ...words));
  };
  const server = begin('server');
  // Listeners after the first accept or wait begin later.
  const listeners = scripts.server.split(/ (?:accept|wait)\b/)[0]?.match(/\blisten:/g)?.length ?? 0;
  await server.until('listen', listeners);
  const client = begin('client');
  const figures: Figures = {};
  if (midway) {
    const waiting = [...(waits('client') > 0 ? [client] : []), ...(waits('server') > 0 ? [server] : [])];
    for (const end of waiting) await end.until('waiting');
    Object.assign(figures, await midway({ ...pair, look }));
    for (const end of waiting) end.goOn();
  }
  // A side that waits once more waits for the other side's end.
  const left = (side: Side) => Math.max(0, waits(side) - (midway ? 1 : 0));
  const order = left('client') > left('server') ? [server, client] : [client, server];
  for (const end of order) await end.end();
  return { said: { client: client.said, server: server.said }, midway: figures };
}

async function finish({ path }: Scenario, prefix: string, relay: Relay | undefined, capture: Capture | undefined) {
  const carried = (await relay?.stop()) ?? { out: {}, back: {} };
  await capture?.stop();
  const sides = path.kind === 'relay' ? (path.capture ? SIDES : []) : path.capture ? [path.capture] : [];
  const captures = await Promise.all(sides.map(async (side) => [side, await analyse(`${prefix}.${side}`)] as const));
  return { carried, captures: Object.fromEntries(captures) };
}

function count(pair: Pair) {
  const of = <Value>(get: (netns: Netns) => Value) => ({ client: get(pair.client), server: get(pair.server) });
  return { nstat: of((netns) => netns.nstat()), filtered: of(filteredPackets) };
}

/** TCP still hands down large packets; the device driver's stand-in cuts them, so that others see segments. */
function withoutOffloads(netns: Netns): void {
  netns.run('ethtool', '-K', 'eth0', 'tso', 'off', 'gso', 'off', 'gro', 'off');
}

/** Packets that rules of iptables dropped or rejected. */
function filteredPackets(netns: Netns): number {
  const rules = ['iptables', 'ip6tables'].flatMap((command) => netns.run(command, '-L', '-v', '-x', '-n').split('\n'));
  return rules
    .flatMap((rule) => /^\s*(\d+)\s+\d+\s+(?:DROP|REJECT)\s/.exec(rule)?.[1] ?? [])
    .reduce((sum, packets) => sum + Number(packets), 0);
}
