// Messages about people: the own account, and for admins users, tokens, sessions and the audit.
import { type Static, Type } from 'typebox';
import { ROLES } from '../access/records.ts';
import { Ms, object, oneOf } from './schema.ts';

/** `login`, `logout` and `me` also answer somebody who is not logged in. */
export const PEOPLE_API = { login: '/api/v1/login', logout: '/api/v1/logout', me: '/api/v1/me', password: '/api/v1/me/password' } as const;
/**
 * The browser opens `start` to log in at an identity provider, which sends it to `back`. These are pages: they are reached from another
 * site.
 */
export const OIDC_PATHS = { start: '/oidc/login', back: '/oidc/back' } as const;

const DAY_MS = 24 * 3600 * 1000;
const Role = oneOf(ROLES);
const Name = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$', description: 'letters, digits and . _ @ + -' });
const Password = Type.String({ minLength: 10, maxLength: 256 });
const Hex64 = Type.String({ pattern: '^[0-9a-f]{16}$' });
const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });

export const Login = object({ name: Type.String({ maxLength: 64 }), password: Type.String({ maxLength: 256 }) });
export type Login = Static<typeof Login>;

export const PasswordChange = object({ present: Type.String({ maxLength: 256 }), password: Password });
export type PasswordChange = Static<typeof PasswordChange>;

export const Me = object({
  kind: Type.Unsafe<'nobody' | 'local' | 'owner' | 'user' | 'token' | 'proxy' | 'agent'>({
    type: 'string',
    enum: ['nobody', 'local', 'owner', 'user', 'token', 'proxy', 'agent'],
    description: 'local: somebody of this machine; owner: has opened a link of tcplens admin link, or has the token',
  }),
  name: Type.String(),
  role: Type.Union([Role, Type.Null()], { description: 'null: neither sees nor changes anything' }),
  session: Type.Boolean({ description: 'whether there is one to sign out of' }),
  own_password: Type.Boolean({ description: 'whether that is one by a password, which can be changed' }),
  login: object({ password: Type.Boolean(), oidc: Type.Boolean() }, 'ways to log in here'),
  plain: Type.Boolean({ description: 'others can read what is sent: plain HTTP beyond loopback' }),
});
export type Me = Static<typeof Me>;

export const NewUser = object({
  name: Name,
  role: Role,
  password: Type.Optional(Type.String({ ...Password, description: 'without one, only a trusted proxy can say that it is this user' })),
});
export type NewUser = Static<typeof NewUser>;
export const UserChange = Type.Object(
  { role: Type.Optional(Role), password: Type.Optional(Password) },
  { additionalProperties: false, minProperties: 1 },
);
export type UserChange = Static<typeof UserChange>;
export const UserParams = object({ name: Name });
export const Users = object({
  users: Type.Array(object({ name: Name, role: Role, made_ms: Ms, password: Type.Boolean({ description: 'whether there is one' }) }), {
    description: 'by name',
  }),
});
export type Users = Static<typeof Users>;

export const NewToken = object({
  name: Name,
  role: Role,
  for_ms: Type.Integer({ minimum: 1000, maximum: 10 * 365 * DAY_MS, description: 'how long it is good for' }),
});
export type NewToken = Static<typeof NewToken>;
export const MadeToken = object({ id: Hex64, token: Type.String({ description: 'it cannot be read again' }), ends_ms: Ms });
export type MadeToken = Static<typeof MadeToken>;
export const TokenParams = object({ id: Hex64 });
export const Tokens = object({
  tokens: Type.Array(object({ id: Hex64, name: Type.String(), role: Role, made_ms: Ms, ends_ms: Ms, made_by: Type.String() }), {
    description: 'the newest first; also those that have ended within 30 days',
  }),
});
export type Tokens = Static<typeof Tokens>;

export const SessionParams = object({ id: Sha256 });
export const Sessions = object({
  sessions: Type.Array(
    object({
      id: Type.String({ description: 'SHA-256 of what the browser shows' }),
      name: Type.String(),
      role: Role,
      by: oneOf(['password', 'oidc', 'link']),
      made_ms: Ms,
      used_ms: Type.Integer({ minimum: 0, description: 'ms since the epoch, to within ten minutes' }),
      ends_ms: Ms,
      address: Type.String({ description: 'from where it was made' }),
      own: Type.Boolean({ description: 'that of whoever asks' }),
    }),
    { description: 'the newest first' },
  ),
});
export type Sessions = Static<typeof Sessions>;

export const AuditQuery = object({
  from: Type.Optional(Ms),
  to: Type.Optional(Ms),
  actor: Type.Optional(Type.String({ maxLength: 64, description: 'exact' })),
  action: Type.Optional(Type.String({ maxLength: 64, description: 'exact' })),
  after: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}\\.[0-9]{1,20}$', description: 'next of the page before' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
});
export type AuditQuery = Static<typeof AuditQuery>;
export const AuditPage = object({
  entries: Type.Array(
    object({
      id: Type.String(),
      at_ms: Ms,
      actor: Type.String(),
      actor_kind: Type.String(),
      role: Type.String(),
      address: Type.String(),
      action: Type.String(),
      target: Type.String(),
      outcome: Type.String({ description: 'done, or the code of the refusal' }),
      detail: Type.String(),
    }),
    { description: 'the newest first' },
  ),
  next: Type.Union([Type.String(), Type.Null()], { description: 'give it as after for the page that follows; null on the last one' }),
});
export type AuditPage = Static<typeof AuditPage>;
