// Builds the HTTP application from its parts. Nothing listens yet.
import type { ServerOptions } from 'node:https';
import compress from '@fastify/compress';
import swagger from '@fastify/swagger';
import type { FastifyPluginAsyncTypebox, TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import websocket from '@fastify/websocket';
import fastify, { type FastifyBaseLogger, type FastifyRequest, LogController } from 'fastify';
import type { Logger } from 'pino';
import { LAYOUTS_PATH, REPORT_PATH, ROWS_PATH } from '../agent/contract/batch-envelope.ts';
import { registerPeopleAdmin } from './access/admin-routes.ts';
import { registerAgents } from './access/agent-routes.ts';
import { registerCollectors } from './access/collector-routes.ts';
import { IdentityProvider } from './access/identity-provider.ts';
import { registerOidc } from './access/oidc-routes.ts';
import { registerPeople } from './access/people-routes.ts';
import { registerAccess } from './access/routes.ts';
import { registerViews } from './access/view-routes.ts';
import type { Access } from './access.ts';
import { registerAdmin } from './admin/routes.ts';
import type { Snapshot } from './api/admin.ts';
import { API } from './api.ts';
import { registerSettings } from './control/routes.ts';
import type { Control } from './control.ts';
import { registerUnderWay } from './door/close.ts';
import { limitConnections } from './door/connections.ts';
import { registerDoor } from './door/door.ts';
import { type Owner, registerOpen } from './door/owner.ts';
import type { OidcConfig } from './door/people-options.ts';
import { limitAgents, peopleLimit, registerRates } from './door/rates.ts';
import { mayStill, registerRights } from './door/rights.ts';
import { Refusal } from './errors.ts';
import type { FleetParts } from './fleet/fleet.ts';
import { labelsOf } from './fleet/known-hosts.ts';
import { VersionRefusals } from './fleet/version-refusals.ts';
import type { HealthWatch } from './health/watch.ts';
import { registerHealth, registerHealthQuery } from './health.ts';
import type { HostNames } from './host-names.ts';
import { type App, clientErrorHandler, errorReply } from './http.ts';
import type { Layouts } from './ingest/layouts.ts';
import { ReportGroups } from './ingest/report-groups.ts';
import type { TimeWindow } from './ingest/time-window.ts';
import { UnpackRoom } from './ingest/unpack-room.ts';
import { registerIngest } from './ingest.ts';
import { registerAlerts } from './investigations/alert-routes.ts';
import { registerDownloads } from './investigations/download-routes.ts';
import { registerInvestigations } from './investigations/routes.ts';
import { LIMITS } from './limits.ts';
import type { Live } from './live.ts';
import type { Log } from './log/log.ts';
import type { Metrics } from './metrics.ts';
import { registerHelmet, registerPages } from './pages.ts';
import { registerExplore } from './query/explore-routes.ts';
import { registerFleet } from './query/fleet-routes.ts';
import { Questions } from './query/questions.ts';
import { registerQueries } from './query/routes.ts';
import { registerReport } from './report.ts';
import { compilersFactory, lazyValidator } from './schema-compilers.ts';
import type { Store } from './storage/store.ts';

/**
 * `https`: options of an HTTPS server; undefined: plain HTTP. `isProxy`: whether an address is that of a proxy whose headers are believed.
 * `line`: what a host gets as --join.
 */
export type Port = {
  https: ServerOptions | undefined;
  isOwnName: (host: string) => boolean;
  asksCertificate: boolean;
  isProxy: (address: string) => boolean;
  line: (id: string, secret: string, authorities: readonly string[]) => string;
  /** plain HTTP on an address beyond loopback */
  isPlain: boolean;
  /** undefined: no identity provider is configured */
  oidc: OidcConfig | undefined;
  /** the origin under which the browser of this request reaches the page */
  originOf: (request: FastifyRequest) => string;
};

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
  owner: Owner;
  access: Access;
  control: Control;
  /** The address, TLS and proxies of the collector's port. */
  port: Port;
  /** Takes a snapshot of the data directory. */
  snapshot: () => Promise<Snapshot>;
  in_flight_bytes_max: number;
  /** A host that has been silent for so long counts as gone. */
  retire_after_ms: number;
  /** Where the built dashboards are. */
  dashboards: string;
};

/** Limits of time for a client: to send a request, to keep a connection on which nothing moves, to keep an idle connection. */
const SERVER = {
  requestTimeout: LIMITS.request_ms.number,
  connectionTimeout: LIMITS.connection_ms.number,
  keepAliveTimeout: LIMITS.keep_alive_ms.number,
  bodyLimit: LIMITS.people_body.number,
};

