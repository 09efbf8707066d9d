// TLS of the collector's port: the certificate that it makes, those that it is given, and who trusts which.
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { post } from '../../../agent/uplink/post.ts';
import { Transport } from '../../../agent/uplink/transport.ts';
import { API } from '../../../server/api.ts';
import { makeAuthority, signServer } from '../../../server/door/tls/certificates.ts';
import { ownCertificate } from '../../../server/door/tls/own-certificate.ts';
import { fingerprintOf } from '../../../server/door/tls/served.ts';
import { newCollector, startCollector, type TestCollector, type TestDirectory, testDirectory, until } from '../support/collector.ts';
import { ask, enrol, joinWith, ownerOf } from '../support/enrolled.ts';
import { signClient } from '../support/sign-client.ts';

const DAY_MS = 24 * 3600 * 1000;
let directory: TestDirectory;
let collector: TestCollector | undefined;
beforeEach(async () => {
  directory = await testDirectory();
});
afterEach(async () => {
  await collector?.stop();
  collector = undefined;
  await directory.remove();
});

/** Beyond loopback, as a fleet has it. */
const start = async (options: Record<string, string> = {}) => {
  collector = await startCollector(directory.path, { listen: '0.0.0.0:0', ...options });
  return collector;
};
const portOf = (url: string) => Number(new URL(url).port);

type Shown = { authorized: boolean; why: string; shown: DetailedPeerCertificate; protocol: string | null };

/** A connection to the collector that trusts these CAs and asks for this name. */
async function handshake(
  url: string,
  options: { ca?: string; servername?: string; maxVersion?: 'TLSv1.1' | 'TLSv1.2' } = {},
): Promise<Shown> {
  const socket: TLSSocket = connect({
    host: '127.0.0.1',
    port: portOf(url),
    rejectUnauthorized: false,
    ciphers: 'DEFAULT@SECLEVEL=0',
    ...options,
    ...(options.maxVersion && { minVersion: 'TLSv1' }),
  });
  try {
    await once(socket, 'secureConnect');
    const why = String(socket.authorizationError ?? '');
    return { authorized: socket.authorized, why, shown: socket.getPeerCertificate(true), protocol: socket.getProtocol() };
  } finally {
    socket.destroy();
  }
}

