// Requests of tests about investigations.
import type { ToldState } from '../../../agent/contract/investigation.ts';
import { INVESTIGATIONS_API, type InvestigationStart, type OneInvestigation, type Verdict } from '../../../server/api/investigations.ts';
import { ask, ownerOf, type Said } from './enrolled.ts';

export const ASKED: InvestigationStart = {
  expression: 'port = 443',
  hosts: '',
  detail: 'rows',
  rows_per_s: 1000,
  rows_max: 0,
  for_ms: 60_000,
  keep_ms: null,
  note: '',
  dry_run: false,
};

/** The state that an agent reports for an investigation that it has begun. */
export const running = (id: string, changes: Partial<ToldState> = {}): ToldState => ({
  id,
  state: 'running',
  words: '',
  slot: 1,
  other_end: { watched: true, why: '' },
  matched: 0,
  passed: 0,
  over_budget: 0,
  looked_back: 0,
  looks_back_ms: 0,
  ...changes,
});

/** @param headers the credential of the requests */
export function investigator(url: () => string, headers: () => Record<string, string>) {
  const send = (path: string, id: string, options: { body?: object; method?: string } = {}): Promise<Said> =>
    ask(url() + path.replace(':id', id), { headers: headers(), ...options });
  return {
    start: (changes: Partial<InvestigationStart> = {}) => send(INVESTIGATIONS_API.investigations, '', { body: { ...ASKED, ...changes } }),
    stop: (id: string) => send(INVESTIGATIONS_API.stop, id, { body: {} }),
    remove: (id: string) => send(INVESTIGATIONS_API.investigation, id, { method: 'DELETE' }),
    list: () => send(INVESTIGATIONS_API.investigations, ''),
    verdict: async (id: string) => (await send(INVESTIGATIONS_API.verdict, id)).body as Verdict,
    one: async (id: string) => (await send(INVESTIGATIONS_API.investigation, id)).body as OneInvestigation,
  };
}

export const asOwner = (url: () => string, data: () => string) => investigator(url, () => ownerOf(data()));