export async function buildApp(parts: AppParts): Promise<App> {
  const {
    version,
    logger,
    log,
    layouts,
    timeWindow,
    store,
    live,
    metrics,
    hostNames,
    health,
    dashboards,
    in_flight_bytes_max,
    access,
    control,
    port,
  } = parts;
  const app = fastify({
    ...(port.https && { https: port.https }),
    trustProxy: port.isProxy,
    loggerInstance: logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    ...SERVER,
    schemaController: { compilersFactory },
    clientErrorHandler,
  }).withTypeProvider<TypeBoxTypeProvider>() as unknown as App;
  app.setValidatorCompiler(lazyValidator);
  app.setErrorHandler(errorReply(({ code }) => metrics.refused.add(1, { reason: code })));
  await registerHelmet(app);
  await app.register(websocket, { options: { maxPayload: LIMITS.control_says.number }, preClose: (done) => stopSockets(parts, done) });
  registerDoor(app, { in_flight_bytes_max, metrics, ...port });
  registerRights(app, access.gate);
  await registerRates(app);
  limitAgents(app, (host) => health.floods.note(host, Date.now()));
  limitConnections(app.server, port.isProxy, () => metrics.connectionsRefused.add(1));
  registerUnderWay(app);
  await app.register(swagger, { openapi: { openapi: '3.1.0', info: { title: 'tcplens collector', version } } });
  const unpacking = new UnpackRoom(in_flight_bytes_max * LIMITS.rows_unpacked_in_flight.number);
  metrics.gauge('unpacked', 'By', 'memory that unpacked batches hold', () => unpacking.bytes);
  const versionRefusals = new VersionRefusals();
  await registerIngest(app, { log, live, metrics, unpacking, layouts, versionRefusals, timeWindow });
  const reports = new ReportGroups(store, (table, names) => metrics.namesEvicted.add(names, { table }));
  registerReport(app, { reports, hostNames, clocks: health.clocks, metrics, authorities: () => access.collectors.digest() });
  registerAgents(app, access.agents, access.audit);
  control.register(app);
  registerMethodRefusals(app);
  registerHealth(app, { store, log, metrics });
  await registerForPeople(app, parts, fleetOf(parts, versionRefusals));
  await registerPages(app, dashboards);
  return app;
}

/** Routes for people and their tools, with limits of their rates. */
async function registerForPeople(
  app: App,
  { store, live, health, owner, access, control, port, snapshot }: AppParts,
  fleet: FleetParts,
): Promise<void> {
  const routes: FastifyPluginAsyncTypebox = async (people) => {
    people.addHook('onRequest', peopleLimit(app));
    await people.register(async (answers) => {
      // Routes with secrets are not registered here: compression would reveal them by the length. Bodies of requests are never unpacked.
      await answers.register(compress, { encodings: ['br', 'gzip'], globalDecompression: false });
      const questions = new Questions(store, { running: LIMITS.queries_running.number, waiting: LIMITS.queries_waiting.number });
      const namer = { store, labels: () => labelsOf(access.agents) };
      registerQueries(answers, questions, namer);
      registerExplore(answers, questions, { ...namer, rows_most: LIMITS.explore_rows.number, differs_ms: LIMITS.differs_ms.number });
      registerFleet(answers, questions, fleet);
      registerAlerts(answers, { book: control.investigations.book, audit: access.audit });
      registerInvestigations(answers, { control, audit: access.audit, questions, namer, store });
      registerDownloads(answers, { control, audit: access.audit, questions });
      registerHealthQuery(answers, health);
      answers.get(API.openapi, { schema: { hide: true } }, async () => app.swagger());
    });
    registerAdmin(people, store, { owner, audit: access.audit, snapshot });
    registerAccess(people, {
      ...access,
      line: (id, secret) =>
        port.line(
          id,
          secret,
          access.collectors.list().map((authority) => authority.id),
        ),
    });
    registerCollectors(people, access);
    registerPeopleAdmin(people, store, access);
    registerViews(people, access);
    registerSettings(people, { control, audit: access.audit });
    registerPeople(people, { ...access, isPlain: port.isPlain, oidc: port.oidc !== undefined });
    registerOidc(people, { ...access, originOf: port.originOf, provider: port.oidc && new IdentityProvider(port.oidc) });
    registerOpen(people, owner, access);
    live.register(people, (request) => mayStill(access.gate, request, 'viewer'));
    access.book.watch(() => live.recheck());
  };
  await app.register(routes);
}

function fleetOf({ store, access, version, retire_after_ms, health }: AppParts, refusals: VersionRefusals): FleetParts {
  return {
    store,
    agents: access.agents,
    version,
    retire_after_ms,
    refusal: (host_id) => refusals.of(host_id, Date.now()),
    clockAhead: (host_id) => health.clocks.of(host_id),
  };
}

function stopSockets({ live, control }: AppParts, done: () => void): void {
  live.stop();
  void control.stop().finally(done);
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
