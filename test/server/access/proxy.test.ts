// A proxy that has asked people who they are, and others who only send its header.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADMIN_API } from '../../../server/api/admin.ts';
import { PEOPLE_API } from '../../../server/api/people.ts';
import { API } from '../../../server/api.ts';
import { ask } from '../support/ask.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory } from '../support/collector.ts';

let directory: TestDirectory;
beforeAll(async () => {
  directory = await testDirectory();
});
afterAll(() => directory.remove());

async function withProxy(trustedProxy: string, work: (collector: TestCollector, data: string) => Promise<void>): Promise<void> {
  const data = join(directory.path, trustedProxy.replaceAll(/\W/g, '-'));
  const collector = await startCollector(data, { trustedProxy, proxyUserHeader: 'X-Forwarded-User', proxyRole: 'operator' });
  await work(collector, data).finally(() => collector.stop());
}

const me = async (url: string, headers: Record<string, string>) => (await ask(url, 'GET', PEOPLE_API.me, { headers })).body;

test('whom a trusted proxy names has the role of --proxy-role, or the one that an admin has given', async () => {
  await withProxy('127.0.0.1', async ({ url }, data) => {
    const authorization = `Bearer ${(await readFile(join(data, 'token'), 'utf8')).trim()}`;
    await ask(url, 'POST', ADMIN_API.users, { headers: { authorization }, body: { name: 'ada', role: 'admin' } });
    const from = { 'x-forwarded-for': '192.0.2.7' };
    expect(await me(url, { ...from, 'x-forwarded-user': 'ada' })).toMatchObject({
      kind: 'proxy',
      name: 'ada',
      role: 'admin',
      session: false,
    });
    expect(await me(url, { ...from, 'x-forwarded-user': 'bob@example.org' })).toMatchObject({ name: 'bob@example.org', role: 'operator' });
    expect(await me(url, from)).toMatchObject({ kind: 'nobody' });
    // It may have asked for nothing: then its own address says nothing of who is behind it.
    expect(await me(url, {})).toMatchObject({ kind: 'nobody' });
    for (const name of ['two words', 'a, b', 'x'.repeat(65)])
      expect(await ask(url, 'GET', API.health, { headers: { 'x-forwarded-user': name } })).toMatchObject({
        status: 400,
        body: { code: 'header_invalid' },
      });
  });
});

test('the header of anybody else says nothing, whatever address it claims to come from', async () => {
  await withProxy('192.0.2.0/24', async ({ url }) => {
    for (const forwarded of [{}, { 'x-forwarded-for': '192.0.2.7' }]) {
      const headers = { ...forwarded, 'x-forwarded-user': 'ada' };
      expect(await me(url, headers)).toMatchObject({ kind: 'nobody' });
      expect(await ask(url, 'GET', API.health, { headers })).toMatchObject({ status: 401, body: { code: 'login_needed' } });
    }
  });
});
