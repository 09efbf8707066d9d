// What troubles the collector and its store, in the server's own words; asked for now and then.
import type { Finding } from '../server/api.ts';
import type { ApiClient } from './api-client.ts';
import { poll } from './poll.ts';

const REFRESH_MS = 30_000;

/** Findings that the page shows by its own notices, sooner or in more detail. */
const TOLD_ELSEWHERE: ReadonlySet<Finding['code']> = new Set(['store_away', 'hosts_silent', 'hosts_losing']);

class CollectorHealth {
  findings = $state.raw<Finding[]>([]);

  /** @returns how to stop */
  start(api: ApiClient): () => void {
    return poll(async (signal) => {
      try {
        this.findings = (await api.health(signal)).findings;
      } catch {
        // That the collector does not answer is said where its figures are.
        this.findings = [];
      }
    }, REFRESH_MS);
  }

  /** Those that somebody should do something about. */
  get troubles(): Finding[] {
    return this.findings.filter(({ code, severity }) => severity !== 'info' && !TOLD_ELSEWHERE.has(code));
  }
}

export const health = new CollectorHealth();
