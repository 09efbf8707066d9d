// The rows of real traffic against the kernel's own counters: per namespace, to the segment and to the byte.
import { once } from 'node:events';
import process from 'node:process';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Class, type ConnectionRow, KIND, type RetransmitRow } from '../../bpf/rows.gen.ts';
import { type Collected, collectRows } from '../support/collect.ts';
import { type Family, isOwnNetns, lose, makePair, type Netns, type Pair, socketsGone, swallow } from '../support/netns.ts';
import type { Exchange } from '../support/traffic.ts';

const PORT = 7000;
/** Rows of others that may come in while a test on a quiet machine runs. */
const OTHERS_MAX = 10_000;
const TRAFFIC = new URL('../support/traffic.ts', import.meta.url).pathname;

type Case = {
  name: string;
  family: Family;
  /** share of arriving packets dropped at the server and at the client */
  loss: { server: number; client: number };
  blackhole: boolean;
  connections: number;
  request: number;
  response: number;
};

const shapes = [
  { name: 'bulk', loss: { server: 0.03, client: 0.005 }, blackhole: false, connections: 2, request: 12_000_000, response: 100 },
  { name: 'short requests', loss: { server: 0.08, client: 0.08 }, blackhole: false, connections: 60, request: 300, response: 4_000 },
  { name: 'black hole', loss: { server: 0, client: 0 }, blackhole: true, connections: 2, request: 100, response: 100 },
];
const cases: Case[] = shapes.flatMap((shape) => (['ipv4', 'ipv6'] as const).map((family) => ({ ...shape, family })));

type Ran = {
  pair: Pair;
  exchanges: Exchange[];
  pid: number | undefined;
  nstat: { client: Record<string, number>; server: Record<string, number> };
};
const ran = new Map<Case, Ran>();
let collected: Collected;

async function firstLine(child: ReturnType<Netns['start']>): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    if (text.includes('\n')) break;
  }
  return text.trim();
}

async function run({ family, loss, blackhole, connections, request, response }: Case, look: () => void): Promise<Ran> {
  const pair = makePair();
  look(); // its rows are kept once it is known
  const { client, server } = pair;
  const host = server.address[family];
  if (blackhole) swallow(server, family, PORT);
  if (loss.server) lose(server, family, loss.server);
  if (loss.client) lose(client, family, loss.client);
  const serving = server.start(process.execPath, TRAFFIC, 'serve', host, String(PORT));
  await firstLine(serving);
  const sending = client.start(process.execPath, TRAFFIC, 'client', host, ...[PORT, connections, request, response].map(String));
  const exchanges = JSON.parse(await firstLine(sending)) as Exchange[];
  serving.kill();
  if (serving.exitCode === null && serving.signalCode === null) await once(serving, 'exit');
  return { pair, exchanges, pid: sending.pid, nstat: { client: client.nstat(), server: server.nstat() } };
}

const isRoot = process.getuid?.() === 0;

beforeAll(async () => {
  if (!isRoot) return; // every test below skips with the reason
  const traffic = async (look: () => void) => {
    await Promise.all(cases.map(async (each) => ran.set(each, await run(each, look))));
    // What is still on its way to its end (FIN, orphans) would go on counting: all sockets of the namespaces must be gone.
    for (const { pair } of ran.values()) {
      for (const side of [pair.client, pair.server]) await socketsGone(side);
    }
    for (const [each, result] of ran) {
      ran.set(each, { ...result, nstat: { client: result.pair.client.nstat(), server: result.pair.server.nstat() } });
    }
  };
  collected = await collectRows(traffic, { only: isOwnNetns });
}, 180_000);

afterAll(() => {
  for (const { pair } of ran.values()) pair.close();
});

const sum = (numbers: number[]) => numbers.reduce((total, each) => total + each, 0);

const CLASSES = ['syn', 'fast', 'slow_start', 'timeouts', 'failed'] as const;

/** Connections of this machine without a last row, since no program saw their end: where there are none, every test is exact. */
const missed = () => collected.counters.connection.missed;
/** More would be no accident. */
const MISSED_MAX = 8;

