// Answers that no collector gave, or not to this request: of proxies, login pages, caches and connections that break.
import type { Socket } from 'node:net';
import type { Foul, Real } from './front.ts';

export type Case = {
  it: string;
  foul: () => Foul;
  /** batches that the collector acknowledged to the agent all the same */
  acknowledged?: number;
};

const PAGE = '<!doctype html><html><title>Sign in to the guest network</title><form method=post></form></html>';
const REASON = '{"code":"kind_mismatch","message":"row 0 is not a retransmit row"}';

function raw(status: number, body: string, headers: Record<string, string | number> = {}): string {
  const lines = Object.entries({ 'content-length': Buffer.byteLength(body), ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Whatever\r\n${lines.join('')}\r\n${body}`;
}

const says = (text: string) => (): Foul => (socket) => void socket.write(text);
const cutsAfter = (text: string) => (): Foul => (socket) => void socket.end(text);

/** The collector takes the batch; what it said is changed on the way back. */
const changes = (change: (said: Record<string, unknown>, real: Real) => string) => (): Foul => async (socket, ask) => {
  const real = await ask();
  socket.write(change(JSON.parse(real.body) as Record<string, unknown>, real));
};
const altered = (alter: (said: Record<string, unknown>) => Record<string, unknown>) =>
  changes((said) => raw(200, JSON.stringify(alter(said)), { 'content-type': 'application/json' }));

const STATUSES = [200, 201, 202, 204, 205, 206, 301, 302, 304, 307, 400, 401, 403, 404, 405, 407, 408, 409, 410, 411, 413, 415, 418];
const MORE_STATUSES = [421, 422, 429, 431, 451, 499, 500, 501, 502, 503, 504, 511, 520, 599, 999];

const byStatus: Case[] = [...STATUSES, ...MORE_STATUSES].flatMap((status) => [
  { it: `HTTP ${status} with a page`, foul: says(raw(status, PAGE, { 'content-type': 'text/html' })) },
  { it: `HTTP ${status} with nothing`, foul: says(raw(status, '')) },
  { it: `HTTP ${status} with JSON of somebody else`, foul: says(raw(status, '{"ok":true,"stored":true,"rows":10,"error":"denied"}')) },
  { it: `HTTP ${status} with a refusal in the collector's words`, foul: says(raw(status, REASON)) },
]);

const acknowledgements: Case[] = [
  { it: 'the acknowledgement of another batch', foul: altered((said) => ({ ...said, sequence: Number(said['sequence'] ?? 0) + 1 })) },
  { it: 'the acknowledgement of another run', foul: altered((said) => ({ ...said, epoch: '00000000000000ff' })) },
  { it: 'the acknowledgement of another host', foul: altered((said) => ({ ...said, host_id: '00000000000000ff' })) },
  { it: 'the acknowledgement of other rows', foul: altered((said) => ({ ...said, schema: 'drop/0123456789ab' })) },
  { it: 'an acknowledgement of fewer rows', foul: altered((said) => ({ ...said, rows: 9 })) },
  { it: 'an acknowledgement of other bytes', foul: altered((said) => ({ ...said, digest: '0'.repeat(64) })) },
  { it: 'an acknowledgement without a digest', foul: altered(({ digest: _, ...said }) => said) },
  { it: 'an acknowledgement in a list', foul: changes((said) => raw(200, JSON.stringify([said]))) },
  { it: 'an acknowledgement that is cut off', foul: changes((_, { body }) => raw(200, body.slice(0, -1))) },
  { it: 'an acknowledgement behind a page', foul: changes((_, { body }) => raw(200, PAGE + body)) },
  { it: 'an acknowledgement as a gateway error', foul: changes((_, { body }) => raw(502, body)) },
  {
    it: 'an acknowledgement that is shorter than it says',
    foul: () => async (socket, ask) => void socket.end(raw(200, (await ask()).body, { 'content-length': 5000 })),
  },
  { it: 'an acknowledgement that is longer than it says', foul: changes((_, { body }) => raw(200, body, { 'content-length': 20 })) },
  { it: 'an acknowledgement that is nothing by its length', foul: changes((_, { body }) => raw(200, body, { 'content-length': 0 })) },
  { it: 'a length that is no number', foul: changes((_, { body }) => raw(200, body, { 'content-length': 'all' })) },
  { it: 'what was sent, echoed', foul: echo },
  { it: 'the first acknowledgement, again and again', foul: replay, acknowledged: 1 },
  { it: 'a refusal of the collector that was of another batch', foul: replayedRefusal },
  { it: 'the body damaged on its way', foul: () => async (socket, ask) => void socket.write(raw(400, bodyOfRefusal(await ask()))) },
];

function bodyOfRefusal({ body }: Real): string {
  return JSON.stringify({ code: 'zstd_corrupt', message: 'damaged', digest: '1'.repeat(64), took: body.length });
}

function echo(): Foul {
  return (socket, _, { headers }) => {
    const rows = { rows: 10, ...headers, host_id: headers['tcplens-host-id'], epoch: headers['tcplens-epoch'] };
    socket.write(raw(200, JSON.stringify({ ...rows, schema: headers['tcplens-schema'], sequence: Number(headers['tcplens-sequence']) })));
  };
}

/** A cache that takes all requests for one. */
function replay(): Foul {
  let first: Promise<Real> | undefined;
  return async (socket, ask) => {
    first ??= ask();
    socket.write(raw(200, (await first).body));
  };
}

function replayedRefusal(): Foul {
  return (socket) => void socket.write(raw(422, JSON.stringify({ ...JSON.parse(REASON), digest: 'a'.repeat(64) })));
}

const connections: Case[] = [
  { it: 'a connection that is cut before an answer', foul: () => (socket) => void socket.destroy() },
  { it: 'a connection that is reset', foul: () => (socket) => void socket.resetAndDestroy() },
  { it: 'a connection that is cut when the batch is stored', foul: () => (socket, ask) => ask().then(() => void socket.destroy()) },
  { it: 'a cut in the status line', foul: cutsAfter('HTTP/1.1 20') },
  { it: 'a cut in the headers', foul: cutsAfter('HTTP/1.1 200 OK\r\ncontent-le') },
  { it: 'a cut behind the headers', foul: cutsAfter('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n') },
  { it: 'a cut in the body', foul: cutsAfter('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"rows":10,') },
  { it: 'a cut in a chunk', foul: cutsAfter('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{"rows"') },
  { it: 'no HTTP at all', foul: cutsAfter('220 mail.example ESMTP\r\n') },
  { it: 'an upgrade nobody asked for', foul: says('HTTP/1.1 101 Switching\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n') },
  { it: 'a body by gzip that is none', foul: says(raw(200, PAGE, { 'content-encoding': 'gzip' })) },
  { it: 'headers without an end', foul: () => (socket) => flood(socket, 'HTTP/1.1 200 OK\r\n', `x: ${'y'.repeat(4096)}\r\n`) },
  { it: 'informational answers without an end', foul: () => (socket) => flood(socket, '', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(100)) },
  { it: 'a body without an end', foul: () => (socket) => flood(socket, 'HTTP/1.1 200 OK\r\n\r\n', '{"rows":10,'.repeat(4096)) },
  { it: 'an acknowledgement and then a body without an end', foul: endlessReal },
  { it: 'an answer that trickles', foul: says('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{') },
  { it: 'an answer that never comes', foul: () => () => undefined },
];

function endlessReal(): Foul {
  return async (socket, ask) => flood(socket, `HTTP/1.1 200 OK\r\n\r\n${(await ask()).body}`, ' '.repeat(64 * 1024));
}

/** Writes for as long as the other side reads. */
export function flood(socket: Socket, head: string, piece: string): void {
  socket.write(head);
  const more = () => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on('drain', more);
  more();
}

const waits: Case[] = ['0', '-1', '999999', '99999999999999999999', '1e9', 'soon', '', 'Thu, 01 Jan 1970 00:00:00 GMT'].flatMap((value) =>
  [429, 503].map((status) => ({ it: `HTTP ${status}, Retry-After "${value}"`, foul: says(raw(status, PAGE, { 'retry-after': value })) })),
);

export const CASES: readonly Case[] = [...byStatus, ...acknowledgements, ...connections, ...waits];
