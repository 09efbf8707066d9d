// Which certificates an agent takes for a collector's.

import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { post } from '../../../agent/uplink/post.ts';
import { authorityAt, Transport } from '../../../agent/uplink/transport.ts';
import { type KeyPair, makeAuthority, signServer } from '../../../server/door/tls/certificates.ts';
import { fingerprintOf } from '../../../server/door/tls/served.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** A server that shows a certificate of this CA, with the CA behind it. */
async function serve(authority: KeyPair, names: string[]): Promise<string> {
  const { certificate, key } = await signServer(authority, names, 10, Date.now());
  const server = createServer({ key, cert: `${certificate}\n${authority.certificate}` }, (_, response) => response.end('{}'));
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function reached(url: string, trusted: readonly string[]): Promise<string> {
  const agent = new Transport(undefined, trusted).of(url);
  const answer = await post({ url, agent, headers: {}, body: Buffer.from('x'), signal: AbortSignal.timeout(60_000) });
  return answer.status === 200 ? 'reached' : answer.reason;
}

test('a CA that is known by its fingerprint is fetched whole, whatever its length', async () => {
  // A certificate's length depends on its signature and serial number, and its text has lines of 64 characters.
  for (let name = 'c'; name.length < 40; name += 'c') {
    const authority = await makeAuthority(name, Date.now());
    const url = await serve(authority, ['127.0.0.1']);
    const fetched = await authorityAt(url, [fingerprintOf(authority.certificate)]);
    expect(fingerprintOf(fetched)).toBe(fingerprintOf(authority.certificate));
    expect(await reached(url, [fetched])).toBe('reached');
  }
});

test('a server that shows a CA without being of it is not reached', async () => {
  const [right, wrong] = [await makeAuthority('right', Date.now()), await makeAuthority('wrong', Date.now())];
  const { certificate, key } = await signServer(wrong, ['127.0.0.1'], 10, Date.now());
  const server = createServer({ key, cert: `${certificate}\n${right.certificate}` }, (_, response) => response.end('{}'));
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const fetched = await authorityAt(url, [fingerprintOf(right.certificate)]).catch(() => right.certificate);
  expect(await reached(url, [fetched])).not.toBe('reached');
});

test('by one of several CAs of a fleet a collector is reached by any name; by any other CA, or none, it is not', async () => {
  const authorities = [await makeAuthority('one', Date.now()), await makeAuthority('two', Date.now())];
  const [one, two] = authorities as [KeyPair, KeyPair];
  const url = await serve(two, ['elsewhere.example']);
  expect(await reached(url, [one.certificate, two.certificate])).toBe('reached');
  expect(await reached(url, [one.certificate])).toMatch(/certificate/);
  expect(await reached(url, [])).toMatch(/certificate/);
});

test('nobody answers, or another CA is shown: it says so', async () => {
  const url = await serve(await makeAuthority('one', Date.now()), ['127.0.0.1']);
  await expect(authorityAt(url, ['f'.repeat(64)])).rejects.toThrow(/of another CA/);
  await expect(authorityAt('https://127.0.0.1:1', ['f'.repeat(64)])).rejects.toThrow(/ECONNREFUSED/);
});
