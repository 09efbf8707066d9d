// The hosts of the fleet, and whether their rows arrive.
import { type Static, Type } from 'typebox';
import { Account } from './accounting.ts';
import { Count, Figure, Figures, Id, Ms, object, oneOf } from './schema.ts';

/** In the order of how much they need attention. A retired host was silent for so long that it counts as gone. */
export const FLEET_STATES = ['silent', 'lagging', 'revoked', 'new', 'live', 'retired'] as const;
export type FleetState = (typeof FLEET_STATES)[number];
/** An agent's version compared with the collector's. `too_old`, `too_new`: this collector refuses some of its rows. */
export const SKEWS = ['same', 'older', 'newer', 'too_old', 'too_new'] as const;
export type Skew = (typeof SKEWS)[number];
/** By name, by version, or the largest figure first; `heard`: the host that was silent for longest first. */
export const FLEET_SORTS = ['name', 'state', 'version', 'kernel', 'rows', 'lost', 'waiting', 'heard'] as const;
export type FleetSort = (typeof FLEET_SORTS)[number];

const orNull = <Schema extends typeof Ms>(schema: Schema, description: string) => Type.Union([schema, Type.Null()], { description });
const Other = object({ host_id: Id, name: Type.String() });
const Labels = Type.Record(Type.String(), Type.String(), { description: 'that it has joined with, as in env=prod' });
const Counts = object(
  Object.fromEntries(FLEET_STATES.map((state) => [state, Count])) as Record<FleetState, typeof Count>,
  'hosts by state, whichever of them is asked for',
);
export type FleetCounts = Static<typeof Counts>;

export const FleetHost = object(
  {
    host_id: Id,
    name: Type.String(),
    state: Type.Unsafe<FleetState>({
      type: 'string',
      enum: [...FLEET_STATES],
      description:
        'silent: no report for two minutes and three of its intervals; lagging: a report is overdue, or more than a minute’s rows wait; revoked: its credential is refused; new: for ten minutes; retired: not heard for --retire-after',
    }),
    labels: Labels,
    kernel: Type.String(),
    agent_version: Type.String(),
    skew: Type.Unsafe<Skew>({
      type: 'string',
      enum: [...SKEWS],
      description: 'the agent’s version to this collector’s; too_old, too_new: this collector refuses some of its rows for that',
    }),
    hooks_refused: Type.Array(object({ name: Type.String(), reason: Type.String() }), { description: 'by its kernel' }),
    connections_per_s: Figure('opened per second'),
    rows_per_s: Type.Number({ description: 'that its kernel’s programs wanted to write' }),
    seen: Count,
    sent: Count,
    stored: Type.Integer({ minimum: 0, description: 'rows that the tables have' }),
    waiting: Type.Integer({ minimum: 0, description: 'rows seen, and neither sent nor lost yet' }),
    lost: object({ kernel: Count, agent: Count, collector: Count }, 'rows, by where they were lost'),
    clock_ahead_ms: orNull(Type.Integer(), 'of the host’s clock, by its newest report to this collector; null: less than five seconds'),
    certificate_ends_ms: orNull(Ms, 'of the agent’s own, of --agent-client-ca; null: it has none'),
    credential_ms: orNull(
      Ms,
      'when the secret of its credential was made: it makes another every 30 days; null: it has no credential here',
    ),
    joined_ms: orNull(Ms, 'null: it has no credential here'),
    revoked_ms: orNull(Ms, 'null: it is not'),
    cloned_from: Type.Union([Other, Type.Null()], { description: 'host whose credential was found on this machine, too' }),
    same_machine: Type.Array(Other, { description: 'other hosts with its machine-id, as copies of an image have' }),
    began_ms: orNull(Ms, 'its first report; null: none has come'),
    last_seen_ms: orNull(Ms, 'its last report; null: none has come'),
    interval_ms: Type.Integer({ minimum: 0, description: 'between its reports' }),
  },
  'figures are of the last five minutes',
);
export type FleetHost = Static<typeof FleetHost>;

export const Fleet = object({
  at_ms: Ms,
  version: Type.String({ description: 'the collector’s' }),
  hosts: Type.Array(FleetHost),
  total: Type.Integer({ minimum: 0, description: 'hosts that match, before the limit' }),
  counts: Counts,
  groups: Type.Array(
    object({
      value: Type.String({ description: 'of the label; empty: without it' }),
      hosts: Count,
      rows_per_s: Type.Number(),
      lost: Count,
    }),
    { description: 'in the order of their hosts; at most a thousand' },
  ),
  labels: Type.Array(Type.String(), { description: 'names of labels that hosts have' }),
  versions: Type.Array(object({ agent_version: Type.String(), skew: oneOf(SKEWS), hosts: Count }), {
    description: 'of the matching hosts',
  }),
  cut: Type.Boolean({ description: 'there are more hosts than one answer looks at: those heard last are in it' }),
});
export type Fleet = Static<typeof Fleet>;

export const FleetOne = object({
  host: FleetHost,
  hooks: Type.Array(object({ name: Type.String(), attached: Type.Boolean(), reason: Type.String() })),
  runs: Type.Array(object({ epoch: Type.String(), agent_version: Type.String(), kernel: Type.String(), began_ms: Ms, last_seen_ms: Ms }), {
    description: 'of its agent, the newest first; at most a hundred',
  }),
  from_ms: Ms,
  to_ms: Ms,
  step_s: Type.Integer({ minimum: 60 }),
  time_s: Type.Array(Type.Integer(), { description: 'start of each step, s since the epoch' }),
  rows_per_s: Type.Record(Type.String(), Figures('that the kernel’s programs wanted to write, by kind; null: it told nothing')),
  lost: Type.Record(Type.String(), Figures('rows, by the name of the loss; those that did not happen are left out')),
  completeness: Figures('1 − lost / seen'),
  accounts: Type.Array(Account, { description: 'of the whole range, by kind' }),
});
export type FleetOne = Static<typeof FleetOne>;
