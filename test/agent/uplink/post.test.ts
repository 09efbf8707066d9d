// What is made of an answer that no collector gave: a proxy, a load balancer or a login page may stand in between and answer in its place.
// Nothing is known of the rows then, so that they are neither taken for stored nor given up.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { post } from '../../../agent/uplink/post.ts';
import { Transport } from '../../../agent/uplink/transport.ts';

const HTML = '<html><head><title>401 Authorization Required</title></head></html>';
/** As sha256sum has it of the four letters. */
const DIGEST = `"digest":"bc51e9e65d79e1c90ba544ab2eae1044ccdf8c1af7a559ba375cba4276f7d99e"`;
let given: { status: number; body: string; type?: string };
const server = createServer((request, response) => {
  request.resume();
  response.writeHead(given.status, { 'content-type': given.type ?? 'application/json' }).end(given.body);
});
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

async function answered(answer: typeof given) {
  given = answer;
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/v1/rows`;
  const agent = new Transport().of(url);
  return post({
    url,
    agent,
    headers: {},
    body: Buffer.from('rows'),
    name: { sequence: 7, rows: 10 },
    signal: new AbortController().signal,
  });
}

test.each([
  { it: 'a refusal of the collector', status: 400, body: `{"code":"body_empty","message":"no body",${DIGEST}}`, verdict: 'rejected' },
  { it: 'a refusal of other bytes', status: 400, body: '{"code":"body_empty","message":"no body","digest":"00"}', verdict: 'retry' },
  { it: 'a refusal of nobody knows what', status: 400, body: '{"code":"body_empty","message":"no body"}', verdict: 'retry' },
  { it: 'a refusal that is not of the rows', status: 403, body: `{"code":"host_forbidden","message":"no",${DIGEST}}`, verdict: 'retry' },
  { it: 'a refusal as a success', status: 200, body: `{"code":"body_empty","message":"no body",${DIGEST}}`, verdict: 'retry' },
  { it: 'a page', status: 401, body: HTML, type: 'text/html', verdict: 'retry' },
  { it: 'nothing', status: 404, body: '', verdict: 'retry' },
  { it: 'JSON without a code', status: 403, body: '{"message":"Forbidden"}', verdict: 'retry' },
  { it: 'JSON with a code that is no text', status: 400, body: '{"code":400,"message":"Bad Request"}', verdict: 'retry' },
  { it: 'JSON with a code and no words', status: 400, body: '{"code":"body_empty"}', verdict: 'retry' },
  { it: 'JSON that is no object', status: 413, body: 'null', verdict: 'retry' },
  { it: 'JSON that is cut off', status: 422, body: '{"code":"kind_mism', verdict: 'retry' },
  { it: 'a page as a conflict', status: 409, body: HTML, type: 'text/html', verdict: 'retry' },
  { it: 'a page that asks for less', status: 429, body: HTML, type: 'text/html', verdict: 'busy' },
  { it: 'a page instead of an acknowledgement', status: 200, body: HTML, type: 'text/html', verdict: 'retry' },
  { it: 'nothing instead of an acknowledgement', status: 204, body: '', verdict: 'retry' },
  { it: 'an acknowledgement', status: 200, body: `{"sequence":7,"rows":10,"duplicate":false,${DIGEST}}`, verdict: 'accepted' },
  { it: 'an acknowledgement of fewer rows', status: 200, body: `{"sequence":7,"rows":9,${DIGEST}}`, verdict: 'retry' },
  { it: 'an acknowledgement of another batch', status: 200, body: `{"sequence":8,"rows":10,${DIGEST}}`, verdict: 'retry' },
  { it: 'an acknowledgement of no bytes', status: 200, body: '{"sequence":7,"rows":10}', verdict: 'retry' },
  {
    it: 'an acknowledgement with a long tail',
    status: 200,
    body: `{"sequence":7,"rows":10,${DIGEST}}${' '.repeat(70_000)}`,
    verdict: 'retry',
  },
])('HTTP $status with $it: $verdict', async ({ verdict, ...answer }) => {
  const { verdict: found, reason } = await answered(answer);
  expect(found).toBe(verdict);
  // A person is told what came in place of the collector's words.
  expect(reason).toContain(`HTTP ${answer.status}`);
  if (verdict === 'retry' && !answer.body.includes('message')) expect(reason).toContain(answer.body.slice(0, 40));
});
