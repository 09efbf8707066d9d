// The document that describes the API: whole, and with each refusal.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HELLO_PATH, JOIN_PATH, ROTATE_PATH } from '../../agent/contract/credential.ts';
import { ADMIN_API } from '../../server/api/admin.ts';
import { INVESTIGATIONS_API } from '../../server/api/investigations.ts';
import { PEOPLE_API } from '../../server/api/people.ts';
import { VIEWS_API } from '../../server/api/views.ts';
import { API } from '../../server/api.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory } from './support/collector.ts';

let directory: TestDirectory;
let collector: TestCollector;

beforeAll(async () => {
  directory = await testDirectory();
  collector = await startCollector(directory.path);
});
afterAll(async () => {
  await collector.stop();
  await directory.remove();
});

test('the OpenAPI document names every path, and each refusal', async () => {
  const { openapi, paths } = (await (await fetch(collector.url + API.openapi)).json()) as {
    openapi: string;
    paths: Record<string, Record<string, { responses: object }>>;
  };
  expect(openapi).toMatch(/^3\./);
  const expected = [
    // The live feed is no answer, and the document is not about itself.
    ...Object.values(API)
      .filter((path) => path !== API.live && path !== API.openapi)
      .map((path) => path.replaceAll(/:(\w+)/g, '{$1}')),
    ADMIN_API.enrolments,
    '/api/v1/admin/enrolments/{id}',
    ADMIN_API.agents,
    ADMIN_API.collectors,
    '/api/v1/admin/collectors/{id}',
    '/api/v1/admin/agents/{host_id}',
    '/api/v1/admin/agents/{host_id}/revoke',
    ADMIN_API.migrations,
    ADMIN_API.retention,
    ADMIN_API.link,
    ADMIN_API.snapshot,
    ADMIN_API.users,
    '/api/v1/admin/users/{name}',
    ADMIN_API.tokens,
    '/api/v1/admin/tokens/{id}',
    ADMIN_API.sessions,
    '/api/v1/admin/sessions/{id}',
    ADMIN_API.audit,
    ADMIN_API.settings,
    ADMIN_API.settingsRollback,
    '/api/v1/admin/settings/hosts/{host_id}',
    PEOPLE_API.login,
    PEOPLE_API.logout,
    PEOPLE_API.me,
    PEOPLE_API.password,
    ...Object.values(INVESTIGATIONS_API).map((path) => path.replace(':id', '{id}')),
    VIEWS_API.views,
    '/api/v1/views/{id}',
    '/v1/rows',
    '/v1/report',
    '/v1/layouts',
    JOIN_PATH,
    HELLO_PATH,
    ROTATE_PATH,
  ];
  expect(Object.keys(paths).sort()).toEqual(expected.sort());
  for (const methods of Object.values(paths)) {
    for (const { responses } of Object.values(methods)) expect(Object.keys(responses).sort()).toEqual(['200', '4XX', '5XX']);
  }
});
