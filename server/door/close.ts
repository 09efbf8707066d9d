// Ends the service: requests that have arrived have some time to be answered; slow bodies and idle connections are cut.
import { setTimeout as sleep } from 'node:timers/promises';
import type { App } from '../http.ts';
import { LIMITS } from '../limits.ts';

const LOOK_MS = 20;

/** Counts the requests that have arrived whole and are not answered yet. */
export function registerUnderWay(app: App): void {
  const underWay = { requests: 0 };
  app.decorate('underWay', underWay);
  app.addHook('preHandler', async ({ ws }, reply) => {
    if (ws) return;
    underWay.requests++;
    reply.raw.once('close', () => underWay.requests--);
  });
}

declare module 'fastify' {
  interface FastifyInstance {
    underWay: { requests: number };
  }
}

/** Requests that still arrive have `slow_ms`, and those that have arrived `last_answers_ms`: a question that takes longer ends without an answer. */
export async function closeApp(app: App): Promise<void> {
  const last_ms = performance.now() + LIMITS.last_answers_ms.number;
  let isClosed = false;
  const closing = app.close().finally(() => {
    isClosed = true;
  });
  closing.catch(() => undefined);
  await Promise.race([closing, sleep(LIMITS.slow_ms.number)]);
  while (!isClosed) {
    // Only once the server no longer listens: until then another connection could come.
    const isOver = app.underWay.requests === 0 || performance.now() >= last_ms;
    if (!app.server.listening && isOver) app.server.closeAllConnections();
    await Promise.race([closing, sleep(LOOK_MS)]);
  }
  await closing;
}