/** What the rows of one namespace say, and beside it what its counters say. */
function account(side: Netns, nstat: Record<string, number>) {
  const netns = collected.netnsOf(side.name);
  const attempts = collected.rows.retransmit.filter((row: RetransmitRow) => row.netns === netns);
  const counted = attempts.filter((row) => row.outcome !== 'refused');
  const connections = collected.rows.connection.filter((row: ConnectionRow) => row.netns === netns && row.event !== 'open');
  const segments = (...classes: Class[]) => sum(counted.filter((row) => classes.includes(row.class)).map((row) => row.segments));
  // A timeout is counted whether its retransmission leaves or is refused, and once more when TCP gives up. Those of the
  // handshake that did leave are counted as SYN retransmissions too, and compared there.
  const rto = attempts.filter((row) => row.class === 'rto' || (row.class === 'syn' && row.outcome === 'refused')).length;
  const timeouts = rto + connections.filter((row) => row.sk_err === 110).length;
  const unattributed = sum(connections.map((row) => row.unattributed));
  const kernel_all = nstat['TcpRetransSegs'] ?? 0;
  return {
    rows: {
      unclassed: segments('unknown'),
      syn: segments('syn', 'syn_ack'),
      fast: segments('fast'),
      slow_start: segments('slow_start'),
      timeouts,
      failed: sum(counted.filter((row) => row.outcome === 'failed').map((row) => row.segments)),
    },
    kernel: {
      syn: nstat['TcpExtTCPSynRetrans'],
      fast: nstat['TcpExtTCPFastRetrans'],
      slow_start: nstat['TcpExtTCPSlowStartRetrans'],
      timeouts: (nstat['TcpExtTCPTimeouts'] ?? 0) - (nstat['TcpExtTCPSynRetrans'] ?? 0),
      failed: nstat['TcpExtTCPRetransFail'],
    },
    /** what the kernel counted and no retransmit row has; of it, what no connection's last row says of itself */
    unattributed: kernel_all - sum(counted.map((row) => row.segments)),
    untold: kernel_all - sum(counted.map((row) => row.segments)) - unattributed,
    refused: attempts.length - counted.length,
    tlp: segments('tlp'),
    probes: nstat['TcpExtTCPLossProbes'] ?? 0,
    connections,
  };
}

/**
 * Rows of a pair that may be other than they should: where a softirq reached no program, a timer had begun it, and what that timer
 * sent again is unattributed.
 */
function inDoubt({ pair, nstat }: Ran): number {
  return missed() + account(pair.client, nstat.client).unattributed + account(pair.server, nstat.server).unattributed;
}

const others = <Row>(rows: readonly Row[], wanted: Row) => rows.filter((row) => !isDeepStrictEqual(row, wanted));

/** A test of what one case left behind. */
function check(title: string, which: Case[], assert: (each: Case, result: Ran) => void): void {
  test.for(which)(`$name over $family: ${title}`, (each, context) => {
    if (!isRoot) return context.skip('needs root: network namespaces and BPF');
    const result = ran.get(each);
    if (!result) throw new Error('the traffic did not run');
    assert(each, result);
  });
}

check("retransmitted segments, by class, are the kernel's", cases, (each, result) => {
  for (const side of ['client', 'server'] as const) {
    const { rows, kernel, unattributed, untold, refused, tlp, probes } = account(result.pair[side], result.nstat[side]);
    console.log(
      `${each.name} ${each.family} ${side}: rows ${JSON.stringify(rows)} unattributed ${unattributed} refused ${refused} tlp ${tlp}/${probes}`,
    );
    const { unclassed, ...classes } = rows;
    expect({ unclassed, untold: missed() === 0 ? untold : 0 }, side).toEqual({ unclassed: 0, untold: 0 });
    // Now and then an event reaches no program: what a class then lacks is in `unattributed`, and nothing else is.
    const lacking = CLASSES.map((name) => (kernel[name] ?? 0) - classes[name]);
    expect(Math.min(...lacking, probes - tlp, untold), `${side}: more than the kernel counted`).toBeGreaterThanOrEqual(0);
    const { failed, ...distinct } = Object.fromEntries(CLASSES.map((name, at) => [name, lacking[at] ?? 0]));
    expect(Math.max(sum(Object.values(distinct)), failed ?? 0), `${side}: ${CLASSES.join()} lack ${lacking.join()}`).toBeLessThanOrEqual(
      unattributed,
    );
  }
});

check("the rows of each namespace are its own counters, and what no row accounts for is the kernel's remainder", cases, (_, result) => {
  for (const side of ['client', 'server'] as const) {
    const netns = collected.netnsOf(result.pair[side].name);
    const rows = collected.rows.namespace.filter((row) => row.netns === netns);
    const kernel = result.nstat[side];
    const attributed = sum(
      collected.rows.retransmit.filter((row) => row.netns === netns && row.outcome !== 'refused').map((row) => row.segments),
    );
    expect(
      {
        retrans_segs: sum(rows.map((row) => row.retrans_segs)),
        out_segs: sum(rows.map((row) => row.out_segs)),
        active_opens: sum(rows.map((row) => row.active_opens)),
        timeouts: sum(rows.map((row) => row.timeouts)),
        fast_retrans: sum(rows.map((row) => row.fast_retrans)),
        retrans_attributed: sum(rows.map((row) => row.retrans_attributed)),
        unattributed: sum(rows.map((row) => row.unattributed)),
      },
      side,
    ).toEqual({
      retrans_segs: kernel['TcpRetransSegs'],
      out_segs: kernel['TcpOutSegs'],
      active_opens: kernel['TcpActiveOpens'],
      timeouts: kernel['TcpExtTCPTimeouts'],
      fast_retrans: kernel['TcpExtTCPFastRetrans'],
      retrans_attributed: attributed,
      unattributed: (kernel['TcpRetransSegs'] ?? 0) - attributed,
    });
  }
});

