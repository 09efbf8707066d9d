// Hosts that have joined a collector, with credentials made by hand, and requests of them.
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { zstdCompressSync } from 'node:zlib';
import { authorizationOf, JOIN_PATH } from '../../../agent/contract/credential.ts';
import type { JoinRequest } from '../../../agent/contract/enrolment.ts';
import type { Kind } from '../../../bpf/rows/rows.gen.ts';
import type { MadeEnrolment, NewEnrolment } from '../../../server/api/access.ts';
import { ADMIN_API } from '../../../server/api/admin.ts';
import type { KeyPair } from '../../../server/door/tls/certificates.ts';
import { headersOf, rowsOf } from './agent.ts';

export type Said = { status: number; text: string; body: Record<string, unknown>; headers: http.IncomingHttpHeaders };
export type Ask = {
  method?: string;
  headers?: Record<string, string>;
  body?: Uint8Array | object | undefined;
  shows?: KeyPair | undefined;
};

/** Sends a request. Over TLS the collector's certificate is not checked, as it is not what is tested. `shows`: the client's certificate. */
export async function ask(url: string, { method, headers = {}, body, shows }: Ask = {}): Promise<Said> {
  const bytes = body === undefined || body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
  const json = bytes !== undefined && bytes !== body ? { 'content-type': 'application/json' } : {};
  const length = bytes === undefined ? {} : { 'content-length': String(bytes.length) };
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const options = {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { ...json, ...length, ...headers },
    rejectUnauthorized: false,
    agent: false as const,
    ...(shows && { cert: shows.certificate, key: shows.key }),
  };
  (url.startsWith('https:') ? https : http).request(url, options, resolve).on('error', reject).end(bytes);
  const response = await promise;
  const said = await text(response);
  const is_json = said.startsWith('{') && response.headers['content-type']?.startsWith('application/json');
  const parsed = is_json ? (JSON.parse(said) as Record<string, unknown>) : {};
  return { status: response.statusCode ?? 0, text: said, body: parsed, headers: response.headers };
}

export const ownerOf = (data: string) => ({ authorization: `Bearer ${readFileSync(join(data, 'token'), 'utf8').trim()}` });

/** The line of a new enrolment at the collector on `data`. */
export async function enrol(url: string, data: string, changes: Partial<NewEnrolment> = {}): Promise<string> {
  const asked: NewEnrolment = { labels: {}, for_ms: 3_600_000, uses: 100, rejoin: false, ...changes };
  const { status, body } = await ask(url + ADMIN_API.enrolments, { headers: ownerOf(data), body: asked });
  if (status !== 200) throw new Error(JSON.stringify(body));
  return (body as MadeEnrolment).line;
}

export type Enrolled = { host_id: string; secret: string; place: string; headers: Record<string, string> };

/** Joins a host by the line, without an agent. @param changes to the members of its request */
export async function joinWith(url: string, line: string, changes: Partial<JoinRequest> = {}, shows?: KeyPair): Promise<Enrolled> {
  const [secret, place] = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')];
  const request: JoinRequest = {
    enrolment: line.split('#')[1]?.slice(0, 81) ?? '',
    secret_sha256: createHash('sha256').update(secret).digest('hex'),
    machine_sha256: randomBytes(32).toString('hex'),
    place,
    name: 'web',
    rejoin: false,
    ...changes,
  };
  const { status, body } = await ask(url + JOIN_PATH, { body: request, shows });
  if (status !== 200) throw new Error(JSON.stringify(body));
  const host_id = String(body['host_id']);
  return { host_id, secret, place, headers: { authorization: authorizationOf(host_id, secret), 'tcplens-place': place } };
}

/** A batch of one kind, whose rows and headers name the host `said`. */
export function batchOf(said: string, kind: Kind, sequence: number, rows = 1): Required<Pick<Ask, 'body' | 'headers'>> {
  const bytes = rowsOf(kind, rows, (index) => ({ host_id: BigInt(`0x${said}`), connection_id: index + 1 }));
  return { headers: { ...headersOf(kind, sequence), 'tcplens-host-id': said }, body: zstdCompressSync(bytes) };
}
