// Whose a path is: the page's, people's or agents'.
import { LAYOUTS_PATH, REPORT_PATH, ROWS_PATH } from '../../agent/contract/batch-envelope.ts';

/** Each has memory of its own for what is sent to it. */
export type Road = 'rows' | 'reports' | 'people';

export function roadOf(path: string | undefined): Road {
  if (path === ROWS_PATH) return 'rows';
  return path === REPORT_PATH || path === LAYOUTS_PATH ? 'reports' : 'people';
}

/** Whether a person may open it in a browser: the page knows its own paths. */
export function isPagePath(url: string): boolean {
  return !/^\/(api|v1|assets|metrics|healthz|readyz)([/?]|$)/.test(url);
}
