// A collector that stays away while a storm goes on, and no disk to wait on: the agent keeps what its queue may hold, counts what
// it drops, and does not grow.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { startAgent, sumOf } from '../support/agent-process.ts';
import { makeLone } from '../support/lone-netns.ts';
import { buildStorm, runClients, serveStorm } from '../support/storm.ts';

const MiB = 1024 ** 2;
const QUEUE_BYTES = 8 * MiB;
/** Beside what waits: batches that are being compressed, and those that are under way. */
const UNDER_WAY_BYTES_MAX = 40 * MiB;
/** Nobody listens there. */
const AWAY = 'http://127.0.0.1:9';
const HERE = { address: '127.0.0.1', threads: 4 };
/** Buffers that nothing refers to any more, until V8 collects them. */
const GARBAGE_BYTES_MAX = 64 * MiB;

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

test('an agent whose collector is away stays within its queue', async (context) => {
  if (process.getuid?.() !== 0) return context.skip('needs root: BPF');
  const directory = mkdtempSync(join(tmpdir(), 'tcplens-away-'));
  const storm = buildStorm(directory);
  const lone = makeLone();
  const server = await serveStorm(storm, lone, { ...HERE, port: 0 });
  const agent = await startAgent('--collector', AWAY, '--spool', 'none', '--queue-bytes', `${QUEUE_BYTES / MiB}MiB`);
  const look = async () => {
    const series = await agent.metrics();
    const rows = (tcplens_stage: string) => sumOf(series, 'tcplens_agent_rows_total', { tcplens_stage });
    return {
      queue_bytes: sumOf(series, 'tcplens_agent_queue_size', {}),
      dropped: rows('memory_dropped'),
      seen: rows('seen'),
      sent: rows('sent'),
      resident: residentBytes(agent.pid),
    };
  };
  const more = () => runClients(storm, lone, { ...HERE, port: server.port, connections: 20_000 });
  try {
    let full = await look();
    while (full.dropped === 0) {
      await more();
      full = await look();
    }
    let later = full;
    // The first drop may come before as much is under way as can be: what it holds at most is known once it has dropped as much again.
    let most = full.resident;
    while (later.seen < 4 * full.seen) {
      await more();
      later = await look();
      expect(later.queue_bytes).toBeLessThanOrEqual(QUEUE_BYTES + UNDER_WAY_BYTES_MAX);
      if (later.seen < 2 * full.seen) most = Math.max(most, later.resident);
    }
    expect(later.sent).toBe(0);
    expect(later.resident).toBeLessThan(most + GARBAGE_BYTES_MAX);
  } finally {
    await agent.stop();
    await server.stop();
    lone.close();
    rmSync(directory, { recursive: true });
  }
});
