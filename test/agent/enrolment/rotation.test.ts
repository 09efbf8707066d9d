// An agent's secret is replaced before it is a month old: by a real collector's word, with crashes in between.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newSecret } from '../../../agent/contract/secret.ts';
import { type Identity, readIdentity } from '../../../agent/enrolment/identity-file.ts';
import { parseJoinLine } from '../../../agent/enrolment/join-line.ts';
import { Member } from '../../../agent/enrolment/member.ts';
import { placeDigest } from '../../../agent/enrolment/place.ts';
import { Transport } from '../../../agent/uplink/transport.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory } from '../../server/support/collector.ts';
import { enrol } from '../../server/support/enrolled.ts';

let directory: TestDirectory;
let state: TestDirectory;
let collector: TestCollector;
beforeEach(async () => {
  directory = await testDirectory();
  state = await testDirectory();
  collector = await startCollector(directory.path, { login: 'yes' });
});
afterEach(async () => {
  await collector.stop();
  await directory.remove();
  await state.remove();
});

function memberOf(identity: Identity): Member {
  const place = placeDigest(state.path);
  return new Member(identity, {
    directory: state.path,
    place,
    machine: 'a'.repeat(64),
    name: 'web',
    urls: [collector.url],
    transport: new Transport(),
  });
}

async function joined(): Promise<Member> {
  const line = parseJoinLine(await enrol(collector.url, directory.path));
  const member = memberOf({ format: 1, url: collector.url, enrolment: '', secret: newSecret(), place: '', authorities: [] });
  expect(await member.join(line.enrolment, false)).toMatchObject({ verdict: 'accepted' });
  return member;
}

const kept = async () => (await readIdentity(state.path)) as Identity;

test('a secret that was to be replaced as the agent was killed is replaced by the next hello; the old one then opens nothing', async () => {
  const member = await joined();
  const { secret } = member.identity;
  const next = newSecret();
  // As a kill leaves it: decided, and not told.
  await writeFile(join(state.path, 'identity.json'), JSON.stringify({ ...(await kept()), next }));
  const again = memberOf(await kept());
  expect(await again.hello()).toMatchObject({ verdict: 'accepted' });
  expect(again.identity).toMatchObject({ secret: next });
  expect(again.identity).not.toHaveProperty('next');
  expect(JSON.parse(await readFile(join(state.path, 'identity.json'), 'utf8'))).toMatchObject({ secret: next });
  expect(await again.hello()).toMatchObject({ verdict: 'accepted' });
  expect(await memberOf({ ...again.identity, secret }).hello()).toMatchObject({ status: 401, code: 'credential_unknown' });
});

test('where the collector took the new one and the answer was lost, the agent finds out which one counts', async () => {
  const member = await joined();
  const before = await kept();
  const next = newSecret();
  await writeFile(join(state.path, 'identity.json'), JSON.stringify({ ...before, next }));
  const told = memberOf(await kept());
  await told.hello();
  await told.hello();
  // The file of the moment before the answer.
  const lost = memberOf({ ...before, next });
  expect(await lost.hello()).toMatchObject({ code: 'credential_unknown' });
  expect(await lost.useOther()).toBe(true);
  expect(await lost.hello()).toMatchObject({ verdict: 'accepted' });
  expect(await kept()).toMatchObject({ secret: next });
  expect(member.identity.host_id).toBe(lost.identity.host_id);
});

test('while a collector knows neither, none is given up: the old one counts again when it does', async () => {
  const member = await joined();
  const { secret } = member.identity;
  const next = newSecret();
  const asked = memberOf({ ...(await kept()), next });
  // As a collector answers that has not read yet who has joined at another one.
  expect(await asked.useOther()).toBe(true);
  expect(await asked.hello()).toMatchObject({ code: 'credential_unknown' });
  expect(asked.identity).toMatchObject({ secret: next, before: secret });
  expect(await asked.useOther()).toBe(true);
  expect(asked.identity).toMatchObject({ secret, next });
  expect(await asked.hello()).toMatchObject({ verdict: 'accepted' });
});

test('a copy becomes a host with a secret that the original never had, though one was to be replaced as it was copied', async () => {
  const member = await joined();
  const next = newSecret();
  const copy = memberOf({ ...(await kept()), next });
  expect(await copy.fork()).toMatchObject({ verdict: 'accepted' });
  expect(copy.identity.host_id).not.toBe(member.identity.host_id);
  expect([next, member.identity.secret]).not.toContain(copy.identity.secret);
  expect(await copy.hello()).toMatchObject({ verdict: 'accepted' });
});
