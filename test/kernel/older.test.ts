// Connections that are older than the programs: what they had sent again before is in no row and no remainder, what they send again
// afterwards is, and their end has the right reason.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { until } from '../agent/until.ts';
import { type Collected, collectRows } from '../support/collect.ts';
import { isOwnNetns, makePair, type Netns, type Pair, socketsGone } from '../support/netns.ts';

const PORT = 7000;
const SERVE = `require('node:net').createServer({ allowHalfOpen: true }, (socket) => {
    socket.resume();
    process.stdin.once('data', () => socket.end());
  }).listen(${PORT}, process.argv[1], () => console.log('listening'));`;
const CALL = `const socket = require('node:net').connect({ port: ${PORT}, host: process.argv[1], allowHalfOpen: true }, () => console.log('connected'));
  socket.resume();
  require('node:readline').createInterface({ input: process.stdin }).on('line', (line) =>
    line === 'end' ? socket.end() : socket.write(Buffer.alloc(Number(line))));`;

type Talk = { pair: Pair; client: ChildProcess; server: ChildProcess };

const segsOf = ({ pair }: Talk) => pair.client.nstat()['TcpRetransSegs'] ?? 0;

const said = async (child: ChildProcess) => once(child.stdout ?? child, 'data');
/** Whether more than `bytes` were written, and all of it is acknowledged: the process may not have written yet. */
function isAcknowledged(side: Netns, bytes = 0): boolean {
  const told = side.run('ss', '-Htin', 'state', 'established');
  return Number(/bytes_acked:(\d+)/.exec(told)?.[1]) > bytes && !/unacked|notsent/.test(told);
}

/** Writes to a path that loses all until something was sent again `times` times, then lets it through. */
async function writeWithLoss(talk: Talk, bytes: number, times: number): Promise<void> {
  const { pair, client } = talk;
  const before = segsOf(talk);
  const rule = ['INPUT', '-p', 'tcp', '--dport', String(PORT), '-j', 'DROP'];
  pair.server.run('iptables', '-A', ...rule);
  client.stdin?.write(`${bytes}\n`);
  await until('it was sent again', () => segsOf(talk) >= before + times);
  pair.server.run('iptables', '-D', ...rule);
  await until('it has come', () => isAcknowledged(pair.client));
}

/** A connection of 5100 bytes, of which some were sent again; `watch` is what comes while the programs run. */
async function older(
  options: Parameters<typeof collectRows>[1],
  prepare: (talk: Talk) => Promise<void>,
  watch: (talk: Talk) => Promise<void>,
) {
  const pair = makePair();
  const host = pair.server.address.ipv4;
  const server = pair.server.start(process.execPath, '-e', SERVE, host);
  try {
    await said(server);
    const client = pair.client.start(process.execPath, '-e', CALL, host);
    await said(client);
    const talk = { pair, client, server };
    client.stdin?.write('5000\n');
    await until('it has come', () => isAcknowledged(pair.client, 5000));
    await prepare(talk);
    const before = segsOf(talk);
    let after = 0;
    const collected = await collectRows(
      async (look) => {
        look();
        await watch(talk);
        server.stdin?.write('end\n');
        await socketsGone(pair.client);
        await until('the last ACK', () => !pair.server.run('ss', '-Htan').includes('LAST-ACK'));
        after = segsOf(talk);
      },
      { ...options, only: isOwnNetns },
    );
    return { ...account(collected, pair), gained: after - before, total: after };
  } finally {
    server.kill('SIGKILL');
    pair.close();
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((all, each) => all + each, 0);

function account({ rows, netnsOf }: Collected, { client, server }: Pair) {
  const of = (side: Netns) => {
    const netns = netnsOf(side.name);
    return {
      attempts: rows.retransmit.filter((row) => row.netns === netns),
      ends: rows.connection.filter((row) => row.netns === netns && row.event !== 'open'),
      namespace: rows.namespace.filter((row) => row.netns === netns),
    };
  };
  return { client: of(client), server: of(server) };
}

const asRoot = (title: string, body: () => Promise<void>): void => {
  test(title, async (context) => {
    if (process.getuid?.() !== 0) return context.skip('needs root: network namespaces and BPF');
    await body();
  });
};

const finish = async ({ client }: Talk) => {
  client.stdin?.write('end\n');
};

asRoot('what was sent again before is nobody’s, what is sent again since has its rows', async () => {
  const { client, gained, total } = await older(
    {},
    (talk) => writeWithLoss(talk, 100, 2),
    async (talk) => {
      await writeWithLoss(talk, 200, 2);
      await finish(talk);
    },
  );
  const [close] = client.ends;
  expect(close).toMatchObject({ event: 'close', preexisting: true, total_retrans: total });
  expect(total).toBeGreaterThan(gained);
  expect(new Set(client.attempts.map(({ outcome }) => outcome))).toEqual(new Set(['sent']));
  // The first byte of a connection is number 1.
  expect(new Set(client.attempts.map(({ seq, bytes }) => `${bytes} from ${seq}`))).toEqual(new Set(['200 from 5101']));
  expect(sum(client.attempts.map(({ segments }) => segments)) + (close?.unattributed ?? 0)).toBe(gained);
  expect({
    retrans_segs: sum(client.namespace.map((row) => row.retrans_segs)),
    unattributed: sum(client.namespace.map((row) => row.unattributed)),
  }).toEqual({ retrans_segs: gained, unattributed: close?.unattributed });
});

asRoot('what no program was there to see is the remainder, told once', async () => {
  const { client, gained } = await older(
    { refuse: ['tcp_retransmit_skb'] },
    (talk) => writeWithLoss(talk, 100, 2),
    async (talk) => {
      await writeWithLoss(talk, 200, 2);
      await sleep(1500); // a sweep
      await writeWithLoss(talk, 200, 1);
      await sleep(1500);
      await finish(talk);
    },
  );
  expect(gained).toBeGreaterThanOrEqual(3);
  expect(client.attempts).toEqual([]);
  expect(client.ends).toMatchObject([{ unattributed: gained }]);
  expect(sum(client.namespace.map((row) => row.unattributed))).toBe(gained);
});

asRoot('the first that a program meets by its retransmission was sent', async () => {
  // All hooks that would have met the connection before.
  const refuse = ['preexisting', 'owner', 'tcp_cong_state_set'];
  const { client, gained } = await older(
    { refuse },
    async () => {},
    async (talk) => {
      await writeWithLoss(talk, 200, 2);
      await finish(talk);
    },
  );
  const [close] = client.ends;
  expect(new Set(client.attempts.map(({ outcome }) => outcome))).toEqual(new Set(['sent']));
  expect(sum(client.attempts.map(({ segments }) => segments)) + (close?.unattributed ?? 0)).toBe(gained);
});

asRoot('half-closed before: who closed first is known by the state that each end leaves', async () => {
  const { client, server } = await older(
    {},
    async (talk) => {
      await finish(talk);
      await until('a FIN', () => talk.pair.server.run('ss', '-Htan').includes('CLOSE-WAIT'));
    },
    async () => {},
  );
  expect(client.ends).toMatchObject([{ event: 'close', end_reason: 'fin_local', preexisting: true }]);
  expect(server.ends).toMatchObject([{ event: 'close', end_reason: 'fin_peer', preexisting: true }]);
});
