// When the certificates of --agent-client-ca end that agents show: on the list of hosts, and in the health.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HELLO_PATH } from '../../../agent/contract/credential.ts';
import type { Fleet } from '../../../server/api/fleet.ts';
import type { Health } from '../../../server/api/health.ts';
import { API } from '../../../server/api.ts';
import { makeAuthority } from '../../../server/door/tls/certificates.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory, until } from '../support/collector.ts';
import { ask, type Enrolled, enrol, joinWith, ownerOf } from '../support/enrolled.ts';
import { signClient } from '../support/sign-client.ts';

const DAY_MS = 24 * 3600 * 1000;
let directory: TestDirectory;
let collector: TestCollector | undefined;
beforeEach(async () => {
  directory = await testDirectory();
});
afterEach(async () => {
  await collector?.stop();
  await directory.remove();
});

async function listed(url: string): Promise<Record<string, object>> {
  const { body } = await ask(url + API.fleet, { headers: ownerOf(directory.path) });
  return Object.fromEntries((body as Fleet).hosts.map((host) => [host.name, host]));
}

test('of who shows one, the list says when it ends, from the join on and after each start; health says it fourteen days before', async () => {
  const authority = await makeAuthority('agents', Date.now());
  const agentClientCa = join(directory.path, 'agents.pem');
  await writeFile(agentClientCa, authority.certificate);
  const { url } = await startAs({ agentClientCa });
  const line = await enrol(url, directory.path);
  const [soon, later] = [await signClient(authority, 'web-1', 5), await signClient(authority, 'web-2', 90)];
  const joined = await joinWith(url, line, { name: 'web-1' }, soon);
  await joinWith(url, line, { name: 'web-2' }, later);
  const hosts = await listed(url);
  expect(hosts).toMatchObject({
    'web-1': { certificate_ends_ms: inDays(5), credential_ms: inDays(0) },
    'web-2': { certificate_ends_ms: inDays(90) },
  });
  const finding = await until(
    async () => {
      const { findings } = (await ask(url + API.health, { headers: ownerOf(directory.path) })).body as Health;
      return findings.find(({ code }) => code === 'agent_certificates_ending');
    },
    (found) => found !== undefined,
  );
  expect(finding).toMatchObject({
    severity: 'warning',
    sentence: expect.stringMatching(/^1 host has a certificate .*: web-1 in 5 days\.$/),
  });
  expect(await hello(url, joined, later)).toMatchObject({ status: 200 });
  expect(await listed(url)).toMatchObject({ 'web-1': { certificate_ends_ms: inDays(90) } });
});

test('where the collector asks for none, there is none', async () => {
  const { url } = await startAs({});
  const joined = await joinWith(url, await enrol(url, directory.path), { name: 'web-1' });
  expect(await hello(url, joined)).toMatchObject({ status: 200 });
  expect(await listed(url)).toMatchObject({ 'web-1': { certificate_ends_ms: null, credential_ms: inDays(0) } });
});

async function startAs(options: Record<string, string>): Promise<TestCollector> {
  collector = await startCollector(directory.path, { listen: '0.0.0.0:0', ...options });
  return collector;
}

const hello = (url: string, { headers, place }: Enrolled, shows?: Awaited<ReturnType<typeof signClient>>) =>
  ask(url + HELLO_PATH, { headers, body: { place }, shows });

/** To within ten minutes. */
const inDays = (days: number) => expect.closeTo(Date.now() + days * DAY_MS, -6);
