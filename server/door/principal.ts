// The identity of whoever makes a request.
import type { FastifyRequest } from 'fastify';
import { ROLES, type Role } from '../access/records.ts';

/**
 * `nobody`: no credential was shown. `local`: a client on this machine; agents there need no credential, and people need none while there
 * is no user. `owner`: has shown the token of the data directory. `role`: undefined for principals without a person's rights. `host_id`: 16
 * hex digits, only for an agent with a credential.
 */
export type Principal = {
  kind: 'nobody' | 'local' | 'owner' | 'user' | 'token' | 'proxy' | 'agent';
  name: string;
  role: Role | undefined;
  host_id?: string;
  /** id of the session or token that was shown */
  record?: string;
};

export const NOBODY: Principal = { kind: 'nobody', name: '', role: undefined };

/** The principal by one way of identification; undefined: try the next way. @throws Refusal for a credential that is no longer valid */
export type Identify = (request: FastifyRequest) => Principal | undefined | Promise<Principal | undefined>;

export function hasRole({ role }: Principal, needed: Role): boolean {
  return role !== undefined && ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

export const COMMANDS_WITHHELD =
  'command lines, which can hold passwords, are shown to operators: open the link that "tcplens admin link" prints, or log in as one';

/** Command lines can hold passwords, so viewers do not see them. */
export function seesCommands(who: Principal): boolean {
  return hasRole(who, 'operator');
}

declare module 'fastify' {
  interface FastifyRequest {
    who: Principal;
  }
}
