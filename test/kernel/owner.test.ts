// Which process holds a connection: what rows say, against what the processes themselves and `ss` say, for the ways
// in which servers and clients hand a socket on; and the waits that reads and writes show.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Rows } from '../../bpf/rows/rows.gen.ts';
import { collectRows } from '../support/collect.ts';
import {
  buildHolders,
  CLIENTS,
  type Client,
  type ClientOptions,
  type Holder,
  HoldingClient,
  HoldingServer,
  holdersBySs,
  isOver,
  type Programs,
  SERVERS,
  type Server,
} from '../support/holders.ts';
import { waitFor } from '../support/wait.ts';

const directory = mkdtempSync(join(tmpdir(), 'tcplens-holders-'));
let programs: Programs | undefined;
let refused = process.getuid?.() === 0 ? '' : 'needs root: BPF';
beforeAll(() => {
  if (refused !== '') return;
  try {
    execFileSync('gcc', ['--version']);
    programs = buildHolders(directory);
  } catch (error) {
    refused = `needs gcc: ${error}`;
  }
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A test that needs the kernel and the programs; says so where it may not have them. */
function check(title: string, body: (built: Programs, skip: (reason: string) => never) => Promise<void>): void {
  test(title, async (context) => {
    if (programs === undefined) return context.skip(refused);
    await body(programs, context.skip);
  });
}

/** One connection: who says that they hold its ends, and who does according to `ss`. */
type Held = {
  how: Client;
  server: Holder;
  client: Holder;
  by_ss: { server: number[]; client: number[] };
  end(): Promise<void>;
};

async function hold(built: Programs, server: HoldingServer, how: Client, options: ClientOptions = {}): Promise<Held> {
  const client = new HoldingClient(built, how, server.port, options);
  const [at_client, at_server] = await Promise.all([client.holder(), server.holder()]);
  if (options.turns !== 0) await client.done();
  const [by_client, by_server] = await Promise.all([holdersBySs(at_client.port, server.port), holdersBySs(server.port, at_client.port)]);
  expect(at_server.port).toBe(at_client.port);
  expect(by_client).toContain(at_client.pid);
  expect(by_server).toContain(at_server.pid);
  const end = async () => {
    await client.end();
    await waitFor('the end of the connection', () => isOver(at_client.port, server.port), Boolean, 20);
  };
  return { how, server: at_server, client: at_client, by_ss: { client: by_client, server: by_server }, end };
}

/** What the last rows of both ends of a connection say. */
function endsOf(rows: readonly Rows['connection'][], server_port: number, { client }: Held) {
  const of = (local_port: number, peer_port: number) =>
    rows.find((row) => row.event === 'close' && row.local_port === local_port && row.peer_port === peer_port);
  return { at_client: of(client.port, server_port), at_server: of(server_port, client.port) };
}

const ownerOf = (row: { pid: number; owner: string; comm: string } | undefined) =>
  row && { pid: row.pid, owner: row.owner, comm: row.comm };

/** One of each starts another program, which has the socket from then on. */
const serverComm = (how: Server) => (how === 'activated' ? 'service' : 'server');
const clientComm = (how: Client) => (how === 'exec' ? 'other' : 'client');
const usedBy = ({ pid }: Holder, comm: string) => ({ pid, owner: 'io', comm });

async function start(built: Programs, how: Server, skip: (reason: string) => never, options = {}): Promise<HoldingServer> {
  const server = await HoldingServer.start(built, how, options);
  if (server.refused !== '') skip(`this kernel refuses what the server needs: ${server.refused}`);
  return server;
}

for (const how of SERVERS.filter((each) => each !== 'silent')) {
  check(`server ${how}: the owner is the process that uses the connection, on both ends, whatever the client`, async (built, skip) => {
    const server = await start(built, how, skip);
    const made: Held[] = [];
    const { rows } = await collectRows(async () => {
      for (const client of CLIENTS) {
        const held = await hold(built, server, client);
        made.push(held);
        await held.end();
      }
    });
    await server.end();
    for (const held of made) {
      const { at_client, at_server } = endsOf(rows.connection, server.port, held);
      const expected = {
        client: held.how,
        at_client: usedBy(held.client, clientComm(held.how)),
        at_server: usedBy(held.server, serverComm(how)),
      };
      expect({ client: held.how, at_client: ownerOf(at_client), at_server: ownerOf(at_server) }).toEqual(expected);
    }
  });
}

check('a connection that nobody uses belongs to one that has it among its files', async (built, skip) => {
  const made: Held[] = [];
  let port = 0;
  const { rows } = await collectRows(async () => {
    const server = await start(built, 'silent', skip);
    port = server.port;
    for (const client of CLIENTS) {
      const held = await hold(built, server, client, { turns: 0 });
      made.push(held);
      await held.end();
    }
    await server.end();
  });
  for (const held of made) {
    const { at_client, at_server } = endsOf(rows.connection, port, held);
    const opened = rows.connection.find((row) => row.event === 'open' && row.local_port === port && row.peer_port === held.client.port);
    // Before its worker has it, all that is known is who listens; and the row says so.
    expect(ownerOf(opened)).toMatchObject({ owner: 'listener', comm: 'server' });
    expect(ownerOf(at_server)).toEqual({ pid: held.server.pid, owner: 'file_table', comm: 'server' });
    expect(held.by_ss.client).toContain(at_client?.pid);
  }
});

check('connections older than the agent: the owner is found in the file tables', async (built) => {
  const made: { how: Server; server: HoldingServer; held: Held }[] = [];
  for (const how of SERVERS) {
    for (const client of how === 'single' ? CLIENTS : (['plain'] as const)) {
      const server = await HoldingServer.start(built, how);
      if (server.refused !== '') continue;
      made.push({ how, server, held: await hold(built, server, client, { turns: how === 'silent' ? 0 : 1 }) });
    }
  }
  const { rows } = await collectRows(async () => {
    for (const { held, server } of made) {
      await held.end();
      await server.end();
    }
  });
  for (const { how, server, held } of made) {
    const { at_client, at_server } = endsOf(rows.connection, server.port, held);
    expect({ how, held: held.how, at_client: at_client?.preexisting }).toEqual({ how, held: held.how, at_client: true });
    expect({ how, ...ownerOf(at_server) }).toMatchObject({ how, comm: serverComm(how) });
    expect({ how, by_ss: held.by_ss.server }).toMatchObject({ how, by_ss: expect.arrayContaining([at_server?.pid]) });
    expect({ how, by_ss: held.by_ss.client }).toMatchObject({ how, by_ss: expect.arrayContaining([at_client?.pid]) });
    // Of several holders, the one that started first counts.
    expect(at_client?.pid).toBe(Math.min(...held.by_ss.client));
  }
});

check('a socket that its opener passed on and nobody uses: the next walks find who has it', async (built, skip) => {
  const server = await start(built, 'silent', skip);
  let held: Held | undefined;
  const { rows } = await collectRows(
    async (look) => {
      held = await hold(built, server, 'forked', { turns: 0 });
      // The first walk after the hand-over may have met it at its opener, the second cannot.
      for (let walk = 0; walk < 3; walk++) look();
      // The peer's end is seen as of now, before anyone closes this one.
      process.kill(held.server.pid, 'SIGKILL');
      const holders = () => holdersBySs(held?.client.port ?? 0, server.port);
      await waitFor('one holder', holders, ({ length }) => length === 1, 20);
    },
    { walk_interval_ms: 0 },
  );
  await held?.end();
  await server.end();
  const change = rows.state_change.find((row) => row.local_port === held?.client.port && row.new_state === 'close_wait');
  expect(held?.by_ss.client).toEqual([held?.client.pid]);
  expect(ownerOf(change)).toEqual({ pid: held?.client.pid, owner: 'file_table', comm: 'client' });
});

for (const { how, owner } of [
  { how: 'single', owner: 'connect' },
  { how: 'prefork', owner: 'connect' },
  { how: 'fork', owner: 'connect' },
  { how: 'activated', owner: 'file_table' },
] as const) {
  check(`listener of server ${how}: its owner is the one whose program serves it`, async (built, skip) => {
    let server: HoldingServer | undefined;
    let held: Held | undefined;
    const { rows } = await collectRows(
      async (look) => {
        server = await start(built, how, skip);
        held = await hold(built, server, 'plain');
        for (let walk = 0; walk < 2; walk++) look();
        await held.end();
      },
      { walk_interval_ms: 0 },
    );
    await server?.end();
    const last = rows.listener.findLast((row) => row.local_port === server?.port);
    const pid = how === 'activated' ? held?.server.pid : server?.pid;
    expect(ownerOf(last)).toEqual({ pid, owner, comm: serverComm(how) });
  });
}

check('where the kernel has only the older hook, reads still tell the owner', async (built, skip) => {
  const server = await start(built, 'prefork', skip);
  const { rows, hooks } = await collectRows(
    async () => {
      await (await hold(built, server, 'forked_shared')).end();
    },
    { refuse: ['sock_send_length', 'sock_recv_length'] },
  );
  await server.end();
  expect(hooks.find(({ name }) => name === 'tcp_rcv_space_adjust')).toMatchObject({ attached: true });
  const closes = rows.connection.filter((row) => row.event === 'close' && [row.local_port, row.peer_port].includes(server.port));
  expect(closes.map(({ owner }) => owner)).toEqual(['io', 'io']);
});

/** A tick of the kernel's clock, at its coarsest. */
const TICK_US = 10_000;

check('turns and the wait for accept: what the processes waited for is what the rows say', async (built, skip) => {
  const [accept_delay_ms, think_ms, turns] = [150, 20, 5];
  const server = await start(built, 'single', skip, { accept_delay_ms, think_ms });
  let held: Held | undefined;
  const { rows } = await collectRows(async () => {
    held = await hold(built, server, 'plain', { turns });
    await held.end();
  });
  await server.end();
  if (held === undefined) throw new Error('no connection');
  const { at_client, at_server } = endsOf(rows.connection, server.port, held);
  if (at_client === undefined || at_server === undefined) throw new Error('no rows');
  expect(at_server.turns).toBe(turns);
  expect(at_client.turns).toBe(turns);
  // The kernel's timers do not fire early, and a sleep lies within its turn.
  expect(at_server.turn_us).toBeGreaterThanOrEqual(turns * think_ms * 1000);
  expect(at_client.turn_us).toBeGreaterThanOrEqual(at_server.turn_us);
  // The wait leaves out the time that the client itself took until it wrote.
  expect(at_server.accept_us + at_client.first_send_us + 2 * TICK_US).toBeGreaterThanOrEqual(accept_delay_ms * 1000);
  expect(at_client.accept_us).toBe(0);
  expect(at_server.first_receive_us).toBeGreaterThanOrEqual(accept_delay_ms * 1000);
  expect(at_server.first_send_us).toBeGreaterThanOrEqual(at_server.first_receive_us);
  expect(at_client.first_receive_us).toBeGreaterThanOrEqual(at_client.first_send_us);
});

check('a server that waits for a slow client is not said to be slow to accept', async (built, skip) => {
  const idle_ms = 500;
  const server = await start(built, 'single', skip);
  let held: Held | undefined;
  const { rows } = await collectRows(async () => {
    held = await hold(built, server, 'plain', { idle_ms });
    await held.end();
  });
  await server.end();
  if (held === undefined) throw new Error('no connection');
  const { at_server } = endsOf(rows.connection, server.port, held);
  expect(at_server?.duration_us).toBeGreaterThan(idle_ms * 1000);
  expect(at_server?.accept_us).toBeLessThanOrEqual((at_server?.duration_us ?? 0) - idle_ms * 1000 + 2 * TICK_US);
});
