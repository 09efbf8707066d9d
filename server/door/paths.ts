// Sorts paths by who asks for them: the page, people and their tools, or agents.
import { LAYOUTS_PATH, REPORT_PATH, ROWS_PATH } from '../../agent/contract/batch-envelope.ts';

/** Each road has memory of its own for the bodies that are sent to it. */
export type Road = 'rows' | 'reports' | 'people';

export function roadOf(path: string | undefined): Road {
  if (path === ROWS_PATH) return 'rows';
  return path === REPORT_PATH || path === LAYOUTS_PATH ? 'reports' : 'people';
}

/** Whether agents ask for it. */
export function isAgentPath(path: string | undefined): boolean {
  return path?.startsWith('/v1/') ?? false;
}

/** Whether the path is one of the page, which a person may open in a browser. */
export function isPagePath(url: string): boolean {
  return !/^\/(api|v1|assets|metrics|healthz|readyz)([/?]|$)/.test(url);
}
