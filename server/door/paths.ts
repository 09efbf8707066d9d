// Sorts paths by who asks for them: agents, or people and their tools.
import { LAYOUTS_PATH, REPORT_PATH, ROWS_PATH } from '../../agent/contract/batch-envelope.ts';

/** Bodies of each road have their own budget of memory. */
export type Road = 'rows' | 'reports' | 'people';

export function roadOf(path: string | undefined): Road {
  if (path === ROWS_PATH) return 'rows';
  return path === REPORT_PATH || path === LAYOUTS_PATH ? 'reports' : 'people';
}

/** Whether agents use the path. */
export function isAgentPath(path: string | undefined): boolean {
  return path?.startsWith('/v1/') ?? false;
}

/** Whether the path is that of a page, which a person may open in a browser. */
export function isPagePath(url: string): boolean {
  return !/^\/(api|v1|assets|metrics|healthz|readyz)([/?]|$)/.test(url);
}
