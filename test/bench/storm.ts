// `make storm`: a minute of short connections at this machine's full rate, and of long ones that lose packets, beside
// the agent as it is. What it reports has to be what was made, to the connection; the same again with a ring of one
// page, where rows and counted losses together have to be. The last line is JSON; other numbers end it with 1.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { buildStorm } from '../support/storm.ts';
import { agentTold, expectedTold, runStorm, type StormAccount } from '../support/storm-account.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' }, family: { type: 'string', default: 'ipv4' } } });
const family = values.family === 'ipv6' ? 'ipv6' : 'ipv4';
const seconds = Number(values.seconds);

/** Connection rows of asking for /metrics. */
const OWN_ROWS_MAX = 4;
const RINGS = { default_ring: [], ring_of_a_page: ['--ring-bytes', '4KiB'] } as const;

function figuresOf(account: StormAccount) {
  const { short, bulk, ring_lost, ring_lost_beside, missed, interrupted, others } = account;
  return {
    connections: short.clients.connections + bulk.clients.connections,
    connections_per_s: Math.round(short.clients.connections_per_s),
    with_loss: bulk.clients.connections,
    closed_at_clients: short.rows.closed.client + bulk.rows.closed.client,
    closed_at_servers: short.rows.closed.server + bulk.rows.closed.server,
    expected_told: expectedTold(account),
    agent_told: agentTold(account),
    ring_lost,
    difference: agentTold(account) + ring_lost - expectedTold(account),
    ring_lost_beside,
    missed,
    interrupted,
    others,
  };
}

const directory = mkdtempSync(join(tmpdir(), 'tcplens-storm-'));
const figures: Record<string, ReturnType<typeof figuresOf>> = {};
try {
  const storm = buildStorm(directory);
  for (const [ring, agent] of Object.entries(RINGS)) {
    const found = figuresOf(await runStorm({ storm, family, seconds, agent }));
    figures[ring] = found;
    console.log(`${ring}: ${found.connections} connections, ${found.connections_per_s} a second, ${found.with_loss} of them with loss
  rows: ${found.expected_told} expected = ${found.agent_told} written + ${found.ring_lost} counted as lost, difference ${found.difference}
  nobody could write ${found.missed}; events that found their program running: ${found.interrupted}
  other kinds' rows lost: ${found.ring_lost_beside}; connection rows of others on this machine: ${found.others}`);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
// More than was made is others' doing, where others did something: nothing tells whose a lost row was.
const isWrong = ({ difference, missed, interrupted, others }: ReturnType<typeof figuresOf>) =>
  difference < -(missed + interrupted) || (difference > 0 && others <= OWN_ROWS_MAX);
if (Object.values(figures).some(isWrong)) process.exitCode = 1;
console.log(JSON.stringify({ bench: 'storm', seconds, family, ...figures }));
