// A storm beside the real agent: the connections that were made, by those who made them, and what the agent says of
// them. Short connections come at the machine's full rate in one namespace, long ones with loss between two others.
import { setTimeout as sleep } from 'node:timers/promises';
import { type AgentProcess, type Series, startAgent, sumOf } from './agent-process.ts';
import { makeLone } from './lone-netns.ts';
import { lose, makePair } from './netns.ts';
import { runClients, type ServerFigures, type StormFigures, serveStorm } from './storm.ts';
import { waitFor } from './wait.ts';
import type { Events, Witness } from './witness.ts';

const SHORT_THREADS = 4;
const BULK_THREADS = 2;
const BULK_BYTES = 4_000_000;
const LOSS = 0.01;

export type StormOptions = {
  /** the program that buildStorm() made */
  storm: string;
  family: 'ipv4' | 'ipv6';
  seconds: number;
  agent: readonly string[];
  witness?: Witness;
};

/** One sort of connections: what its two ends say they did, and the agent's rows of each end. */
export type Side = {
  clients: StormFigures;
  servers: ServerFigures;
  rows: Record<'opened' | 'closed' | 'failed', Record<'client' | 'server', number>>;
};

export type StormAccount = {
  short: Side;
  bulk: Side;
  /** rows of other connections on this machine, those of reading /metrics among them */
  others: number;
  /** connection rows that the ring had no room for */
  ring_lost: number;
  /** rows of every other kind that its ring had no room for */
  ring_lost_beside: number;
  /** connection rows that nobody could write */
  missed: number;
  /** events that found their program running on the same processor */
  interrupted: number;
  /** what a witness saw of the storm and of everybody else on this machine; undefined where there was none */
  witnessed: { hidden: number; own: Events; others: Events } | undefined;
};

/** A port that nobody is given by the kernel, and that no other run takes: the agent's rows are told apart by it. */
const randomPort = (from: number) => from + Math.floor(Math.random() * 2000);

/** Runs the storm with an agent beside it, and waits until the agent's account does not move any more. */
export async function runStorm({ storm, family, seconds, agent: args, witness }: StormOptions): Promise<StormAccount> {
  const lone = makeLone();
  const pair = makePair();
  const ports = { short: randomPort(4000), bulk: randomPort(6000) };
  const address = family === 'ipv4' ? '127.0.0.1' : 'fd77::1';
  const far = pair.server.address[family];
  let agent: AgentProcess | undefined;
  try {
    lose(pair.server, family, LOSS);
    agent = await startAgent(...args);
    const short = await serveStorm(storm, lone, {
      address: family === 'ipv4' ? '0.0.0.0' : '::',
      port: ports.short,
      threads: SHORT_THREADS,
    });
    const bulk = await serveStorm(storm, pair.server, { address: far, port: ports.bulk, threads: BULK_THREADS });
    const [shortClients, bulkClients] = await Promise.all([
      runClients(storm, lone, { address, port: ports.short, threads: SHORT_THREADS, peers: 4, seconds }),
      runClients(storm, pair.client, { address: far, port: ports.bulk, threads: BULK_THREADS, bytes: BULK_BYTES, seconds }),
    ]);
    await closed([lone, pair.client, pair.server]);
    const servers = { short: await short.stop(), bulk: await bulk.stop() };
    const told =
      expectedOf({ clients: shortClients, servers: servers.short }) + expectedOf({ clients: bulkClients, servers: servers.bulk });
    const series = await settled(agent, Object.values(ports), told);
    const seen = await witness?.ask();
    return {
      short: { clients: shortClients, servers: servers.short, rows: rowsOf(series, ports.short) },
      bulk: { clients: bulkClients, servers: servers.bulk, rows: rowsOf(series, ports.bulk) },
      others: sumOf(series, 'tcplens_connections_total', {}) - allRows(series, ports.short) - allRows(series, ports.bulk),
      ring_lost: sumOf(series, ROWS, { ...RING_LOST, tcplens_kind: 'connection' }),
      missed: sumOf(series, ROWS, { tcplens_stage: 'missed', tcplens_kind: 'connection' }),
      interrupted: sumOf(series, 'tcplens_agent_hooks_missed_total', {}),
      witnessed: seen && { hidden: seen.hidden, ...seen.named(lone.name, pair.client.name, pair.server.name) },
      ring_lost_beside: sumOf(series, ROWS, RING_LOST) - sumOf(series, ROWS, { ...RING_LOST, tcplens_kind: 'connection' }),
    };
  } finally {
    await agent?.stop();
    lone.close();
    pair.close();
  }
}

const ROWS = 'tcplens_agent_rows_total';
const RING_LOST = { tcplens_stage: 'ring_lost' };

function allRows(series: readonly Series[], port: number): number {
  return sumOf(series, 'tcplens_connections_total', { server_port: String(port) });
}

function rowsOf(series: readonly Series[], port: number): Side['rows'] {
  const count = (tcplens_connection_event: string, network_tcp_handshake_role: string) =>
    sumOf(series, 'tcplens_connections_total', { server_port: String(port), tcplens_connection_event, network_tcp_handshake_role });
  const ends = (event: string) => ({ client: count(event, 'client'), server: count(event, 'server') });
  return { opened: ends('opened'), closed: ends('closed'), failed: ends('failed') };
}

/** Waits until the namespaces have no TCP socket but TIME_WAIT's and listeners. */
async function closed(places: readonly { name: string; run(...command: string[]): string }[]): Promise<void> {
  for (const { name, run } of places) {
    const living = () => run('ss', '-Htan', 'exclude', 'time-wait', 'exclude', 'listening').trim();
    await waitFor(`the end of the sockets of ${name}`, living, (text) => text === '', 100);
  }
}

/**
 * How many looks have to find the same before the account counts as complete: several may get the same text, and a busy agent may stand
 * still while rows are missing.
 */
const SAME_LOOKS = { all: 4, lacking: 20 };

/** The account once no more comes: where less than `expected` has come, after some more looks. */
async function settled(agent: AgentProcess, ports: readonly number[], expected: number): Promise<Series[]> {
  for (let [before, same] = [-1, 0]; ; await sleep(500)) {
    const series = await agent.metrics();
    const now = ports.reduce((sum, port) => sum + allRows(series, port), 0);
    same = now === before ? same + 1 : 0;
    if (same >= SAME_LOOKS[now < expected ? 'lacking' : 'all']) return series;
    before = now;
  }
}

/** How many events of the storm the agent has to tell: openings and ends, at both ends, and failed connects. */
export function expectedTold({ short, bulk }: StormAccount): number {
  return expectedOf(short) + expectedOf(bulk);
}

const expectedOf = ({ clients, servers }: Pick<Side, 'clients' | 'servers'>): number =>
  2 * clients.connections + clients.failed + 2 * servers.accepted;

/** How many of them reached the agent. */
export function agentTold({ short, bulk }: StormAccount): number {
  const of = ({ rows }: Side) => Object.values(rows).reduce((sum, { client, server }) => sum + client + server, 0);
  return of(short) + of(bulk);
}
