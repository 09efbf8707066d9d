// Builds the HTTP application from its parts. Nothing listens yet.
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import { type FastifyPluginAsyncTypebox, type TypeBoxTypeProvider, TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import websocket from '@fastify/websocket';
import fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import type { Logger } from 'pino';
import { LAYOUTS_PATH, REPORT_PATH, ROWS_PATH } from '../agent/batch-envelope.ts';
import { registerAdmin } from './admin/routes.ts';
import { API } from './api.ts';
import { Refusal } from './errors.ts';
import type { HealthWatch } from './health/watch.ts';
import { registerHealth, registerHealthQuery } from './health.ts';
import type { HostNames } from './host-names.ts';
import { type App, errorReply } from './http.ts';
import { InFlight } from './ingest/in-flight.ts';
import type { Layouts } from './ingest/layouts.ts';
import { ReportGroups } from './ingest/report-groups.ts';
import type { TimeWindow } from './ingest/time-window.ts';
import { registerIngest } from './ingest.ts';
import type { Live } from './live.ts';
import type { Log } from './log/log.ts';
import { isLoopbackHostHeader } from './loopback.ts';
import type { Metrics } from './metrics.ts';
import { registerHelmet, registerPages } from './pages.ts';
import { registerQueries } from './query/routes.ts';
import { registerReport } from './report.ts';
import type { Store } from './storage/store.ts';

export type AppParts = {
  version: string;
  logger: Logger;
  log: Log;
  layouts: Layouts;
  timeWindow: TimeWindow;
  store: Store;
  live: Live;
  metrics: Metrics;
  hostNames: HostNames;
  health: HealthWatch;
  in_flight_bytes_max: number;
  /** Where the built dashboards are. */
  dashboards: string;
};

/** Time a client has: to send a request, to keep a connection that moves nothing, and to keep an idle one for the next. */
const LIMITS = { requestTimeout: 30_000, connectionTimeout: 60_000, keepAliveTimeout: 75_000, bodyLimit: 64 * 1024 };
const REQUESTS_A_MINUTE = 1200;
/** A viewer has nothing to say. */
const LIVE_PAYLOAD_MAX = 1024;

export async function buildApp(parts: AppParts): Promise<App> {
  const { version, logger, log, layouts, timeWindow, store, live, metrics, hostNames, health, dashboards } = parts;
  const app: App = fastify({
    loggerInstance: logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    ...LIMITS,
  }).withTypeProvider<TypeBoxTypeProvider>();
  app.removeContentTypeParser('text/plain');
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  app.setErrorHandler(errorReply(({ code }) => metrics.refused.add(1, { reason: code })));
  const inFlight = new InFlight(parts.in_flight_bytes_max);
  metrics.gauge('in_flight', 'By', 'memory reserved for requests of agents', () => inFlight.bytes);
  await registerHelmet(app);
  await app.register(websocket, { options: { maxPayload: LIVE_PAYLOAD_MAX }, preClose: (done) => stopLive(live, done) });
  // After the WebSocket's own hooks: they close the connection of an upgrade that is refused.
  app.addHook('onRequest', async ({ headers }) => {
    if (isLoopbackHostHeader(headers.host)) return;
    throw new Refusal(
      'host_forbidden',
      'the Host header must name this machine, as 127.0.0.1 or localhost: the collector answers no other name',
    );
  });
  await app.register(swagger, { openapi: { openapi: '3.1.0', info: { title: 'tcplens collector', version } } });
  await registerIngest(app, { log, live, metrics, inFlight, layouts, timeWindow });
  const reports = new ReportGroups(store, (table, names) => metrics.namesEvicted.add(names, { table }));
  registerReport(app, { reports, hostNames, clocks: health.clocks, metrics, inFlight });
  registerMethodRefusals(app);
  registerHealth(app, { store, log, metrics });
  await registerPeople(app, parts);
  await registerPages(app, dashboards);
  return app;
}

/** What people and their tools ask, and how often they may. */
async function registerPeople(app: App, { store, live, health }: AppParts): Promise<void> {
  const routes: FastifyPluginAsyncTypebox = async (people) => {
    await people.register(rateLimit, {
      max: REQUESTS_A_MINUTE,
      timeWindow: '1 minute',
      errorResponseBuilder: (_request, { max, ttl }) =>
        new Refusal('too_many_requests', `more than ${max} requests in a minute: try again`, { retry_after_s: Math.ceil(ttl / 1000) }),
    });
    registerQueries(people, store);
    registerAdmin(people, store);
    registerHealthQuery(people, health);
    people.get(API.openapi, { schema: { hide: true } }, async () => app.swagger());
    live.register(people);
  };
  await app.register(routes);
}

function stopLive(live: Live, done: () => void): void {
  live.stop();
  done();
}

/** Agents' paths take POST; another method is told so instead of "not found". */
function registerMethodRefusals(app: App): void {
  for (const url of [ROWS_PATH, REPORT_PATH, LAYOUTS_PATH]) {
    app.route({
      method: ['GET', 'PUT', 'PATCH', 'DELETE'],
      url,
      schema: { hide: true },
      onRequest: async ({ method }, reply) => {
        reply.header('allow', 'POST');
        throw new Refusal('method_not_allowed', `${url} takes POST, not ${method}`);
      },
      handler: async (_request, reply) => reply.callNotFound(),
    });
  }
}
