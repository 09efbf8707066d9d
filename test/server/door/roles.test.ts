// Every route, asked by everybody: the table of rights is what happens.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROLES } from '../../../server/access/records.ts';
import { ADMIN_API } from '../../../server/api/admin.ts';
import { API } from '../../../server/api.ts';
import { type Right, ROUTE_RIGHTS } from '../../../server/door/rights.ts';
import { ask } from '../support/ask.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory } from '../support/collector.ts';
import { enrol, joinWith, ownerOf } from '../support/enrolled.ts';

/** `local agent`: anybody of this machine, once people have to log in. */
type Person = 'nobody' | 'local' | 'local agent' | (typeof ROLES)[number] | 'agent';

/** Who may do what needs this right. */
const MAY: Record<Right, readonly Person[]> = {
  anyone: ['nobody', 'local', 'local agent', ...ROLES, 'agent'],
  agent: ['local', 'local agent', 'agent'],
  viewer: ['local', ...ROLES],
  operator: ['operator', 'admin'],
  admin: ['admin'],
};
/** What somebody hears who may not, whatever else is wrong with the request. */
const REFUSED: ReadonlySet<unknown> = new Set(['login_needed', 'role_needed', 'join_needed', 'credential_unknown']);

let directory: TestDirectory;
let collector: TestCollector;
const shown = new Map<Person, Record<string, string>>();
beforeAll(async () => {
  directory = await testDirectory();
  collector = await startCollector(directory.path);
});
afterAll(async () => {
  await collector.stop();
  await directory.remove();
});

/** None of these requests does anything: those that need a body lack it, and what they name is not there. */
async function asks(person: Person, route: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const [method = '', path = ''] = route.split(' ');
  const one = path.replace(':name', 'nobody').replace(/:\w+/g, '0'.repeat(16)).replace('*', '');
  return ask(collector.url, method === '*' ? 'POST' : method, one, { headers: shown.get(person) ?? {} });
}

const casesOf = (...people: Person[]) =>
  Object.entries(ROUTE_RIGHTS).flatMap(([route, right]) => people.map((person) => ({ route, right, person })));

async function check({ route, right, person }: { route: string; right: Right; person: Person }): Promise<void> {
  const { status, body } = await asks(person, route);
  expect({ may: !REFUSED.has(body['code']), status, code: body['code'] }).toMatchObject({ may: MAY[right].includes(person) });
  expect(status).toBeLessThan(500);
}

describe('while nobody has to log in', () => {
  test.each(casesOf('local'))('$route asked by $person', check);

  test('who may not is told how to become one who may', async () => {
    const message = expect.stringMatching(/role admin: open the link .* "token" of the data directory/);
    expect((await asks('local', `GET ${ADMIN_API.users}`)).body).toMatchObject({ code: 'role_needed', message });
    for (const headers of [{ authorization: 'Bearer 00' }, { authorization: 'Bearer ' }, { authorization: 'Basic YTpi' }])
      expect((await ask(collector.url, 'GET', API.hosts, { headers })).body).toMatchObject({ code: 'credential_unknown' });
  });
});

describe('once there is a user', () => {
  beforeAll(async () => {
    const asked = { headers: ownerOf(directory.path), body: { name: 'ada', role: 'viewer' } };
    await ask(collector.url, 'POST', ADMIN_API.users, asked);
  });

  test.each(casesOf('local').map((one) => ({ ...one, person: 'local agent' as const })))('$route asked by $person', check);
});

describe('where everybody has to say who they are', () => {
  beforeAll(async () => {
    await collector.stop();
    collector = await startCollector(directory.path, { login: 'true' });
    for (const role of ROLES) {
      const asked = { headers: ownerOf(directory.path), body: { name: role, role, for_ms: 3600_000 } };
      const { body } = await ask(collector.url, 'POST', ADMIN_API.tokens, asked);
      shown.set(role, { authorization: `Bearer ${body['token']}` });
    }
    shown.set('agent', (await joinWith(collector.url, await enrol(collector.url, directory.path))).headers);
  });

  test.each(casesOf('nobody', ...ROLES, 'agent'))('$route asked by $person', check);

  test('HEAD needs what GET does', async () => {
    const people = ['nobody', ...ROLES, 'agent'] as const;
    const answers = await Promise.all(people.map((person) => asks(person, `HEAD ${API.hosts}`)));
    expect(answers.map(({ status }) => status)).toEqual([401, 200, 200, 200, 401]);
  });

  test('who may not is told what is missing', async () => {
    const said = async (person: Person) => (await asks(person, `GET ${ADMIN_API.users}`)).body;
    expect(await said('nobody')).toMatchObject({ code: 'login_needed', message: expect.stringMatching(/^log in, or send a token/) });
    expect(await said('operator')).toMatchObject({ message: 'this needs the role admin, and operator has the role operator' });
  });
});
