// Refuses requests of other sites' pages: such a page can make a browser on this machine send requests to the collector. The browser says
// which site's page it was. They are refused before they count against the limits of the person at the browser.
import type { IncomingHttpHeaders } from 'node:http';
import { Refusal } from '../errors.ts';
import { isPagePath } from './paths.ts';

export type FromSite = { method: string; url: string; headers: IncomingHttpHeaders };

/** A page on another port of this machine is `same-site`, and is not the collector's page either. */
const FOREIGN: ReadonlySet<unknown> = new Set(['cross-site', 'same-site']);

/**
 * Undefined where the request may pass: that of a tool, which has no such headers, of the collector's own page, or of a link to the page.
 */
export function siteRefusal({ method, url, headers }: FromSite): Refusal | undefined {
  const { origin, host } = headers;
  if (!FOREIGN.has(headers['sec-fetch-site']) && (origin === undefined || isOwn(origin, host))) return undefined;
  if (origin === undefined && opensPage(method, url, headers)) return undefined;
  return new Refusal('origin_forbidden', 'a page of another site asked for this: open the collector at its own address');
}

function isOwn(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && new URL(origin).host === host;
}

/**
 * Whether a person has followed a link to the page. The site with the link can read nothing of the page; with a frame it might, so a frame
 * is refused.
 */
function opensPage(method: string, url: string, headers: IncomingHttpHeaders): boolean {
  return method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document' && isPagePath(url);
}
