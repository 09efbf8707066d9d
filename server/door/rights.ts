// The right that each route needs, in one table. A route that is not in the table cannot be registered.

import type { FastifyRequest } from 'fastify';
import { LAYOUTS_PATH, REPORT_PATH, ROWS_PATH } from '../../agent/contract/batch-envelope.ts';
import { CONTROL_PATH } from '../../agent/contract/control.ts';
import { HELLO_PATH, JOIN_PATH, ROTATE_PATH } from '../../agent/contract/credential.ts';
import type { Role } from '../access/records.ts';
import { ADMIN_API } from '../api/admin.ts';
import { INVESTIGATIONS_API } from '../api/investigations.ts';
import { OIDC_PATHS, PEOPLE_API } from '../api/people.ts';
import { VIEWS_API } from '../api/views.ts';
import { API } from '../api.ts';
import { Refusal } from '../errors.ts';
import type { App } from '../http.ts';
import type { Gate } from './gate.ts';
import { OPEN_PATH } from './owner.ts';
import { hasRole, NOBODY, type Principal } from './principal.ts';

/** `agent`: an agent with a credential, or any client on this machine while the collector needs no credential of those. */
export type Right = 'anyone' | 'agent' | Role;

/** By method and path; a star stands for all methods. HEAD needs the same right as GET. */
export const ROUTE_RIGHTS: Readonly<Record<string, Right>> = {
  [`* ${ROWS_PATH}`]: 'agent',
  [`* ${REPORT_PATH}`]: 'agent',
  [`* ${LAYOUTS_PATH}`]: 'agent',
  [`POST ${HELLO_PATH}`]: 'agent',
  [`POST ${ROTATE_PATH}`]: 'agent',
  [`GET ${CONTROL_PATH}`]: 'agent',
  // The enrolment's secret is in the body.
  [`POST ${JOIN_PATH}`]: 'anyone',
  ...Object.fromEntries(Object.values(API).map((path) => [`GET ${path}`, 'viewer'])),
  [`GET ${ADMIN_API.migrations}`]: 'viewer',
  [`GET ${ADMIN_API.retention}`]: 'viewer',
  [`POST ${ADMIN_API.retention}`]: 'admin',
  [`POST ${ADMIN_API.link}`]: 'admin',
  [`POST ${ADMIN_API.snapshot}`]: 'admin',
  [`GET ${ADMIN_API.enrolments}`]: 'admin',
  [`POST ${ADMIN_API.enrolments}`]: 'admin',
  [`DELETE ${ADMIN_API.enrolment}`]: 'admin',
  [`GET ${ADMIN_API.collectors}`]: 'admin',
  [`DELETE ${ADMIN_API.collector}`]: 'admin',
  [`GET ${ADMIN_API.agents}`]: 'viewer',
  [`POST ${ADMIN_API.revoke}`]: 'admin',
  [`DELETE ${ADMIN_API.agent}`]: 'admin',
  [`GET ${ADMIN_API.users}`]: 'admin',
  [`POST ${ADMIN_API.users}`]: 'admin',
  [`PATCH ${ADMIN_API.user}`]: 'admin',
  [`DELETE ${ADMIN_API.user}`]: 'admin',
  [`GET ${ADMIN_API.tokens}`]: 'admin',
  [`POST ${ADMIN_API.tokens}`]: 'admin',
  [`DELETE ${ADMIN_API.token}`]: 'admin',
  [`GET ${ADMIN_API.sessions}`]: 'admin',
  [`DELETE ${ADMIN_API.session}`]: 'admin',
  [`GET ${ADMIN_API.audit}`]: 'admin',
  [`GET ${ADMIN_API.settings}`]: 'viewer',
  [`POST ${ADMIN_API.settings}`]: 'admin',
  [`POST ${ADMIN_API.settingsRollback}`]: 'admin',
  [`GET ${ADMIN_API.hostSettings}`]: 'viewer',
  [`GET ${INVESTIGATIONS_API.investigations}`]: 'viewer',
  [`POST ${INVESTIGATIONS_API.investigations}`]: 'operator',
  [`GET ${INVESTIGATIONS_API.investigation}`]: 'viewer',
  [`POST ${INVESTIGATIONS_API.stop}`]: 'operator',
  [`POST ${INVESTIGATIONS_API.alerts}`]: 'operator',
  [`GET ${INVESTIGATIONS_API.verdict}`]: 'viewer',
  [`GET ${INVESTIGATIONS_API.packets}`]: 'viewer',
  [`GET ${INVESTIGATIONS_API.rows}`]: 'viewer',
  [`GET ${INVESTIGATIONS_API.report}`]: 'viewer',
  [`GET ${INVESTIGATIONS_API.recording}`]: 'viewer',
  [`DELETE ${INVESTIGATIONS_API.investigation}`]: 'operator',
  [`GET ${VIEWS_API.views}`]: 'viewer',
  [`POST ${VIEWS_API.views}`]: 'viewer',
  // Viewers may remove their own views only, admins all: the route checks whose view it is.
  [`DELETE ${VIEWS_API.view}`]: 'viewer',
  [`POST ${PEOPLE_API.login}`]: 'anyone',
  [`POST ${PEOPLE_API.logout}`]: 'anyone',
  [`GET ${PEOPLE_API.me}`]: 'anyone',
  [`POST ${PEOPLE_API.password}`]: 'viewer',
  [`GET ${OIDC_PATHS.start}`]: 'anyone',
  [`GET ${OIDC_PATHS.back}`]: 'anyone',
  'GET /healthz': 'anyone',
  'GET /readyz': 'anyone',
  'GET /metrics': 'viewer',
  [`GET ${OPEN_PATH}`]: 'anyone',
  // The page is the same for everybody and has the form to log in, so it needs no right.
  'GET /': 'anyone',
  'GET /*': 'anyone',
};