test('beyond loopback it speaks TLS with a certificate of its own CA, for all names and addresses of the machine', async () => {
  const { url } = await start();
  const ca = await readFile(join(directory.path, 'tls', 'ca.pem'), 'utf8');
  for (const servername of ['localhost', (await import('node:os')).hostname()]) {
    const { authorized, why, protocol, shown } = await handshake(url, { ca, servername });
    expect({ servername, authorized, why, protocol }).toEqual({ servername, authorized: true, why: '', protocol: 'TLSv1.3' });
    // The CA is sent along: an agent that joins knows it by its fingerprint alone.
    expect(shown.issuerCertificate.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(fingerprintOf(ca));
  }
  expect(await handshake(url, { ca, servername: 'elsewhere.example' })).toMatchObject({ why: expect.stringMatching(/altname|ALTNAME/i) });
  expect(await handshake(url)).toMatchObject({ authorized: false });
  expect(((await stat(join(directory.path, 'tls', 'ca.pem'))).mode & 0o777).toString(8)).toBe('600');
});

test('plain HTTP on that port gets no answer, and old TLS none either', async () => {
  const { url } = await start();
  const socket = connectPlain(portOf(url), '127.0.0.1');
  let said = '';
  socket.on('data', (bytes) => {
    said += bytes.toString('latin1');
  });
  socket.on('error', () => undefined).write(`GET ${API.hosts} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
  await once(socket, 'close');
  expect(said).not.toContain('HTTP/1.1 200');
  await expect(handshake(url, { maxVersion: 'TLSv1.1' })).rejects.toThrow();
  expect(await handshake(url, { maxVersion: 'TLSv1.2' })).toMatchObject({ protocol: 'TLSv1.2' });
});

test('beyond loopback nobody sees or sends anything without showing who they are, from this machine neither', async () => {
  const { url } = await start();
  expect(await ask(url + API.hosts)).toMatchObject({ status: 401, body: { code: 'login_needed' } });
  expect(await ask(`${url}/metrics`)).toMatchObject({ status: 401 });
  expect(await ask(`${url}/v1/rows`, { body: Buffer.from('x') })).toMatchObject({ status: 401, body: { code: 'join_needed' } });
  expect(await ask(url + API.hosts, { headers: ownerOf(directory.path) })).toMatchObject({ status: 200 });
  expect(await ask(`${url}/healthz`)).toMatchObject({ status: 200 });
});

test.each([
  { host: 'attacker.example', status: 403 },
  { host: 'localhost.attacker.example', status: 403 },
  { host: '127.0.0.1', status: 200 },
  { host: 'collector.example:8600', status: 200 },
  { host: '[::1]:99', status: 200 },
])('a page that is asked for as "$host" has the answer $status', async ({ host, status }) => {
  const { url } = await start({ publicUrl: 'https://collector.example:8600' });
  expect(await ask(url + API.hosts, { headers: { ...ownerOf(directory.path), host } })).toMatchObject({ status });
});

test('the certificate and the CA stay over a restart', async () => {
  const { url } = await start();
  const { shown } = await handshake(url);
  await collector?.stop();
  const again = await start();
  expect((await handshake(again.url)).shown.fingerprint256).toBe(shown.fingerprint256);
});

test('a certificate is renewed a month before it ends, by the same CA; the CA a year before; and for other names at once', async () => {
  const now = Date.now();
  const at = (ms: number, names = ['a.example', '10.0.0.1']) => ownCertificate({ directory: directory.path, names }, ms);
  const first = await at(now);
  expect(await at(now + 59 * DAY_MS)).toEqual(first);
  const second = await at(now + 61 * DAY_MS);
  expect(second.cert).not.toBe(first.cert);
  expect(second.authority).toBe(first.authority);
  expect(second.ends_ms).toBeGreaterThan(first.ends_ms);
  const third = await at(now + 61 * DAY_MS, ['a.example', '10.0.0.2']);
  expect(new X509Certificate(third.cert).checkIP('10.0.0.2')).toBe('10.0.0.2');
  const old = await at(now + (3650 - 364) * DAY_MS);
  expect(old.authority).not.toBe(first.authority);
  const [leaf, ca] = [new X509Certificate(old.cert), new X509Certificate(old.authority ?? '')];
  expect(leaf.verify(ca.publicKey)).toBe(true);
});

test('a given certificate is read again when its files change; a bad one is told, and the one before stays', async () => {
  const authority = await makeAuthority('test', Date.now());
  const files = {
    tlsCert: join(directory.path, 'cert.pem'),
    tlsKey: join(directory.path, 'key.pem'),
    tlsCa: join(directory.path, 'ca.pem'),
  };
  const put = async (days: number) => {
    const { certificate, key } = await signServer(authority, ['collector.example', 'localhost'], days, Date.now());
    await writeFile(files.tlsKey, key);
    await writeFile(files.tlsCert, certificate);
    return new X509Certificate(certificate).fingerprint256;
  };
  await writeFile(files.tlsCa, authority.certificate);
  const first = await put(10);
  const { url } = await start(files);
  expect((await handshake(url)).shown.fingerprint256).toBe(first);
  const line = await enrol(url, directory.path);
  expect(line).toMatch(new RegExp(`\\.${fingerprintOf(authority.certificate)}$`));
  await joinWith(url, line);
  const second = await put(20);
  await until(
    async () => (await handshake(url)).shown.fingerprint256,
    (seen) => seen === second,
  );
  await writeFile(files.tlsCert, 'no certificate');
  await until(
    async () => (await ask(url + API.health, { headers: ownerOf(directory.path) })).body,
    (body) => JSON.stringify(body).includes('certificate_unusable'),
  );
  expect((await handshake(url)).shown.fingerprint256).toBe(second);
});

test('with files that are no certificate it does not start, and says what they should be', async () => {
  const tlsCert = join(directory.path, 'cert.pem');
  await writeFile(tlsCert, 'x');
  const one = newCollector(directory.path, { tlsCert, tlsKey: '/dev/null' });
  await expect(one.start()).rejects.toThrow(/certificate and its private key, in PEM/);
  await one.stop(60_000);
});

test('with --agent-client-ca an agent needs a certificate of that CA beside its credential; people do not', async () => {
  const [right, wrong] = [await makeAuthority('agents', Date.now()), await makeAuthority('others', Date.now())];
  const agentClientCa = join(directory.path, 'agents.pem');
  await writeFile(agentClientCa, right.certificate);
  const { url } = await start({ agentClientCa });
  const line = await enrol(url, directory.path);
  const joinWithout = await joinWith(url, line).catch((error: Error) => error.message);
  expect(joinWithout).toContain('certificate_needed');
  const answers = [];
  for (const authority of [right, wrong]) {
    const { certificate: cert, key } = await signClient(authority, 'web-1');
    const files = { cert: join(directory.path, 'client.pem'), key: join(directory.path, 'client.key') };
    await writeFile(files.cert, cert);
    await writeFile(files.key, key);
    const ca = await readFile(join(directory.path, 'tls', 'ca.pem'), 'utf8');
    const agent = new Transport(files, [ca]).of(url);
    const { code } = await post({
      url: `${url}/v1/hello`,
      agent,
      headers: {},
      body: Buffer.from('{}'),
      signal: AbortSignal.timeout(60_000),
    });
    answers.push(code);
  }
  expect(answers).toEqual(['join_needed', 'certificate_needed']);
});

test('--insecure is said on each start, in the health, and to who asks', async () => {
  const { url } = await start({ insecure: 'yes' });
  expect(url).toMatch(/^http:/);
  const { body } = await ask(url + API.health, { headers: ownerOf(directory.path) });
  expect(JSON.stringify(body)).toContain('plain_http');
  expect(await enrol(url, directory.path)).toMatch(/^http:.*\.plain$/);
});
