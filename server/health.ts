// Health endpoints for supervisors and Prometheus: is the process up, can it do its work, and how much has it done.

import { reasonOf } from '../agent/process/errors.ts';
import { Health } from './api/health.ts';
import { API, Problem } from './api.ts';
import { findingsOf } from './health/findings.ts';
import type { HealthWatch } from './health/watch.ts';
import type { App } from './http.ts';
import type { Log } from './log/log.ts';
import type { Metrics } from './metrics.ts';
import type { Store } from './storage/store.ts';

export type HealthParts = { store: Pick<Store, 'ping'>; log: Log; metrics: Metrics };

export function registerHealth(app: App, { store, log, metrics }: HealthParts): void {
  const schema = { hide: true };
  app.get('/healthz', { schema, handler: async () => ({ status: 'up' }) });
  app.get('/readyz', {
    schema,
    handler: async (_request, reply) => {
      const problem = log.failure === '' ? await pingProblem(store) : { code: 'log_failed', message: log.failure };
      return problem ? reply.code(503).send(problem) : { status: 'ready' };
    },
  });
  app.get('/metrics', {
    schema,
    handler: async (_request, reply) => reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metrics.text()),
  });
}

/** Figures, and problems in plain words, for people. Answers even if the store does not. */
export function registerHealthQuery(app: App, watch: HealthWatch): void {
  app.get(API.health, {
    schema: {
      summary: 'What the collector and its store are doing, and every known trouble with what to do',
      response: { 200: Health, '4xx': Problem, '5xx': Problem },
    },
    handler: async () => {
      const figures = await watch.figures();
      return { findings: findingsOf(figures), figures };
    },
  });
}

async function pingProblem(store: HealthParts['store']): Promise<Problem | undefined> {
  try {
    await store.ping();
    return undefined;
  } catch (error) {
    return { code: 'store_failed', message: reasonOf(error) };
  }
}
