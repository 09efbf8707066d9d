// Refuses requests that other sites' pages make a browser send to the collector; the browser's headers name the site of the page. The check
// comes before the limits of rates, so that such requests do not use up the limit of the person at the browser.
import type { IncomingHttpHeaders } from 'node:http';
import { Refusal } from '../errors.ts';
import { isPagePath } from './paths.ts';

export type FromSite = { method: string; url: string; headers: IncomingHttpHeaders };

/** A page on another port of this machine is `same-site`, but not the collector's page. */
const FOREIGN: ReadonlySet<unknown> = new Set(['cross-site', 'same-site']);

/**
 * undefined if the request may pass: it comes from a tool, which sends no such headers, from the collector's own page, or by a link to the
 * page.
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
 * Whether a person has followed a link to the page. The linking site cannot read the page then. In a frame it might, so frames are refused.
 */
function opensPage(method: string, url: string, headers: IncomingHttpHeaders): boolean {
  return method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document' && isPagePath(url);
}
