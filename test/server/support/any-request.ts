// Random requests: to every route, with any method, query, headers and body.
import { type ClientRequest, request } from 'node:http';
import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { HEADERS, LAYOUTS_PATH, REPORT_PATH, ROWS_PATH } from '../../../agent/contract/batch-envelope.ts';
import { layoutOf } from '../../../bpf/rows/layout.ts';
import { KIND } from '../../../bpf/rows/rows.gen.ts';
import { ROUTE_RIGHTS } from '../../../server/door/rights.ts';
import { headersOf, report, rowsOf } from './agent.ts';
import { anyText, anything } from './anything.ts';

export type AnyRequest = { method: string; path: string; headers: Record<string, string>; body: Buffer };

const HOUR_MS = 3_600_000;
/** Parameters of routes, and one that no route has. */
const MEMBERS = ['from', 'to', 'host_id', 'filter', 'filter', 'sort', 'limit', 'name', 'after', 'key', 'x'];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Text that is valid for many parameters. */
const fairText = fc.oneof(
  fc.integer({ min: -1, max: 48 }).map((hours) => String(Date.now() - hours * HOUR_MS)),
  fc.constantFrom(
    '0',
    '1',
    '443',
    '500',
    '81985529216486895',
    'curl',
    '10.0.0.2',
    '::1',
    '::1%eth0',
    'retrans',
    'name',
    'silent',
    '1 web-1',
    'process = curl and not peer in 10.0.0.0/8',
    'host = web-1 or container != 0123456789ab',
    'label.rack in (a, b) and service_port > 80',
  ),
);
const percented = fc.oneof(
  { weight: 3, arbitrary: fairText.map(encodeURIComponent) },
  { weight: 1, arbitrary: anyText.map((text) => encodeURIComponent(text.toWellFormed())) },
  { weight: 1, arbitrary: fc.constantFrom('%', '%zz', '%00', '%ff%fe', '..%2f..', '//', '&&==') },
);
const query = fc.array(fc.tuple(fc.constantFrom(...MEMBERS), percented), { maxLength: 4 }).map((members) => {
  const text = members.map(([name, value]) => `${name}=${value}`).join('&');
  return text === '' ? '' : `?${text}`;
});

/** All characters that a header may contain. */
const headerText = fc.oneof(fairText, fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)) }));
const anyHeaders = fc.dictionary(
  fc.constantFrom(
    ...Object.values(HEADERS),
    ...['host', 'origin', 'sec-fetch-site', 'sec-fetch-mode', 'authorization', 'cookie', 'content-type', 'content-encoding'],
    ...['accept', 'accept-encoding', 'range', 'if-none-match', 'if-modified-since', 'expect', 'upgrade', 'sec-websocket-key'],
  ),
  headerText,
  { maxKeys: 2 },
);

/** Bytes of which some are changed, removed or added. */
const spoiled = (bytes: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> =>
  fc.tuple(bytes, fc.nat(), fc.nat({ max: 255 }), fc.constantFrom('whole', 'changed', 'cut', 'longer')).map(([whole, place, byte, how]) => {
    const at = whole.length === 0 ? 0 : place % whole.length;
    if (how === 'changed' && whole.length > 0) return Buffer.concat([whole.subarray(0, at), Buffer.from([byte]), whole.subarray(at + 1)]);
    if (how === 'cut') return whole.subarray(0, at);
    return how === 'longer' ? Buffer.concat([whole, Buffer.alloc(1 + at, byte)]) : whole;
  });
const anyBytes = fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes));
const jsonOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value) ?? '');

/** The object with one of its members replaced. */
const otherwise = (make: () => object, members: readonly string[]): fc.Arbitrary<Buffer> =>
  fc
    .tuple(fc.option(fc.constantFrom(...members)), anything)
    .map(([member, value]) => jsonOf(member === null ? make() : { ...make(), [member]: value }));

type Sent = Pick<AnyRequest, 'headers' | 'body'>;
const json = { 'content-type': 'application/json' };
const batch: fc.Arbitrary<Sent> = fc
  .tuple(fc.constantFrom(...KIND), fc.integer({ min: 0, max: 50 }), fc.integer({ min: 1, max: 1_000_000 }))
  .chain(([kind, count, sequence]) =>
    spoiled(fc.constant(zstdCompressSync(rowsOf(kind, count)))).map((body) => ({ headers: headersOf(kind, sequence), body })),
  );
const jsonBody = (body: fc.Arbitrary<Buffer>): fc.Arbitrary<Sent> =>
  fc.oneof({ weight: 4, arbitrary: body }, { weight: 1, arbitrary: spoiled(body) }).map((bytes) => ({ headers: json, body: bytes }));
const layouts = () => ({ layouts: KIND.map(layoutOf) });
/** Bodies that fit certain routes; all other routes get any JSON. */
const BODIES: Readonly<Record<string, fc.Arbitrary<Sent>>> = {
  [ROWS_PATH]: batch,
  [REPORT_PATH]: jsonBody(otherwise(report, Object.keys(report()))),
  [LAYOUTS_PATH]: jsonBody(otherwise(layouts, ['layouts'])).map(({ body }) => ({ headers: { ...json, ...headersOf('sample', 1) }, body })),
};

const routes = Object.keys(ROUTE_RIGHTS).map((route) => {
  const [method = '', path = ''] = route.split(' ');
  return { method: method === '*' ? 'POST' : method, path };
});

/** A valid request to one of the routes, any part of which may be replaced. */
export const anyRequest: fc.Arbitrary<AnyRequest> = fc.constantFrom(...routes).chain(({ method, path }) => {
  const fair = BODIES[path] ?? (method === 'POST' ? jsonBody(anything.map(jsonOf)) : fc.constant({ headers: {}, body: Buffer.alloc(0) }));
  return fc
    .record({
      method: fc.oneof({ weight: 8, arbitrary: fc.constant(method) }, { weight: 1, arbitrary: fc.constantFrom(...METHODS) }),
      places: fc.array(percented, { minLength: 2, maxLength: 2 }),
      query,
      sent: fc.oneof({ weight: 6, arbitrary: fair }, { weight: 1, arbitrary: anyBytes.map((body): Sent => ({ headers: json, body })) }),
      others: fc.option(anyHeaders, { freq: 2 }),
    })
    .map((drawn) => {
      let place = 0;
      const filled = path.replaceAll(/:\w+|\*/g, () => drawn.places[place++] ?? '');
      return {
        method: drawn.method,
        path: filled + drawn.query,
        headers: { ...drawn.sent.headers, ...drawn.others },
        body: drawn.sent.body,
      };
    });
});

/**
 * Sends the request to the collector at `url`. Returns the status; 0 if the connection was closed without an answer, as for a body that is
 * too long.
 * @param from source address, one of this machine
 */
export function ask(url: string, { method, path, headers, body }: AnyRequest, from: string): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const length = body.length > 0 ? { 'content-length': String(body.length) } : {};
  const { hostname, port } = new URL(url);
  const asking: ClientRequest = request({
    hostname,
    port,
    path,
    method,
    localAddress: from,
    headers: { ...headers, ...length },
    agent: false,
  });
  asking.on('response', (response) => response.resume().on('close', () => resolve(response.statusCode ?? 0)));
  asking.on('upgrade', (response, socket) => {
    socket.destroy();
    resolve(response.statusCode ?? 0);
  });
  asking.on('error', () => resolve(0));
  asking.end(body);
  return promise;
}
