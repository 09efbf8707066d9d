// The API of investigations as functions. Refusals become ApiErrors, as in api-client.ts.
import type {
  INVESTIGATIONS_API,
  InvestigationStart,
  InvestigationStarted,
  Investigations,
  OneInvestigation,
  Verdict,
} from '../server/api.ts';
import { refusal } from './api-client.ts';
import { fetchInTime } from './in-time.ts';

export const PATHS: Omit<typeof INVESTIGATIONS_API, 'alerts'> = {
  investigations: '/api/v1/investigations',
  investigation: '/api/v1/investigations/:id',
  stop: '/api/v1/investigations/:id/stop',
  verdict: '/api/v1/investigations/:id/verdict',
  report: '/api/v1/investigations/:id/report.html',
  rows: '/api/v1/investigations/:id/rows.ndjson',
  packets: '/api/v1/investigations/:id/packets.pcapng',
  recording: '/api/v1/investigations/:id/recording.tcplens',
};

/** The files that can be downloaded, with their labels. */
export const FILES = [
  { name: 'report', label: 'report', meaning: 'all of this page in one file that opens anywhere' },
  { name: 'rows', label: 'rows', meaning: 'every row of it, one JSON object a line' },
  { name: 'packets', label: 'capture', meaning: 'the headers of its packets, for Wireshark' },
  { name: 'recording', label: 'recording', meaning: 'all of it, to be judged again anywhere: tcplens investigate --replay FILE' },
] as const;

const at = (path: string, id: string) => path.replace(':id', encodeURIComponent(id));
export const fileOf = (id: string, name: (typeof FILES)[number]['name']): string => at(PATHS[name], id);

type Asking = { method?: 'POST' | 'DELETE'; body?: object; signal?: AbortSignal };

/** @param fetchResponse the browser's `fetch`, or a test's */
export function createInvestigationsClient(fetchResponse: typeof fetch) {
  async function ask<Answer>(path: string, { method, body, signal }: Asking): Promise<Answer> {
    const json = body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const response = await fetchInTime(fetchResponse, path, { ...(method && { method }), ...json }, signal);
    if (!response.ok) throw await refusal(response);
    return (await response.json()) as Answer;
  }

  return {
    list: () => ask<Investigations>(PATHS.investigations, {}),
    start: (body: InvestigationStart, signal?: AbortSignal) =>
      ask<InvestigationStarted>(PATHS.investigations, { method: 'POST', body, ...(signal && { signal }) }),
    one: (id: string, signal: AbortSignal) => ask<OneInvestigation>(at(PATHS.investigation, id), { signal }),
    verdict: (id: string, signal: AbortSignal) => ask<Verdict>(at(PATHS.verdict, id), { signal }),
    stop: (id: string) => ask(at(PATHS.stop, id), { method: 'POST', body: {} }),
    remove: (id: string) => ask(at(PATHS.investigation, id), { method: 'DELETE' }),
  };
}
