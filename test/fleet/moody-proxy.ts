// A proxy that ends TLS in front of a collector, as a load balancer does, with a certificate of the fleet's CA; every third request of those that
// carry rows or a report it answers itself, as proxies do: half of these it hands on first, and keeps the collector's answer to itself.
import { readFileSync } from 'node:fs';
import type http from 'node:http';
import https from 'node:https';
import process from 'node:process';

const [address = '', port = '0', collector = '', pair = ''] = process.argv.slice(2);
const MOODS = [401, 403, 404, 502];
const pem = readFileSync(pair);
let requests = 0;

const server = https.createServer({ key: pem, cert: pem }, (request, response) => {
  const isSent = request.url === '/v1/rows' || request.url === '/v1/report';
  const nth = isSent ? requests++ : 1;
  const mood = nth % 3 === 0 ? MOODS[(nth / 3) % MOODS.length] : undefined;
  if (mood !== undefined && nth % 2 === 0) {
    request.resume().on('end', () => answer(response, mood));
    return;
  }
  const options = { method: request.method, headers: request.headers, rejectUnauthorized: false };
  const onward = https.request(collector + request.url, options, (answered) => {
    if (mood === undefined) answered.pipe(response.writeHead(answered.statusCode ?? 502, answered.headers));
    else answered.resume().on('end', () => answer(response, mood));
  });
  onward.on('error', () => answer(response, 502));
  request.pipe(onward);
});
server.listen(Number(port), address, () => process.stdout.write('listening\n'));

function answer(response: http.ServerResponse, status: number): void {
  if (!response.headersSent) response.writeHead(status, { 'content-type': 'text/html' });
  response.end(`<h1>${status}</h1>`);
}
