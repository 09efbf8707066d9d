// Where an agent shows that it is one that the collector knows, and how.
import { digestOf } from './secret.ts';

/** `POST /v1/join`: JSON `JoinRequest` (enrolment.ts), answered with `Joined`. The same request again is answered in the same way. */
export const JOIN_PATH = '/v1/join';
/** `POST /v1/hello`: at each start, before any row: JSON `HelloRequest`, answered with `Hello`. */
export const HELLO_PATH = '/v1/hello';
/** `POST /v1/credential`: puts another secret in the place of the agent's; shown with the old one. The old one ends when the new is shown. */
export const ROTATE_PATH = '/v1/credential';

/** Which CAs an agent trusts, PEM each, as one text to compare: each answer to a report has that of the collector's. */
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
