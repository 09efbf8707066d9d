// What an agent and a collector send each other so that the agent becomes a member of the fleet, and stays one. The agent imports only
// types from here: the schema library is not worth its memory there.
import { type Static, Type } from 'typebox';

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

export const HelloRequest = Type.Object({ place }, closed);
export type HelloRequest = Static<typeof HelloRequest>;

export const Hello = Type.Object({
  host_id,
  ...fleet,
  rotate: Type.Boolean({ description: 'the credential is old: make another' }),
});
export type Hello = Static<typeof Hello>;

export const RotateRequest = Type.Object({ secret_sha256: Sha256 }, closed);
export type RotateRequest = Static<typeof RotateRequest>;
