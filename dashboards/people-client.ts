// The API of log-in and of people as functions. Refusals become ApiErrors, as in api-client.ts.
import type {
  ADMIN_API,
  AuditPage,
  Enrolments,
  HostSettings,
  Login,
  MadeEnrolment,
  MadeToken,
  MadeView,
  Me,
  NewEnrolment,
  NewToken,
  NewUser,
  NewView,
  PasswordChange,
  PEOPLE_API,
  SavedViews,
  Sessions,
  SettingsAnswer,
  SettingsBack,
  SettingsChange,
  SettingsPlanned,
  Tokens,
  UserChange,
  Users,
  VIEWS_API,
} from '../server/api.ts';
import { type Query, refusal } from './api-client.ts';
import { fetchInTime } from './in-time.ts';

export const PATHS: typeof PEOPLE_API &
  typeof VIEWS_API &
  Pick<
    typeof ADMIN_API,
    | 'settings'
    | 'settingsRollback'
    | 'hostSettings'
    | 'users'
    | 'user'
    | 'tokens'
    | 'token'
    | 'sessions'
    | 'session'
    | 'enrolments'
    | 'enrolment'
    | 'audit'
  > = {
  login: '/api/v1/login',
  logout: '/api/v1/logout',
  me: '/api/v1/me',
  password: '/api/v1/me/password',
  users: '/api/v1/admin/users',
  user: '/api/v1/admin/users/:name',
  tokens: '/api/v1/admin/tokens',
  token: '/api/v1/admin/tokens/:id',
  sessions: '/api/v1/admin/sessions',
  session: '/api/v1/admin/sessions/:id',
  enrolments: '/api/v1/admin/enrolments',
  enrolment: '/api/v1/admin/enrolments/:id',
  audit: '/api/v1/admin/audit',
  views: '/api/v1/views',
  view: '/api/v1/views/:id',
  settings: '/api/v1/admin/settings',
  settingsRollback: '/api/v1/admin/settings/rollback',
  hostSettings: '/api/v1/admin/settings/hosts/:host_id',
};

export type PeopleClient = ReturnType<typeof createPeopleClient>;

/** @param fetchResponse the browser's `fetch`, or a test's */
export function createPeopleClient(fetchResponse: typeof fetch) {
  async function ask<Answer>(method: string, path: string, body?: object): Promise<Answer> {
    const json = body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const response = await fetchInTime(fetchResponse, path, { method, ...json });
    if (!response.ok) throw await refusal(response);
    return (await response.json()) as Answer;
  }
  const named = (path: string, id: string) => path.replace(/:\w+/, encodeURIComponent(id));

  return {
    me: () => ask<Me>('GET', PATHS.me),
    login: (login: Login) => ask('POST', PATHS.login, login),
    logout: () => ask('POST', PATHS.logout),
    changePassword: (change: PasswordChange) => ask('POST', PATHS.password, change),
    users: () => ask<Users>('GET', PATHS.users),
    addUser: (user: NewUser) => ask('POST', PATHS.users, user),
    changeUser: (name: string, change: UserChange) => ask('PATCH', named(PATHS.user, name), change),
    removeUser: (name: string) => ask('DELETE', named(PATHS.user, name)),
    tokens: () => ask<Tokens>('GET', PATHS.tokens),
    makeToken: (token: NewToken) => ask<MadeToken>('POST', PATHS.tokens, token),
    revokeToken: (id: string) => ask('DELETE', named(PATHS.token, id)),
    sessions: () => ask<Sessions>('GET', PATHS.sessions),
    endSession: (id: string) => ask('DELETE', named(PATHS.session, id)),
    enrolments: () => ask<Enrolments>('GET', PATHS.enrolments),
    makeEnrolment: (enrolment: NewEnrolment) => ask<MadeEnrolment>('POST', PATHS.enrolments, enrolment),
    revokeEnrolment: (id: string) => ask('DELETE', named(PATHS.enrolment, id)),
    views: () => ask<SavedViews>('GET', PATHS.views),
    saveView: (view: NewView) => ask<MadeView>('POST', PATHS.views, view),
    removeView: (id: string) => ask('DELETE', named(PATHS.view, id)),
    settings: () => ask<SettingsAnswer>('GET', PATHS.settings),
    changeSettings: (change: SettingsChange) => ask<SettingsPlanned>('POST', PATHS.settings, change),
    rollBackSettings: (version: number | null) => ask<SettingsBack>('POST', PATHS.settingsRollback, { version }),
    hostSettings: (host_id: string) => ask<HostSettings>('GET', named(PATHS.hostSettings, host_id)),
    audit: (query: Query) => ask<AuditPage>('GET', `${PATHS.audit}?${new URLSearchParams(query)}`),
  };
}
