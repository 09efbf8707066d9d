// A collector that ends does not wait for the longest questions: their statements end, and whoever asked sees the connection close.
import fastify from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeApp, registerUnderWay } from '../../../server/door/close.ts';
import type { App } from '../../../server/http.ts';
import { Questions } from '../../../server/query/questions.ts';
import { openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import type { Engine } from '../../../server/storage/engine.ts';
import { type TestDirectory, testDirectory, until } from '../support/collector.ts';

/** The first takes a minute where it is not ended, the second about a second. */
const LONG = 'SELECT sum(sipHash64(number)) AS sum FROM numbers(20000000000)';
const SHORT = 'SELECT sleepEachRow(0.5) AS slept FROM numbers(2) SETTINGS max_block_size = 1';

let directory: TestDirectory;
let engine: Engine;
beforeAll(async () => {
  directory = await testDirectory();
  engine = await openEmbeddedEngine({ path: directory.path });
});
afterAll(async () => {
  await engine.close();
  await directory.remove();
});

test('a question that is answered soon is answered, a longer one ends', async () => {
  const app = fastify() as unknown as App;
  registerUnderWay(app);
  const questions = new Questions(engine, { running: 2, waiting: 2 });
  app.get('/long', (_, reply) => questions.answer(reply, (store) => store.query(LONG)));
  app.get('/short', (_, reply) => questions.answer(reply, (store) => store.query(SHORT, {}, 2)));
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const asked = (path: string) =>
    fetch(url + path).then(
      async (response) => [response.status, await response.json()],
      () => 'closed',
    );
  const running = () =>
    engine.query<{ n: number }>(
      "SELECT count() AS n FROM system.processes WHERE query LIKE '%sipHash64%' AND query NOT LIKE '%processes%'",
    );
  const long = asked('/long');
  await until(running, ([found]) => found?.n === 1);
  const short = asked('/short');
  await until(
    () => app.underWay.requests,
    (requests) => requests === 2,
  );
  await closeApp(app);
  expect(await short).toEqual([200, [{ slept: 0 }, { slept: 0 }]]);
  expect(await long).toBe('closed');
  await until(running, ([found]) => found?.n === 0);
});
