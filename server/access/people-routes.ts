// Routes for people about themselves: log in, log out, who am I, change the own password.
import type { FastifyRequest } from 'fastify';
import { Done } from '../api/access.ts';
import { Login, Me, PasswordChange, PEOPLE_API } from '../api/people.ts';
import { Problem } from '../api.ts';
import type { Audit } from '../door/audit.ts';
import { addressOf } from '../door/peer.ts';
import { NOBODY } from '../door/principal.ts';
import { Refusal } from '../errors.ts';
import type { App } from '../http.ts';
import { LIMITS } from '../limits.ts';
import { LoginDelays } from './login-delays.ts';
import type { UserRecord } from './records.ts';
import type { Sessions } from './sessions.ts';
import type { Users } from './users.ts';

export type PeopleParts = {
  users: Users;
  sessions: Sessions;
  audit: Audit;
  /** whether there is an identity provider */
  oidc: boolean;
  /** plain HTTP on an address beyond loopback */
  isPlain: boolean;
};

const refusals = { '4xx': Problem, '5xx': Problem } as const;
const done = { done: true as const };
const NO_PASSWORD =
  'you have not logged in here by a password: it is changed where you log in, or by an admin, with "tcplens admin user password"';

export function registerPeople(app: App, { users, sessions, audit, oidc, isPlain }: PeopleParts): void {
  const check = passwordCheck(users);
  const isByPassword = ({ who: { record = '' } }: FastifyRequest) => sessions.get(record, Date.now())?.by === 'password';
  const begin = (request: FastifyRequest, name: string, { role, password_ms }: UserRecord) =>
    sessions.make(request, { name, role, by: 'password', password_ms, address: addressOf(request) }, Date.now());
  app.post(PEOPLE_API.login, {
    schema: { summary: 'Log in by name and password', body: Login, response: { 200: Done, ...refusals } },
    handler: async (request, reply) => {
      const { name, password } = request.body;
      // An unknown name is not put into the audit: somebody may have typed the password into the field of the name.
      const doing = { action: 'login' as const, target: users.has(name) ? name : '', detail: 'password' };
      const cookie = await audit.of(request, doing, async () => {
        const user = await check(request, name, password);
        if (user === undefined) throw new Refusal('login_refused', 'the name or the password is wrong');
        return begin(request, name, user);
      });
      return reply.header('set-cookie', cookie).header('cache-control', 'no-store').send(done);
    },
  });
  app.post(PEOPLE_API.password, {
    schema: { summary: 'Change the own password, and end all other sessions', body: PasswordChange, response: { 200: Done, ...refusals } },
    handler: async (request, reply) => {
      const { name } = request.who;
      const { present, password } = request.body;
      const cookie = await audit.of(request, { action: 'password_change', target: name }, async () => {
        if (!isByPassword(request)) throw new Refusal('password_refused', NO_PASSWORD);
        if (!(await check(request, name, present))) throw new Refusal('password_refused', 'the present password is wrong');
        return begin(request, name, await users.change(name, { password }, Date.now()));
      });
      return reply.header('set-cookie', cookie).header('cache-control', 'no-store').send(done);
    },
  });
  app.post(PEOPLE_API.logout, {
    schema: { summary: 'End the session', response: { 200: Done, ...refusals } },
    handler: async (request, reply) => {
      const { kind, name, record } = request.who;
      const isSession = record !== undefined && kind !== 'token';
      if (isSession) await audit.of(request, { action: 'logout', target: name }, () => sessions.end(record));
      return reply.header('set-cookie', sessions.forget(request)).send(done);
    },
  });
  app.get(PEOPLE_API.me, {
    schema: { summary: 'Who asks, as far as the collector knows, and how to log in', response: { 200: Me, ...refusals } },
    handler: async (request, reply) => {
      const { kind, name, role = null, record } = request.who;
      const login = { password: users.list().some((user) => user.password !== ''), oidc };
      const session = record !== undefined && kind !== 'token';
      const own_password = isByPassword(request);
      return reply.header('cache-control', 'no-store').send({ kind, name, role, session, own_password, login, plain: isPlain });
    },
  });
}

/** undefined: name or password is wrong. @throws Refusal `too_many_logins`, with the same words whether or not the user exists */
function passwordCheck(users: Users) {
  const delays = new LoginDelays();
  let waiting = 0;
  return async (request: FastifyRequest, name: string, password: string): Promise<UserRecord | undefined> => {
    const address = addressOf(request);
    if (waiting >= LIMITS.logins_waiting.number)
      throw new Refusal('too_many_logins', 'too many people log in at this moment: try again', { retry_after_s: 1 });
    delays.begin(name, address, Date.now());
    waiting++;
    const user = await users.knows(name, password).finally(() => waiting--);
    if (user === undefined) return undefined;
    delays.succeeded(name, address, Date.now());
    // From here on the request is this user's, so the audit names who has logged in.
    request.who = { ...NOBODY, kind: 'user', name, role: user.role };
    return user;
  };
}
