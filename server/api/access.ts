// Messages about access: agents, enrolments and collectors.
import { type Static, Type } from 'typebox';
import { Count, Ms, object } from './schema.ts';

const Hex64 = Type.String({ pattern: '^[0-9a-f]{16}$' });
const LABEL = '^[a-z][a-z0-9_.-]{0,62}$';
export const Labels = Type.Record(Type.String({ pattern: LABEL }), Type.String({ minLength: 1, maxLength: 63 }), {
  description: 'of hosts, as in env=prod',
  additionalProperties: false,
});
export type Labels = Static<typeof Labels>;
const DAY_MS = 24 * 3600 * 1000;

export const NewEnrolment = object({
  labels: Labels,
  for_ms: Type.Integer({ minimum: 1000, maximum: 365 * DAY_MS, description: 'how long hosts may join with it' }),
  uses: Type.Integer({ minimum: 1, maximum: 100_000, description: 'how many hosts' }),
  rejoin: Type.Boolean({ description: 'a machine may take back the identity that it had, once that has fallen silent' }),
});
export type NewEnrolment = Static<typeof NewEnrolment>;

export const MadeEnrolment = object({
  id: Hex64,
  line: Type.String({ description: 'what follows --join on a host; it cannot be read again' }),
  ends_ms: Ms,
});
export type MadeEnrolment = Static<typeof MadeEnrolment>;

const Ended = Type.Union([Ms, Type.Null()]);

export const Enrolments = object({
  enrolments: Type.Array(
    object({ id: Hex64, labels: Labels, made_ms: Ms, ends_ms: Ms, uses: Count, used: Count, rejoin: Type.Boolean(), revoked_ms: Ended }),
    { description: 'the newest first' },
  ),
});
export type Enrolments = Static<typeof Enrolments>;

export const Agents = object({
  agents: Type.Array(
    object({
      host_id: Hex64,
      name: Type.String({ description: 'what the host called itself when it joined' }),
      labels: Labels,
      joined_ms: Ms,
      revoked_ms: Ended,
      cloned_from: Type.Union([Hex64, Type.Null()], { description: 'host whose credential was found on this machine, too' }),
      same_machine: Type.Array(Hex64, { description: 'other hosts that call themselves the same machine, as copies of an image do' }),
    }),
    { description: 'by name' },
  ),
});
export type Agents = Static<typeof Agents>;

const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });

/** Grouped by CA, since agents recognise collectors by their CA. */
export const Collectors = object({
  authorities: Type.Array(
    object({
      id: Type.String({ ...Sha256, description: 'SHA-256 of the CA’s certificate' }),
      ends_ms: Ms,
      collectors: Type.Array(
        object({
          name: Type.String({ description: 'of its machine' }),
          address: Type.String({ description: 'where agents reach it' }),
          heard_ms: Type.Integer({ minimum: 0, description: 'ms since the epoch, by its own clock, to within a minute' }),
        }),
        { description: 'whose certificates it has signed, the one that was heard last first' },
      ),
    }),
    { description: 'that agents which have joined trust' },
  ),
});
export type Collectors = Static<typeof Collectors>;
export const CollectorParams = object({ id: Sha256 });

export const EnrolmentParams = object({ id: Hex64 });
export const AgentParams = object({ host_id: Hex64 });
export const AgentRemoval = Type.Object(
  {
    rows: Type.Optional(
      Type.Unsafe<'keep' | 'remove'>({
        type: 'string',
        enum: ['keep', 'remove'],
        default: 'keep',
        description: 'remove: also hosts that never joined',
      }),
    ),
  },
  { additionalProperties: false },
);
export const AgentRemoved = object({
  done: Type.Literal(true),
  rows: Type.Unsafe<'kept' | 'being_removed'>({
    type: 'string',
    enum: ['kept', 'being_removed'],
    description:
      'being_removed: its names and accounts are gone; rows, minutes, hours and days go within seconds, or minutes where there are many, as the tables are rewritten',
  }),
});
export type AgentRemoved = Static<typeof AgentRemoved>;
export const Done = object({ done: Type.Literal(true) });
export type Done = Static<typeof Done>;
