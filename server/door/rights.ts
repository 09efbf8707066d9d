// Which right each route needs, in one table: a route that is not in it cannot be registered.
import { Type } from 'typebox';
import { LAYOUTS_PATH, REPORT_PATH, ROWS_PATH } from '../../agent/contract/batch-envelope.ts';
import { ADMIN_API } from '../api/admin.ts';
import { API } from '../api.ts';
import { Refusal } from '../errors.ts';
import type { App } from '../http.ts';
import { OPEN_PATH, type Owner } from './owner.ts';

/** Until there are people and roles: whoever reaches the port, or who owns the data directory. */
export type Right = 'anyone' | 'owner';

/** By method and path; a star stands for all methods. HEAD needs what GET does. */
export const ROUTE_RIGHTS: Readonly<Record<string, Right>> = {
  [`* ${ROWS_PATH}`]: 'anyone',
  [`* ${REPORT_PATH}`]: 'anyone',
  [`* ${LAYOUTS_PATH}`]: 'anyone',
  ...Object.fromEntries(Object.values(API).map((path) => [`GET ${path}`, 'anyone'])),
  [`GET ${ADMIN_API.migrations}`]: 'anyone',
  [`GET ${ADMIN_API.retention}`]: 'anyone',
  [`POST ${ADMIN_API.retention}`]: 'owner',
  [`POST ${ADMIN_API.link}`]: 'owner',
  [`POST ${ADMIN_API.snapshot}`]: 'owner',
  'GET /healthz': 'anyone',
  'GET /readyz': 'anyone',
  'GET /metrics': 'anyone',
  [`GET ${OPEN_PATH}`]: 'anyone',
  'GET /': 'anyone',
  'GET /*': 'anyone',
};

export const COMMANDS_WITHHELD = 'only the owner of the data directory sees command lines: open the link that "tcplens admin link" prints';
const OWNER_ONLY =
  'only the owner of the data directory may do this: send what is in the file "token" in it as "Authorization: Bearer …", as tcplens admin does';

/** To be registered behind the door and before the routes. */
export function registerRights(app: App, owner: Owner): void {
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) rightOf(one, url);
  });
  app.addHook('onRequest', async ({ method, headers, routeOptions: { url } }) => {
    if (url === undefined || rightOf(method, url) === 'anyone' || owner.isShownBy(headers)) return;
    throw new Refusal('owner_only', OWNER_ONLY);
  });
}

function rightOf(method: string, url: string): Right {
  const route = `${method === 'HEAD' ? 'GET' : method} ${url}`;
  const right = ROUTE_RIGHTS[route] ?? ROUTE_RIGHTS[`* ${url}`];
  if (right === undefined) throw new Error(`${route} has no entry in ROUTE_RIGHTS: say who may ask for it`);
  return right;
}

/** Where a link of `tcplens admin link` leads: the browser gets its cookie, and the page. */
export function registerOpen(app: App, owner: Owner): void {
  app.get(OPEN_PATH, {
    // Whoever looks where a link leads must not use it up.
    exposeHeadRoute: false,
    schema: { hide: true, querystring: Type.Object({ key: Type.String({ maxLength: 64 }) }, { additionalProperties: false }) },
    handler: async ({ query: { key } }, reply) => {
      if (!owner.opens(key, Date.now()))
        throw new Refusal('link_used', 'this link has been opened before, or is too old: "tcplens admin link" prints another');
      return reply.header('set-cookie', owner.setCookie).header('cache-control', 'no-store').redirect('/', 303);
    },
  });
}
