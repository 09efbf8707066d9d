// A question lasts as long as somebody waits for its answer, and tells how far it is: on the real engine, over real requests.
import fastify from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Refusal } from '../../server/errors.ts';
import { QUESTION_HEADER, Questions } from '../../server/query/questions.ts';
import { openEmbeddedEngine } from '../../server/storage/embedded.ts';
import type { Engine, Queryable } from '../../server/storage/engine.ts';
import { type TestDirectory, testDirectory, until } from './support/collector.ts';

let found = 0;
/** How many have asked for it, and how many of them have left without an answer. */
let [asked, left] = [0, 0];
/** Before so many have asked it is not looked for, however slowly they come. */
let awaited = 0;
/** Takes as long as somebody lets it. */
const once = async (store: Queryable) => {
  found++;
  await until(
    () => asked,
    (count) => count >= awaited,
  );
  return store.query('SELECT sleepEachRow(0.5) AS slept FROM numbers(3) SETTINGS max_block_size = 1', {}, 3);
};

/** Takes a minute where it is not ended. */
const LONG = 'SELECT sum(sipHash64(number)) AS sum FROM numbers(20000000000)';
const ID = '0123456789-abcdef';

// Else it waits for a client that keeps its connection for the next request.
const app = fastify({ forceCloseConnections: true });
let directory: TestDirectory;
let engine: Engine;
let questions: Questions;
let url = '';
const refused: Refusal[] = [];

beforeAll(async () => {
  directory = await testDirectory();
  engine = await openEmbeddedEngine({ path: directory.path });
  questions = new Questions(engine, { running: 1, waiting: 1 });
  app.setErrorHandler<Refusal>((error, _, reply) => {
    refused.push(error);
    void reply.code(error.status).send({ message: error.message });
  });
  app.get('/long', (_, reply) => questions.answer(reply, (store) => store.query(LONG, {}, 1)));
  app.get('/once', (_, reply) => {
    asked++;
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) left++;
    });
    return questions.answerOnce(reply, 'long', once);
  });
  app.get('/short', (_, reply) => questions.answer(reply, (store) => store.query('SELECT 1 AS one', {}, 1)));
  url = await app.listen({ port: 0 });
});
afterAll(async () => {
  await app.close();
  await engine.close();
  await directory.remove();
});

const running = async () =>
  (await engine.query("SELECT query_id FROM system.processes WHERE query LIKE '%sipHash64%' AND query NOT LIKE '%processes%'", {}, 10))
    .length;
const named = (id: string) => ({ headers: { [QUESTION_HEADER]: id } });

test('whoever leaves ends his question, and the next one has its turn', async () => {
  const leaving = new AbortController();
  const asked = fetch(`${url}/long`, { ...named(ID), signal: leaving.signal }).catch((cause) => cause);
  await until(
    async () => (await questions.progress(ID)).rows_read,
    (rows) => rows > 0,
  );
  expect(await questions.progress(ID)).toMatchObject({ state: 'reading', rows: 20_000_000_000 });
  expect(await running()).toBe(1);
  const next = fetch(`${url}/short`, named('another-0123456789'));
  await until(
    () => questions.progress('another-0123456789'),
    (found) => found.state === 'waiting',
  );
  expect((await fetch(`${url}/short`, named(ID))).status).toBe(409);
  leaving.abort();
  expect(await asked).toMatchObject({ name: 'AbortError' });
  expect(await (await next).json()).toEqual([{ one: 1 }]);
  await until(running, (count) => count === 0);
  // It has not ended by its own limit of time.
  expect(refused.find(({ code }) => code === 'client_gone')?.cause).toMatchObject({ message: expect.stringContaining('cancelled') });
  expect(await questions.progress(ID)).toMatchObject({ state: 'none' });
});

test('what is no name of a question is refused', async () => {
  await Promise.all(
    ['', 'short', 'a'.repeat(65), "0123456789abcdef' OR 1"].map(async (id) => {
      const { message } = (await (await fetch(`${url}/short`, named(id))).json()) as { message: string };
      expect(message).toMatch(/16 to 64/);
    }),
  );
});

test('what takes long is found once for all who ask meanwhile, and anew for who comes later', async () => {
  [found, asked, awaited] = [0, 0, 6];
  const leaving = new AbortController();
  const first = fetch(`${url}/once`, { signal: leaving.signal }).catch((cause) => cause);
  const all = Array.from({ length: 5 }, async () => (await fetch(`${url}/once`)).json());
  await until(
    () => asked,
    (count) => count === awaited,
  );
  // One of them leaves, and the others have their answer.
  leaving.abort();
  expect(await first).toMatchObject({ name: 'AbortError' });
  for (const answer of await Promise.all(all)) expect(answer).toHaveLength(3);
  expect(found).toBe(1);
  expect(await (await fetch(`${url}/once`)).json()).toHaveLength(3);
  expect(found).toBe(2);
});

test('where all leave who asked for it, it ends', async () => {
  [found, asked, left, awaited] = [0, 0, 0, 2];
  const leaving = new AbortController();
  const all = Array.from({ length: 2 }, () => fetch(`${url}/once`, { signal: leaving.signal }).catch((cause) => cause));
  await until(
    () => asked,
    (count) => count === awaited,
  );
  leaving.abort();
  for (const cause of await Promise.all(all)) expect(cause).toMatchObject({ name: 'AbortError' });
  // It has to hear of that before somebody else comes.
  await until(
    () => left,
    (count) => count === 2,
  );
  expect(await (await fetch(`${url}/once`)).json()).toHaveLength(3);
  expect(found).toBe(2);
});