const orderly = cases.filter(({ blackhole }) => !blackhole);

check('the bytes of every close row are those that were sent', orderly, ({ request, response, connections }, { pair, exchanges }) => {
  expect(exchanges.filter(({ error }) => error !== '')).toEqual([]);
  for (const [side, sent, received, port] of [
    [pair.client, request, response, 'local_port'],
    [pair.server, response, request, 'peer_port'],
  ] as const) {
    const netns = collected.netnsOf(side.name);
    const closes = new Map(
      collected.rows.connection.filter((row) => row.netns === netns && row.event === 'close').map((row) => [row[port], row]),
    );
    expect(closes.size).toBeLessThanOrEqual(connections);
    expect(closes.size).toBeGreaterThanOrEqual(connections - missed());
    const ports = new Set(exchanges.map(({ local_port }) => local_port));
    for (const [of, row] of closes) {
      expect({ ours: ports.has(of), sent: row.bytes_sent - row.bytes_retrans, received: row.bytes_received }).toEqual({
        ours: true,
        sent,
        received,
      });
    }
  }
});

check('samples and close rows add up to what was sent', orderly, ({ request, connections }, { pair }) => {
  const netns = collected.netnsOf(pair.server.name);
  const sampled = collected.rows.sample.filter((row) => row.netns === netns).map((row) => row.bytes_received);
  const closes = collected.rows.connection.filter((row) => row.netns === netns && row.event === 'close');
  const received = sum(sampled) + sum(closes.map((row) => row.bytes_received_rest));
  // Of a connection whose last row is missing, the samples are there.
  expect(received).toBeLessThanOrEqual(request * connections);
  expect(received).toBeGreaterThanOrEqual(request * closes.length);
  expect(closes.length).toBeGreaterThanOrEqual(connections - missed());
});

check('both ends name their process and how it was found', orderly, ({ connections }, result) => {
  const { pair, pid } = result;
  const ends = (side: Netns) => {
    const netns = collected.netnsOf(side.name);
    return collected.rows.connection.filter((row) => row.netns === netns && row.event === 'close');
  };
  const clients = ends(pair.client).map(({ role, owner, pid: owned, end_reason, preexisting }) => ({
    role,
    owner,
    owned,
    end_reason,
    preexisting,
  }));
  const client = { role: 'client', owner: 'io', owned: pid, end_reason: 'fin_local', preexisting: false } as const;
  expect(others<(typeof clients)[number]>(clients, { ...client, owned: pid ?? 0 }).slice(inDoubt(result))).toEqual([]);
  const servers = ends(pair.server).map(({ role, owner, comm, end_reason }) => ({ role, owner, comm, end_reason }));
  const server = { role: 'server', owner: 'io', comm: servers[0]?.comm ?? '', end_reason: 'fin_peer' } as const;
  expect(others<(typeof servers)[number]>(servers, server).slice(inDoubt(result))).toEqual([]);
  expect(Math.min(clients.length, servers.length)).toBeGreaterThanOrEqual(connections - missed());
});

check(
  'a connect that is never answered is one failed row with the error',
  cases.filter(({ blackhole }) => blackhole),
  (each, result) => {
    const { pair, exchanges, pid } = result;
    expect(exchanges.map(({ error }) => error)).toEqual(Array(each.connections).fill('ETIMEDOUT'));
    const netns = collected.netnsOf(pair.client.name);
    const rows = collected.rows.connection
      .filter((row) => row.netns === netns)
      .map(({ event, end_reason, sk_err, pid: owner, peer_port }) => ({ event, end_reason, sk_err, owner, peer_port }));
    const wanted = { event: 'failed', end_reason: 'timeout', sk_err: 110, owner: pid ?? 0, peer_port: PORT } as const;
    expect(others<(typeof rows)[number]>(rows, wanted).slice(inDoubt(result))).toEqual([]);
    expect(rows.length).toBeGreaterThanOrEqual(each.connections - missed());
  },
);

test('hardly an end reached no program', (context) => {
  if (!isRoot) return context.skip('needs root: network namespaces and BPF');
  expect(missed()).toBeLessThanOrEqual(MISSED_MAX);
});

test('no ring lost a row, and every row the programs wrote arrived', (context) => {
  if (!isRoot) return context.skip('needs root: network namespaces and BPF');
  for (const kind of KIND) {
    const { written, ring_lost, no_storage } = collected.counters[kind];
    const of_others = collected.drained[kind] - collected.rows[kind].length;
    if (ring_lost > 0 && of_others > OTHERS_MAX) return context.skip(`others on this machine filled the rings: ${of_others} ${kind} rows`);
    expect({ kind, written, ring_lost, no_storage }).toEqual({ kind, written: collected.drained[kind], ring_lost: 0, no_storage: 0 });
  }
});