const LOGIN_NEEDED = 'log in, or send a token as "Authorization: Bearer …"';
export const JOIN_NEEDED = 'this agent has no credential here: start it with --join and the line that "tcplens admin enrol" prints';

/** Registered after the door's checks and before the routes. */
export function registerRights(app: App, gate: Gate): void {
  app.decorateRequest('who');
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) rightOf(one, url);
  });
  app.addHook('onRequest', async (request) => {
    const { url } = request.routeOptions;
    const right = url === undefined ? 'anyone' : rightOf(request.method, url);
    request.who = right === 'anyone' ? await gate.identify(request).catch(() => NOBODY) : await gate.identify(request);
    check(request.who, right);
  });
}

/** @throws Refusal `login_needed`, `role_needed`, `join_needed` */
export function check(who: Principal, right: Right): void {
  if (right === 'anyone') return;
  if (right === 'agent') {
    if (who.kind === 'agent' || who.kind === 'local') return;
    throw new Refusal('join_needed', JOIN_NEEDED);
  }
  if (hasRole(who, right)) return;
  if (who.role === undefined) throw new Refusal('login_needed', LOGIN_NEEDED);
  throw new Refusal('role_needed', roleNeeded(who, right));
}

/** Whether whoever sent this earlier request still has the right. */
export async function mayStill(gate: Gate, request: FastifyRequest, right: Right): Promise<boolean> {
  try {
    check(await gate.identify(request), right);
    return true;
  } catch {
    return false;
  }
}

function roleNeeded(who: Principal, right: Role): string {
  if (who.kind !== 'local') return `this needs the role ${right}, and ${who.name} has the role ${who.role}`;
  return `this needs the role ${right}: open the link that "tcplens admin link" prints, or send what is in the file "token" of the data directory as "Authorization: Bearer …"`;
}

function rightOf(method: string, url: string): Right {
  const route = `${method === 'HEAD' ? 'GET' : method} ${url}`;
  const right = ROUTE_RIGHTS[route] ?? ROUTE_RIGHTS[`* ${url}`];
  if (right === undefined) throw new Error(`${route} has no entry in ROUTE_RIGHTS: say who may ask for it`);
  return right;
}
