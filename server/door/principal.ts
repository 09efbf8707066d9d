// Who makes a request, once that is known.
import type { FastifyRequest } from 'fastify';
import { ROLES, type Role } from '../access/records.ts';

/**
 * `nobody` has shown nothing. `local`: somebody of this machine, where agents need no credential, and people no log-in while there is no user. `owner`: has shown the data directory's token.
 * `role` is undefined where it has none of a person. `host_id`: 16 hex digits, of an agent with a credential.
 */
export type Principal = {
  kind: 'nobody' | 'local' | 'owner' | 'user' | 'token' | 'proxy' | 'agent';
  name: string;
  role: Role | undefined;
  host_id?: string;
  /** id of the record that says so, of a session or a token */
  record?: string;
};

export const NOBODY: Principal = { kind: 'nobody', name: '', role: undefined };

/** Who has shown what this one knows; undefined: goes to the next one. @throws Refusal where what was shown is not valid any more */
export type Identify = (request: FastifyRequest) => Principal | undefined | Promise<Principal | undefined>;

export function hasRole({ role }: Principal, needed: Role): boolean {
  return role !== undefined && ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

export const COMMANDS_WITHHELD =
  'command lines, which can hold passwords, are shown to operators: open the link that "tcplens admin link" prints, or log in as one';

/** Command lines can hold passwords: whoever only looks does not see them. */
export function seesCommands(who: Principal): boolean {
  return hasRole(who, 'operator');
}

declare module 'fastify' {
  interface FastifyRequest {
    who: Principal;
  }
}
