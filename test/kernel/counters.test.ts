// The rows of real traffic against the kernel's own counters: per namespace, to the segment and to the byte.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KIND } from '../../bpf/rows/rows.gen.ts';
import { type Collected, collectRows } from '../support/collect.ts';
import { type Family, isOwnNetns, lose, makePair, type Netns, type Pair, socketsGone, swallow } from '../support/netns.ts';
import type { Exchange } from '../support/traffic.ts';
import { startWitness, type Testimony } from '../support/witness.ts';
import { accountOf, CLASSES, SIDES, type Side, sum } from './counters-account.ts';

const PORT = 7000;
/** Room for what everybody else on this machine does meanwhile, too. */
const RING_BYTES = 64 * 1024 * 1024;
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
  nstat: Record<Side, Record<string, number>>;
};
const ran = new Map<Case, Ran>();
let collected: Collected;
let testimony: Testimony;

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
  look(); // rows of a namespace are kept once it is known
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
  const witness = await startWitness();
  try {
    collected = await collectRows(traffic, { only: isOwnNetns, ring_bytes: RING_BYTES });
    testimony = await witness.ask();
  } finally {
    witness.close();
  }
  console.log(`${testimony.hidden} softirqs reached no program; of those seen, one sent ${testimony.burst} segments again`);
});

afterAll(() => {
  for (const { pair } of ran.values()) pair.close();
});

const account = ({ pair, nstat }: Ran, side: Side) => accountOf(collected, collected.netnsOf(pair[side].name), nstat[side]);

/**
 * How many rows of a pair may be wrong because a softirq reached no program: one that a timer began has left what it sent again
 * unattributed, or it has ended a connection. 0 where no softirq was hidden.
 */
function inDoubt(each: Case, result: Ran): number {
  const sides = each.blackhole ? (['client'] as const) : SIDES;
  return sum(sides.map((side) => account(result, side).unattributed + hiddenEnds(each, result, side)));
}

