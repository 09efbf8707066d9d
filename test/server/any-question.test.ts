// Whatever is asked of what is stored: it is answered, or refused with the reason; never does the collector or its engine fail at it.
// 10 000 questions: make test-deep TCPLENS_RUNS=1000 ARGS=test/server/any-question.test.ts.
import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROWS_PATH } from '../../agent/contract/batch-envelope.ts';
import { KIND } from '../../bpf/rows/rows.gen.ts';
import { CollectorProcess } from '../bench/collector-process.ts';
import { tries } from '../support/tries.ts';
import { headersOf, rowsOf } from './support/agent.ts';
import { anyQuestion } from './support/any-question.ts';
import { ask } from './support/any-request.ts';
import { type TestDirectory, testDirectory } from './support/collector.ts';

const AT_ONCE = 10;
/** Each address has a limit of its own, so that all that is asked is looked at. */
const PEERS = 250;

let directory: TestDirectory;
let collector: CollectorProcess;

beforeAll(async () => {
  directory = await testDirectory();
  collector = await CollectorProcess.start(directory.path);
  for (const [index, kind] of KIND.entries()) {
    const body = zstdCompressSync(rowsOf(kind, 20));
    const sent = { method: 'POST', path: ROWS_PATH, headers: headersOf(kind, index + 1), body };
    expect(await ask(collector.url, sent, '127.0.0.1')).toBe(200);
  }
});
afterAll(async () => {
  await collector.stop();
  await directory.remove();
});

test('no question is answered with a 5xx, and many are answered', async () => {
  let made = 0;
  const statuses = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(fc.array(anyQuestion, { minLength: AT_ONCE, maxLength: AT_ONCE }), async (questions) => {
      const answers = await Promise.all(questions.map((each) => ask(collector.url, each, `127.0.0.${2 + (made++ % PEERS)}`)));
      for (const [index, status] of answers.entries()) {
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        expect(status, decodeURIComponent(questions[index]?.path.replaceAll('+', ' ') ?? '')).toBeLessThan(500);
      }
    }),
    tries(30),
  );
  console.log(
    `${made} questions: ${[...statuses]
      .sort()
      .map(([status, times]) => `${times} × ${status}`)
      .join(', ')}`,
  );
  expect(statuses.get(200) ?? 0).toBeGreaterThan(made / 10);
}, 600_000);
