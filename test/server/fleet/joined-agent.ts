// An agent that joins a collector, and what an admin does with it, by the requests that they send.
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { authorizationOf, JOIN_PATH, type Joined, type JoinRequest } from '../../../agent/contract/enrolment.ts';
import type { MadeEnrolment, NewEnrolment } from '../../../server/api/access.ts';
import { ADMIN_API } from '../../../server/api/admin.ts';
import type { TestCollector } from '../support/collector.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
export const PLACE = sha256('the state directory');

export type Reply = { status: number; body: Record<string, unknown> };

/** As the owner of the data directory. */
export async function asOwner({ url }: TestCollector, data: string, method: string, path: string, body?: object): Promise<Reply> {
  const token = (await readFile(join(data, 'token'), 'utf8')).trim();
  const headers = { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) };
  const response = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** What an enrolment's line has behind its #, to join with. */
export async function enrol(collector: TestCollector, data: string, labels: Record<string, string>): Promise<string> {
  const wanted: NewEnrolment = { labels, for_ms: 3_600_000, uses: 100, rejoin: false };
  const { body } = await asOwner(collector, data, 'POST', ADMIN_API.enrolments, wanted);
  const [, enrolment = ''] = /#([0-9a-f]{16}\.[0-9a-f]{64})/.exec((body as MadeEnrolment).line) ?? [];
  return enrolment;
}

/** Its host id in 16 hex digits, and the header with which it sends. */
export async function joinAs(
  { url }: Pick<TestCollector, 'url'>,
  enrolment: string,
  { name, machine }: { name: string; machine: string },
): Promise<{ host_id: string; authorization: string }> {
  const secret = randomBytes(32).toString('hex');
  const request: JoinRequest = {
    enrolment,
    secret_sha256: sha256(secret),
    machine_sha256: sha256(machine),
    place: PLACE,
    name,
    rejoin: false,
  };
  const response = await fetch(url + JOIN_PATH, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
  const { host_id } = (await response.json()) as Joined;
  return { host_id, authorization: authorizationOf(host_id, secret) };
}
