// The end of the service: whoever has asked is answered, and whoever is slow, or asks for nothing, keeps nobody waiting.
import { setTimeout as sleep } from 'node:timers/promises';
import type { App } from '../http.ts';
import { LIMITS } from '../limits.ts';

const LOOK_MS = 20;

/** Counts the requests of which all has come and whose answer has not gone. */
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

/** What is on its way has as long as a body that is not slow; what has come is answered, however long that takes. */
export async function closeApp(app: App): Promise<void> {
  let isClosed = false;
  const closing = app.close().finally(() => {
    isClosed = true;
  });
  closing.catch(() => undefined);
  await Promise.race([closing, sleep(LIMITS.slow_ms.number)]);
  while (!isClosed) {
    // Not before it has stopped to listen: another one could come in after it.
    if (!app.server.listening && app.underWay.requests === 0) app.server.closeAllConnections();
    await Promise.race([closing, sleep(LOOK_MS)]);
  }
  await closing;
}
