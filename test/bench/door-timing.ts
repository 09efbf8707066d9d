// How long a collector takes to refuse a token that is right but for its last digit, and one that is wrong from the first: a guess of
// the one must take no longer than of the other. Prints the ratio of the medians with its 95 % interval, and judges nothing.
//
//   node test/bench/door-timing.ts --requests 20000
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { ADMIN_API } from '../../server/api/admin.ts';
import type { MadeToken } from '../../server/api/people.ts';
import { ask, enrol, joinWith, ownerOf } from '../server/support/enrolled.ts';
import { CollectorProcess } from './collector-process.ts';
import { median } from './overhead/median.ts';
import { quantile } from './quantile.ts';

const RESAMPLES = 500;
const WARM_UP = 500;
/** A path that takes no question to the store, and no more requests than the door sees: /healthz identifies, too, and answers anybody. */
const PATH = '/healthz';
const { values } = parseArgs({ options: { requests: { type: 'string', default: '20000' } } });

const directory = mkdtempSync(join(tmpdir(), 'tcplens-timing-'));
const collector = await CollectorProcess.start(directory, '--login');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
try {
  for (const [name, shown] of Object.entries(await secrets())) console.log(`${name}: ${await compare(shown)}`);
} finally {
  agent.destroy();
  await collector.stop();
  rmSync(directory, { recursive: true, force: true });
}

/** What somebody shows, up to its secret, and the secret. */
async function secrets(): Promise<Record<string, { before: string; secret: string }>> {
  const owner = readFileSync(join(directory, 'token'), 'utf8').trim();
  const asked = { name: 'timing', role: 'viewer', for_ms: 3_600_000 };
  const { body } = await ask(collector.url + ADMIN_API.tokens, { headers: ownerOf(directory), body: asked });
  const { token } = body as MadeToken;
  const { headers } = await joinWith(collector.url, await enrol(collector.url, directory));
  const parts = (shown: string) => ({ before: shown.slice(0, -64), secret: shown.slice(-64) });
  return { 'owner’s token': parts(owner), token: parts(token), 'agent’s credential': parts(String(headers['authorization']).slice(7)) };
}

/** In turns, in an order that chance says, so that what else the machine does meets both alike. */
async function compare({ before, secret }: { before: string; secret: string }): Promise<string> {
  const other = (digit = '') => (digit === '0' ? '1' : '0');
  const guesses = {
    late: `${before}${secret.slice(0, -1)}${other(secret.at(-1))}`,
    early: `${before}${other(secret[0])}${secret.slice(1)}`,
  };
  const took: Record<keyof typeof guesses, number[]> = { late: [], early: [] };
  for (let each = 0; each < WARM_UP; each++) await timed(guesses.late);
  for (let each = 0; each < Number(values.requests) / 2; each++) {
    for (const which of Math.random() < 0.5 ? (['late', 'early'] as const) : (['early', 'late'] as const))
      took[which].push(await timed(guesses[which]));
  }
  const ratios = Array.from({ length: RESAMPLES }, () => resampledMedian(took.late) / resampledMedian(took.early));
  const [low, high] = [quantile(ratios, 0.025), quantile(ratios, 0.975)].map((ratio) => ratio.toFixed(4));
  const medians = `${(1000 * median(took.late)).toFixed(1)} µs / ${(1000 * median(took.early)).toFixed(1)} µs`;
  return `right but for its last digit / wrong from its first: ${medians} = ${(median(took.late) / median(took.early)).toFixed(4)}, 95 % within ${low}–${high} (${values.requests} requests)`;
}

function resampledMedian(from: readonly number[]): number {
  const drawn = Float64Array.from(from, () => from[Math.floor(Math.random() * from.length)] ?? 0);
  return drawn.sort()[drawn.length >> 1] ?? 0;
}

/** ms until the answer is there. */
async function timed(secret: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const headers = { authorization: `Bearer ${secret}` };
  const began = performance.now();
  http.get(collector.url + PATH, { agent, headers }, resolve).on('error', reject);
  await text(await promise);
  return performance.now() - began;
}
