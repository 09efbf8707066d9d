// Routes for admins: users, tokens, sessions and the audit.
import { Done } from '../api/access.ts';
import { ADMIN_API } from '../api/admin.ts';
import {
  AuditPage,
  AuditQuery,
  MadeToken,
  NewToken,
  NewUser,
  SessionParams,
  Sessions as SessionsAnswer,
  TokenParams,
  Tokens as TokensAnswer,
  UserChange,
  UserParams,
  Users as UsersAnswer,
} from '../api/people.ts';
import { Problem } from '../api.ts';
import type { Audit } from '../door/audit.ts';
import type { App } from '../http.ts';
import type { Queryable } from '../storage/engine.ts';
import { auditPage } from '../storage/queries/audit.ts';
import type { Sessions } from './sessions.ts';
import type { Tokens } from './tokens.ts';
import type { Users } from './users.ts';

export type PeopleAdminParts = { users: Users; tokens: Tokens; sessions: Sessions; audit: Audit };

const refusals = { '4xx': Problem, '5xx': Problem } as const;
const done = { done: true as const };

export function registerPeopleAdmin(app: App, store: Queryable, { users, tokens, sessions, audit }: PeopleAdminParts): void {
  registerUsers(app, users, audit);
  registerTokens(app, tokens, audit);
  registerSessions(app, sessions, audit);
  app.get(ADMIN_API.audit, {
    schema: { summary: 'Who did what from where', querystring: AuditQuery, response: { 200: AuditPage, ...refusals } },
    handler: ({ query }) => auditPage(store, query),
  });
}

function registerUsers(app: App, users: Users, audit: Audit): void {
  app.get(ADMIN_API.users, {
    schema: { summary: 'Who logs in by name and password', response: { 200: UsersAnswer, ...refusals } },
    handler: async () => ({
      users: users.list().map(({ name, role, made_ms, password }) => ({ name, role, made_ms, password: password !== '' })),
    }),
  });
  app.post(ADMIN_API.users, {
    schema: { summary: 'Add a user', body: NewUser, response: { 200: Done, ...refusals } },
    handler: (request) =>
      audit.of(request, { action: 'user_add', target: request.body.name, detail: request.body.role }, async () => {
        await users.add(request.body, Date.now());
        return done;
      }),
  });
  app.patch(ADMIN_API.user, {
    schema: { summary: 'Another role or password', params: UserParams, body: UserChange, response: { 200: Done, ...refusals } },
    handler: (request) => {
      const { role, password } = request.body;
      const detail = [...(role ? [role] : []), ...(password === undefined ? [] : ['password'])].join(', ');
      return audit.of(request, { action: 'user_change', target: request.params.name, detail }, async () => {
        await users.change(request.params.name, request.body, Date.now());
        return done;
      });
    },
  });
  app.delete(ADMIN_API.user, {
    schema: { summary: 'Remove a user, and end the sessions', params: UserParams, response: { 200: Done, ...refusals } },
    handler: (request) =>
      audit.of(request, { action: 'user_remove', target: request.params.name }, async () => {
        await users.remove(request.params.name);
        return done;
      }),
  });
}

function registerTokens(app: App, tokens: Tokens, audit: Audit): void {
  app.get(ADMIN_API.tokens, {
    schema: { summary: 'Tokens of scripts and tools', response: { 200: TokensAnswer, ...refusals } },
    handler: async () => ({ tokens: tokens.list().map(({ secret_sha256: _, ...rest }) => rest) }),
  });
  app.post(ADMIN_API.tokens, {
    schema: { summary: 'A token for a script or a tool', body: NewToken, response: { 200: MadeToken, ...refusals } },
    handler: (request) =>
      audit.of(request, { action: 'token_make', target: request.body.name, detail: request.body.role }, () =>
        tokens.make({ ...request.body, made_by: request.who.name }, Date.now()),
      ),
  });
  app.delete(ADMIN_API.token, {
    schema: { summary: 'Refuse this token from now on', params: TokenParams, response: { 200: Done, ...refusals } },
    handler: (request) =>
      audit.of(request, { action: 'token_revoke', target: request.params.id }, async () => {
        await tokens.revoke(request.params.id);
        return done;
      }),
  });
}

function registerSessions(app: App, sessions: Sessions, audit: Audit): void {
  app.get(ADMIN_API.sessions, {
    schema: { summary: 'Who is logged in', response: { 200: SessionsAnswer, ...refusals } },
    handler: async ({ who }) => ({
      sessions: sessions
        .list(Date.now())
        .toSorted((a, b) => b.made_ms - a.made_ms)
        .map((session) => ({ ...session, own: session.id === who.record })),
    }),
  });
  app.delete(ADMIN_API.session, {
    schema: { summary: 'End this session', params: SessionParams, response: { 200: Done, ...refusals } },
    handler: (request) => {
      const { id } = request.params;
      const target = sessions.get(id, Date.now())?.name ?? '';
      return audit.of(request, { action: 'session_end', target }, async () => {
        await sessions.end(id);
        return done;
      });
    },
  });
}
