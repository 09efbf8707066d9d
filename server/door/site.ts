// Pages of other sites can make a browser on this machine ask a collector on this machine. The browser says whose page it was;
// what is not of the collector's own page is refused before anything is counted against whoever sits there.
import type { IncomingHttpHeaders } from 'node:http';
import { Refusal } from '../errors.ts';
import { isPagePath } from './paths.ts';

export type FromSite = { method: string; url: string; headers: IncomingHttpHeaders };

/** Pages on another port of this machine are of the same site, and still somebody else's. */
const FOREIGN: ReadonlySet<unknown> = new Set(['cross-site', 'same-site']);

/** Undefined where the request may go on: of tools, which say nothing, of the own page, and of a link that opens the page. */
export function siteRefusal({ method, url, headers }: FromSite): Refusal | undefined {
  const { origin, host } = headers;
  if (!FOREIGN.has(headers['sec-fetch-site']) && (origin === undefined || isOwn(origin, host))) return undefined;
  if (origin === undefined && opensPage(method, url, headers)) return undefined;
  return new Refusal('origin_forbidden', 'a page of another site asked for this: open the collector at its own address');
}

function isOwn(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** A person follows a link: the page opens, and what opened it can read nothing of it. A frame is no such thing. */
function opensPage(method: string, url: string, headers: IncomingHttpHeaders): boolean {
  return method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document' && isPagePath(url);
}
