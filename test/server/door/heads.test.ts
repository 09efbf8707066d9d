// The head of a request is bounded, and who sends a larger one is told so.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { API } from '../../../server/api.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory } from '../support/collector.ts';
import { headOf, rawHttp, statusOf } from '../support/raw-http.ts';

let directory: TestDirectory;
let collector: TestCollector;
beforeAll(async () => {
  directory = await testDirectory();
  collector = await startCollector(directory.path);
});
afterAll(async () => {
  await collector.stop();
  await directory.remove();
});

test.each([
  { it: 'one long header', headers: { cookie: 'x'.repeat(64 * 1024) } },
  { it: 'many short ones', headers: Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`x-${index}`, 'y'.repeat(20)])) },
])('a head with $it is refused, in words, and others are answered', async ({ headers }) => {
  const { ended } = rawHttp(collector.url, headOf(collector.url, `GET ${API.hosts}`, headers));
  const answer = await ended;
  expect(statusOf(answer)).toBe(431);
  expect(answer).toMatch(/"code":"head_too_large".*16 KiB/);
  expect((await fetch(`${collector.url}/healthz`)).status).toBe(200);
});
