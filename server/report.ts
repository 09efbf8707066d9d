// `POST /v1/report`: what an agent has learned about its host, and its account of rows seen, sent and lost.
import { Type } from 'typebox';
import { AgentReport } from '../agent/agent-report.ts';
import { REPORT_PATH } from '../agent/batch-envelope.ts';
import { Problem } from './api.ts';
import { Refusal } from './errors.ts';
import type { HostClocks } from './health/recent.ts';
import type { HostNames } from './host-names.ts';
import type { App } from './http.ts';
import type { InFlight } from './ingest/in-flight.ts';
import type { ReportGroups } from './ingest/report-groups.ts';
import type { Metrics } from './metrics.ts';

export type ReportParts = { reports: ReportGroups; hostNames: HostNames; clocks: HostClocks; metrics: Metrics; inFlight: InFlight };

/** How far a host's clock may be off: its rows are quarantined long before, and accounted for by this. */
const CLOCK_MS_MAX = 366 * 24 * 3600 * 1000;
/** Ten thousand processes with the longest command lines fit. */
const BODY_BYTES_MAX = 16 * 1024 * 1024;

const Accepted = Type.Object({ stored: Type.Literal(true), digest: Type.String() });

export function registerReport(app: App, { reports, hostNames, clocks, metrics, inFlight }: ReportParts): void {
  app.route({
    method: 'POST',
    url: REPORT_PATH,
    bodyLimit: BODY_BYTES_MAX,
    schema: {
      summary: 'What an agent has learned, and its account',
      body: AgentReport,
      response: { 200: Accepted, '4xx': Problem, '5xx': Problem },
    },
    onRequest: async (request, reply) => inFlight.reserve(request, reply, BODY_BYTES_MAX),
    handler: async (request) => {
      const report = request.body;
      const now_ms = Date.now();
      for (const time_ms of [report.at_ms, ...report.accounting.map(({ minute_ms }) => minute_ms)]) {
        if (Math.abs(time_ms - now_ms) > CLOCK_MS_MAX) throw outOfTime(time_ms, now_ms);
      }
      await reports.add(report);
      // Empty: the account of an earlier run.
      if (report.host.name !== '') hostNames.set(BigInt(`0x${report.host_id}`), report.host.name);
      clocks.note(BigInt(`0x${report.host_id}`), report.at_ms - now_ms);
      metrics.reports.add(1);
      return { stored: true as const, digest: request.body_digest ?? '' };
    },
  });
}

function outOfTime(time_ms: number, now_ms: number): Refusal {
  const days = Math.round((time_ms - now_ms) / 86_400_000);
  return new Refusal('time_out_of_window', `the report is ${Math.abs(days)} days ${days < 0 ? 'old' : 'ahead'}: set the clock of the host`);
}
