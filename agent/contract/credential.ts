// How an agent proves to a collector which one it is: paths, and what it sends there.
import { digestOf } from './secret.ts';

/** `POST /v1/join`: JSON `JoinRequest` (enrolment.ts), answered with `Joined`. The same request again is answered in the same way. */
export const JOIN_PATH = '/v1/join';
/** `POST /v1/hello`: at each start, before any row: JSON `HelloRequest`, answered with `Hello`. */
export const HELLO_PATH = '/v1/hello';
/** `POST /v1/credential`: replaces the agent's secret; sent with the old one, which is valid until the new one is first used. */
export const ROTATE_PATH = '/v1/credential';

/** A digest of the CAs that an agent trusts, PEM each. Each answer to a report has the collector's digest to compare it with. */
export function authoritiesDigest(authorities: readonly string[]): string {
  return digestOf([...authorities].sort().join('\n'));
}

/** Where an agent keeps its membership, in its state directory. */
export const IDENTITY_FILE = 'identity.json';

/** What an agent sends as its `Authorization`. @param secret 64 hex digits */
export function authorizationOf(host_id: string, secret: string): string {
  return `Bearer tcplens-agent.${host_id}.${secret}`;
}

export const CREDENTIAL = /^tcplens-agent\.([0-9a-f]{16})\.([0-9a-f]{64})$/;
