// Whatever anybody asks of any route: the collector answers, fails at nothing, and has as much memory afterwards as before. How much that is
// is printed. 45 000 requests: make test-deep TCPLENS_RUNS=4500 ARGS=test/server/any-request.test.ts.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CollectorProcess } from '../bench/collector-process.ts';
import { rssMib } from '../bench/overhead/process-figures.ts';
import { tries } from '../support/tries.ts';
import { waitFor } from '../support/wait.ts';
import { type AnyRequest, anyRequest, ask } from './support/any-request.ts';
import { type TestDirectory, testDirectory } from './support/collector.ts';

const RUNS = 50;
const AT_ONCE = 10;
/** In this many requests the engine loads its code, and each cache has something in it. */
const WARM_UP = 1000;
/** Each address has a limit of its own, so that all that is asked is looked at. */
const PEERS = 250;

let directory: TestDirectory;
let collector: CollectorProcess;

beforeAll(async () => {
  directory = await testDirectory();
  collector = await CollectorProcess.start(directory.path);
});
afterAll(async () => {
  await collector.stop();
  await directory.remove();
});

test('no request is answered with a 5xx, and none leaves memory behind', async () => {
  let made = 0;
  const statuses = new Map<number, number>();
  const batches = fc.array(anyRequest, { minLength: AT_ONCE, maxLength: AT_ONCE });
  const askAll = async (requests: readonly AnyRequest[]) => {
    const answers = await Promise.all(requests.map((each) => ask(collector.url, each, `127.0.0.${2 + (made++ % PEERS)}`)));
    for (const status of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1);
    return answers;
  };
  for (const requests of fc.sample(batches, WARM_UP / AT_ONCE)) await askAll(requests);
  const before = rssMib(collector.pid);
  await fc.assert(
    fc.asyncProperty(batches, async (requests) => {
      for (const [index, status] of (await askAll(requests)).entries()) expect(status, JSON.stringify(requests[index])).toBeLessThan(500);
    }),
    tries(RUNS),
  );
  const after = rssMib(collector.pid);
  const answered = [...statuses].sort().map(([status, times]) => `${times} × ${status}`);
  console.log(`${made} requests: ${answered.join(', ')}; ${before.toFixed(0)} MiB before, ${after.toFixed(0)} MiB after`);
  await waitFor(
    'memory within a tenth of what it was',
    () => rssMib(collector.pid),
    (mib) => mib <= before * 1.1,
    1000,
  );
  expect((await fetch(`${collector.url}/readyz`)).status).toBe(200);
});
