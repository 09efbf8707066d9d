// Problems of the collector and its store, with the collector's own sentences. Read at intervals.
import type { Finding } from '../server/api.ts';
import type { ApiClient } from './api-client.ts';
import { poll } from './poll.ts';

const REFRESH_MS = 30_000;

/** Findings that other notices of the page show earlier or in more detail. */
const TOLD_ELSEWHERE: ReadonlySet<Finding['code']> = new Set(['store_away', 'hosts_silent', 'hosts_losing']);

class CollectorHealth {
  findings = $state.raw<Finding[]>([]);

  /** @returns stops it */
  start(api: ApiClient): () => void {
    return poll(async (signal) => {
      try {
        this.findings = (await api.health(signal)).findings;
      } catch {
        // Other parts of the page say that the collector does not answer.
        this.findings = [];
      }
    }, REFRESH_MS);
  }

  /** Findings that need somebody's action. */
  get troubles(): Finding[] {
    return this.findings.filter(({ code, severity }) => severity !== 'info' && !TOLD_ELSEWHERE.has(code));
  }
}

export const health = new CollectorHealth();