/** Connections whose end no program can have seen. */
function hiddenEnds({ connections }: Case, { pair }: Ran, side: Side): number {
  const { ends } = testimony.of(collected.netnsOf(pair[side].name));
  const misses = collected.missesOf('inet_sock_set_state');
  return testimony.hidden + misses === 0 ? 0 : Math.max(0, connections - ends) + misses;
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

check('each attempt that a program could see has its row', cases, (each, result) => {
  for (const side of SIDES) {
    const { attempts, segments } = account(result, side);
    const seen = testimony.of(collected.netnsOf(result.pair[side].name));
    console.log(`${each.name} ${each.family} ${side}: ${attempts} attempts of ${segments} segments, the witness ${JSON.stringify(seen)}`);
    // Either of the two may have been running already, which the kernel counts.
    const misses = collected.missesOf('tcp_retransmit_skb', 'tcp_retransmit_synack');
    expect(attempts, side).toBeGreaterThanOrEqual(seen.retransmits - misses);
    expect(attempts, side).toBeLessThanOrEqual(seen.retransmits + testimony.missed);
    if (attempts === seen.retransmits) expect({ side, segments }).toEqual({ side, segments: seen.segments });
  }
});

check("retransmitted segments, by class, are the kernel's", cases, (each, result) => {
  for (const side of SIDES) {
    const { rows, kernel, unattributed, untold, refused, tlp, probes } = account(result, side);
    console.log(
      `${each.name} ${each.family} ${side}: rows ${JSON.stringify(rows)} unattributed ${unattributed} refused ${refused} tlp ${tlp}/${probes}`,
    );
    const { unclassed, ...classes } = rows;
    expect(unclassed, side).toBe(0);
    if (hiddenEnds(each, result, side) === 0) expect(untold, side).toBe(0);
    // N hidden softirqs are taken to have sent no more than N times what the largest did of those that were seen.
    expect(unattributed, `${side}: ${testimony.hidden} softirqs were hidden`).toBeLessThanOrEqual(testimony.hidden * testimony.burst);
    // What a class lacks is in `unattributed`, and nothing else is: where that is 0, each class is the kernel's to the unit.
    const lacking = CLASSES.map((name) => (kernel[name] ?? 0) - classes[name]);
    expect(Math.min(...lacking, probes - tlp, untold), `${side}: more than the kernel counted`).toBeGreaterThanOrEqual(0);
    const { failed, ...distinct } = Object.fromEntries(CLASSES.map((name, at) => [name, lacking[at] ?? 0]));
    expect(Math.max(sum(Object.values(distinct)), failed ?? 0), `${side}: ${CLASSES.join()} lack ${lacking.join()}`).toBeLessThanOrEqual(
      unattributed,
    );
  }
});

check("the rows of each namespace are its own counters, and what no row accounts for is the kernel's remainder", cases, (_, result) => {
  for (const side of SIDES) {
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

check('the bytes of every close row are those that were sent', orderly, (each, result) => {
  const { request, response, connections } = each;
  const { pair, exchanges } = result;
  expect(exchanges.filter(({ error }) => error !== '')).toEqual([]);
  for (const [side, sent, received, port] of [
    ['client', request, response, 'local_port'],
    ['server', response, request, 'peer_port'],
  ] as const) {
    const netns = collected.netnsOf(pair[side].name);
    const closes = new Map(
      collected.rows.connection.filter((row) => row.netns === netns && row.event === 'close').map((row) => [row[port], row]),
    );
    expect(closes.size).toBeLessThanOrEqual(connections);
    expect(closes.size).toBeGreaterThanOrEqual(connections - hiddenEnds(each, result, side));
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

check('samples and close rows add up to what was sent', orderly, (each, result) => {
  const { request, connections } = each;
  const netns = collected.netnsOf(result.pair.server.name);
  const sampled = collected.rows.sample.filter((row) => row.netns === netns).map((row) => row.bytes_received);
  const closes = collected.rows.connection.filter((row) => row.netns === netns && row.event === 'close');
  const received = sum(sampled) + sum(closes.map((row) => row.bytes_received_rest));
  // A connection whose last row is missing still has its samples.
  expect(received).toBeLessThanOrEqual(request * connections);
  expect(received).toBeGreaterThanOrEqual(request * closes.length);
  expect(closes.length).toBeGreaterThanOrEqual(connections - hiddenEnds(each, result, 'server'));
});

check('both ends name their process and how it was found', orderly, (each, result) => {
  const { connections } = each;
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
  expect(others<(typeof clients)[number]>(clients, { ...client, owned: pid ?? 0 }).slice(inDoubt(each, result))).toEqual([]);
  const servers = ends(pair.server).map(({ role, owner, comm, end_reason }) => ({ role, owner, comm, end_reason }));
  const server = { role: 'server', owner: 'io', comm: servers[0]?.comm ?? '', end_reason: 'fin_peer' } as const;
  expect(others<(typeof servers)[number]>(servers, server).slice(inDoubt(each, result))).toEqual([]);
  expect(clients.length).toBeGreaterThanOrEqual(connections - hiddenEnds(each, result, 'client'));
  expect(servers.length).toBeGreaterThanOrEqual(connections - hiddenEnds(each, result, 'server'));
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
    expect(others<(typeof rows)[number]>(rows, wanted).slice(inDoubt(each, result))).toEqual([]);
    expect(rows.length).toBeGreaterThanOrEqual(each.connections - hiddenEnds(each, result, 'client'));
  },
);

test('an end that tcplens says it missed was hidden by the kernel', (context) => {
  if (!isRoot) return context.skip('needs root: network namespaces and BPF');
  // `missed` is of the whole machine. A softirq takes so many packets at most, each of which ends one connection at most.
  const packets_max = Number(readFileSync('/proc/sys/net/core/netdev_budget', 'utf8'));
  expect(collected.counters.connection.missed).toBeLessThanOrEqual(
    testimony.hidden * packets_max + collected.missesOf('inet_sock_set_state', 'tcp_destroy_sock'),
  );
});

test('no ring lost a row, and every row the programs wrote arrived', (context) => {
  if (!isRoot) return context.skip('needs root: network namespaces and BPF');
  for (const kind of KIND) {
    const { written, ring_lost, no_storage } = collected.counters[kind];
    expect({ kind, ring_lost, no_storage }).toEqual({ kind, ring_lost: 0, no_storage: 0 });
    expect(collected.drained[kind], kind).toBeGreaterThanOrEqual(collected.writtenBefore(kind));
    expect(collected.drained[kind], kind).toBeLessThanOrEqual(written);
  }
});
