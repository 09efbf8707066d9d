// How an agent becomes one that a collector knows, and stays it. The agent imports only types and plain values from here.
import { type Static, Type } from 'typebox';

/** `POST /v1/join`: JSON `JoinRequest`, answered with `Joined`. The same request again is answered in the same way. */
export const JOIN_PATH = '/v1/join';
/** `POST /v1/hello`: at each start, before any row: JSON `HelloRequest`, answered with `Hello`. */
export const HELLO_PATH = '/v1/hello';
/** `POST /v1/credential`: puts another secret in the place of the agent's; shown with the old one. The old one ends when the new is shown. */
export const ROTATE_PATH = '/v1/credential';

const closed = { additionalProperties: false } as const;
const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Text = Type.String({ maxLength: 255 });

/** `place`: digest of where the agent's state is. A copy of that state, on whatever machine, has another one. */
const place = Sha256;

export const JoinRequest = Type.Object(
  {
    enrolment: Type.String({
      pattern: '^([0-9a-f]{16}\\.[0-9a-f]{64})?$',
      description: 'id and secret of the printed line; empty: the request shows a credential that is found on two machines',
    }),
    secret_sha256: Type.String({ ...Sha256, description: 'SHA-256 of the secret that the agent has made for itself' }),
    machine_sha256: Type.String({ ...Sha256, description: 'SHA-256 of something that names the machine' }),
    place,
    name: Text,
    rejoin: Type.Boolean({ description: 'take back the identity that this machine had before' }),
  },
  closed,
);
export type JoinRequest = Static<typeof JoinRequest>;

/** `authorities`: PEM of the CAs that collectors of this fleet have their certificates from; empty: those that every machine trusts. */
const fleet = { labels: Type.Record(Type.String(), Type.String()), authorities: Type.Array(Type.String()), digest: Type.String() };
const host_id = Type.String({ pattern: '^[0-9a-f]{16}$' });

export const Joined = Type.Object({ host_id, ...fleet });
export type Joined = Static<typeof Joined>;

export const HelloRequest = Type.Object({ epoch: Type.String({ pattern: '^[0-9a-f]{16}$' }), place }, closed);
export type HelloRequest = Static<typeof HelloRequest>;

export const Hello = Type.Object({
  host_id,
  ...fleet,
  rotate: Type.Boolean({ description: 'the credential is old: make another' }),
});
export type Hello = Static<typeof Hello>;

export const RotateRequest = Type.Object({ secret_sha256: Sha256 }, closed);
export type RotateRequest = Static<typeof RotateRequest>;

/** What an agent sends as its `Authorization`. @param secret 64 hex digits */
export function authorizationOf(host_id: string, secret: string): string {
  return `Bearer tcplens-agent.${host_id}.${secret}`;
}

export const CREDENTIAL = /^tcplens-agent\.([0-9a-f]{16})\.([0-9a-f]{64})$/;
