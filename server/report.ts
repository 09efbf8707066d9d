// `POST /v1/report`: what an agent has learned of its host, and how many rows it has seen, sent and lost.
import { Type } from 'typebox';
import { AgentReport } from '../agent/contract/agent-report.ts';
import { REPORT_PATH } from '../agent/contract/batch-envelope.ts';
import { Problem } from './api.ts';
import { checkHost } from './door/host-check.ts';
import type { HostClocks } from './health/recent.ts';
import type { HostNames } from './host-names.ts';
import type { App } from './http.ts';
import { checkReport, type RefusedPart, refusalOf } from './ingest/report-check.ts';
import type { ReportGroups } from './ingest/report-groups.ts';
import { LIMITS } from './limits.ts';
import type { Metrics } from './metrics.ts';

export type ReportParts = { reports: ReportGroups; hostNames: HostNames; clocks: HostClocks; metrics: Metrics; authorities: () => string };

const Accepted = Type.Object({
  stored: Type.Literal(true),
  digest: Type.String(),
  authorities: Type.String({ description: 'digest of the CAs that an agent is to trust: one that trusts others says hello' }),
});

export function registerReport(app: App, { reports, hostNames, clocks, metrics, authorities }: ReportParts): void {
  app.route({
    method: 'POST',
    url: REPORT_PATH,
    bodyLimit: LIMITS.report_body.number,
    schema: {
      summary: 'What an agent has learned, and its account',
      description: 'Parts that cannot be stored are named with report_partly_refused; all others are stored then, too.',
      body: AgentReport,
      response: { 200: Accepted, '4xx': Problem, '5xx': Problem },
    },
    // The schema only documents the report. It does not validate it, as one bad part must not keep the other parts out.
    validatorCompiler: () => (body: unknown) => ({ value: body }),
    handler: async (request) => {
      const now_ms = Date.now();
      const { report, refused } = checkReport(request.body, now_ms);
      checkHost(request.who, report.host_id);
      await reports.add(report);
      const host_id = BigInt(`0x${report.host_id}`);
      // A report about an earlier run has no name.
      if (report.host !== undefined && report.host.name !== '') hostNames.set(host_id, report.host.name);
      clocks.note(host_id, report.at_ms - now_ms);
      metrics.reports.add(1);
      if (refused.length > 0) throw counted(refused, metrics);
      return { stored: true as const, digest: request.body_digest ?? '', authorities: authorities() };
    },
  });
}

function counted(refused: readonly RefusedPart[], metrics: Metrics) {
  for (const { entity, member, count } of refused) metrics.reportRefused.add(count, { entity, member });
  return refusalOf(refused);
}
