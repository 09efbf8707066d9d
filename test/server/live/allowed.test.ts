// Pages that follow the live feed: each only for as long as who has opened it may see it.
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { ADMIN_API } from '../../../server/api/admin.ts';
import { type MadeToken, PEOPLE_API } from '../../../server/api/people.ts';
import { API } from '../../../server/api.ts';
import { ask } from '../support/ask.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory } from '../support/collector.ts';
import { ownerOf } from '../support/enrolled.ts';

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

const PASSWORD = 'correct horse battery';
const asOwner = (method: string, path: string, body?: object) =>
  ask(collector.url, method, path, { headers: ownerOf(directory.path), ...(body && { body }) });

async function follow(headers: Record<string, string>): Promise<WebSocket> {
  const socket = new WebSocket(collector.url.replace('http', 'ws') + API.live, { headers });
  await once(socket, 'message');
  return socket;
}

async function closedWith(socket: WebSocket): Promise<number> {
  const [code] = (await once(socket, 'close')) as [number];
  return code;
}

test('they are closed with the first user, the end of a session, of a user, and of a token; others stay', async () => {
  const local = await follow({});
  const localClosed = closedWith(local);
  await asOwner('POST', ADMIN_API.users, { name: 'ada', role: 'viewer', password: PASSWORD });
  await asOwner('POST', ADMIN_API.users, { name: 'bob', role: 'viewer', password: PASSWORD });
  expect(await localClosed).toBe(1008);
  const login = async (name: string) => (await ask(collector.url, 'POST', PEOPLE_API.login, { body: { name, password: PASSWORD } })).cookie;
  const [first, second, other] = [await login('ada'), await login('ada'), await login('bob')];
  const { id, token } = (await asOwner('POST', ADMIN_API.tokens, { name: 't', role: 'viewer', for_ms: 3600_000 })).body as MadeToken;
  const stays = await follow({ cookie: other });
  const [signedOut, removed, revoked] = [
    await follow({ cookie: first }),
    await follow({ cookie: second }),
    await follow({ authorization: `Bearer ${token}` }),
  ];
  const ends: [WebSocket, () => Promise<unknown>][] = [
    [signedOut, () => ask(collector.url, 'POST', PEOPLE_API.logout, { headers: { cookie: first } })],
    [removed, () => asOwner('DELETE', ADMIN_API.user.replace(':name', 'ada'))],
    [revoked, () => asOwner('DELETE', ADMIN_API.token.replace(':id', id))],
  ];
  for (const [socket, end] of ends) {
    const closed = closedWith(socket);
    expect(socket.readyState).toBe(WebSocket.OPEN);
    await end();
    expect(await closed).toBe(1008);
  }
  expect(stays.readyState).toBe(WebSocket.OPEN);
  stays.close();
});
