// Short connections as fast as this machine makes them, and long ones that lose packets, beside the real agent: what
// it reports is what was made, to the connection; with a ring far too small, rows and counted losses are.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildStorm } from '../support/storm.ts';
import { agentTold, expectedTold, runStorm, type Side, type StormAccount, type StormOptions } from '../support/storm-account.ts';
import { startWitness } from '../support/witness.ts';

const SECONDS = 8;
const TINY_SECONDS = 2;
/** Room for all rows, should the agent be kept from its rings for some seconds. */
const LARGE_RINGS = ['--ring-bytes', '256MiB'];

const isRoot = process.getuid?.() === 0;
const directory = mkdtempSync(join(tmpdir(), 'tcplens-storm-'));
let storm = '';
beforeAll(() => {
  if (isRoot) storm = buildStorm(directory);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** What the rows of both ends must be, by those who made the connections. */
const made = ({ clients, servers }: Side): Side['rows'] => ({
  opened: { client: clients.connections, server: servers.accepted },
  closed: { client: clients.connections, server: servers.accepted },
  failed: { client: clients.failed, server: 0 },
});

function describe({ short, bulk, ring_lost, ring_lost_beside, missed, interrupted, others }: StormAccount): string {
  const { connections, connections_per_s } = short.clients;
  return `${connections} connections, ${Math.round(connections_per_s)} a second, and ${bulk.clients.connections} with loss: ${ring_lost}
    connection rows lost and ${ring_lost_beside} of other kinds; ${missed} that nobody could write, ${interrupted} events that found their program running; ${others}
    connection rows of others`;
}

/** A storm with a witness beside it: what any program could see of it. */
async function witnessed(options: StormOptions): Promise<StormAccount & { lacking: number; seen: NonNullable<StormAccount['witnessed']> }> {
  const witness = await startWitness();
  try {
    const account = await runStorm({ ...options, witness });
    console.log(`${options.family}: ${describe(account)}`);
    const { witnessed: seen } = account;
    if (!seen) throw new Error('nobody has seen the storm');
    return { ...account, seen, lacking: expectedTold(account) - agentTold(account) };
  } finally {
    witness.close();
  }
}

test.for(['ipv4', 'ipv6'] as const)(
  'over %s: each end of each connection is told, opened and closed, none lost',
  async (family, context) => {
    if (!isRoot) return context.skip('needs root: network namespaces and BPF');
    const account = await witnessed({ storm, family, seconds: SECONDS, agent: LARGE_RINGS });
    const { short, bulk, ring_lost, seen, interrupted, missed, lacking } = account;
    expect(bulk.clients.connections).toBeGreaterThan(0);
    expect(short.servers.accepted).toBe(short.clients.connections);
    expect(ring_lost).toBe(0);
    // A row may be missing only where no program saw that its connection opened or ended, or where ours was already running; tcplens then
    // says so.
    const hidden = seen.hidden === 0 ? 0 : Math.max(0, expectedTold(account) - seen.own.opens - seen.own.ends);
    expect(lacking).toBeLessThanOrEqual(hidden + interrupted);
    expect(lacking).toBeLessThanOrEqual(missed + interrupted);
    if (lacking > 0) return;
    expect(short.rows).toEqual(made(short));
    expect(bulk.rows).toEqual(made(bulk));
  },
);

test('a ring of one page: what is told and counted losses are the connections made', async (context) => {
  if (!isRoot) return context.skip('needs root: network namespaces and BPF');
  const account = await witnessed({ storm, family: 'ipv4', seconds: TINY_SECONDS, agent: ['--ring-bytes', '4KiB'] });
  const { ring_lost, seen, interrupted, missed, lacking } = account;
  expect(ring_lost).toBeGreaterThan(0);
  // Where no sweep came before it, a close tells of the opening, too: one that the ring lost lacks twice.
  expect(lacking - 2 * ring_lost).toBeLessThanOrEqual(missed + interrupted);
  // The ring also lost rows of others, each of which was a change of a socket's state.
  expect(ring_lost - lacking).toBeLessThanOrEqual(seen.others.state_changes);
});
