// `POST /v1/report`: what an agent has learned about its host, and its account of rows seen, sent and lost.
import { Type } from 'typebox';
import { AgentReport } from '../agent/agent-report.ts';
import { REPORT_PATH } from '../agent/batch-envelope.ts';
import { Problem } from './api.ts';
import type { HostNames } from './host-names.ts';
import type { App } from './http.ts';
import { outOfWindow, TIME_WINDOW_MS } from './ingest/envelope.ts';
import type { InFlight } from './ingest/in-flight.ts';
import type { Metrics } from './metrics.ts';
import type { Store } from './storage/store.ts';

export type ReportParts = { store: Pick<Store, 'insertReport'>; hostNames: HostNames; metrics: Metrics; inFlight: InFlight };

/** Ten thousand processes with the longest command lines fit. */
const BODY_BYTES_MAX = 16 * 1024 * 1024;

const Accepted = Type.Object({ stored: Type.Literal(true) });

export function registerReport(app: App, { store, hostNames, metrics, inFlight }: ReportParts): void {
  app.route({
    method: 'POST',
    url: REPORT_PATH,
    bodyLimit: BODY_BYTES_MAX,
    schema: {
      summary: 'What an agent has learned, and its account',
      body: AgentReport,
      response: { 200: Accepted, '4xx': Problem, '5xx': Problem },
    },
    onRequest: async (request, reply) => inFlight.reserve(request, reply, BODY_BYTES_MAX, 0),
    handler: async (request) => {
      const report = request.body;
      const now_ms = Date.now();
      // The newest report of a host wins: one from the future would win for ever.
      if (report.at_ms < now_ms - TIME_WINDOW_MS.past || report.at_ms > now_ms + TIME_WINDOW_MS.future) {
        throw outOfWindow('the report is from', report.at_ms, now_ms);
      }
      await store.insertReport(report);
      hostNames.set(BigInt(`0x${report.host_id}`), report.host.name);
      metrics.reports.add(1);
      return { stored: true as const };
    },
  });
}
