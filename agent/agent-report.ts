// What an agent tells a collector beside rows, as small JSON: names of what is in them, and its account. Contract of agent/
// towards server/. The agent takes only types from here: the schemas' library is not worth its memory there.
import { type Static, Type } from 'typebox';
import { OUTCOMES, type Outcome } from './outcome.ts';

const Id = Type.String({ pattern: '^[0-9]{1,20}$', description: 'an unsigned 64-bit number, in decimal' });
const Hex64 = Type.String({ pattern: '^[0-9a-f]{16}$' });
const Text = (maxLength: number) => Type.String({ maxLength });
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

export const HostEntity = Type.Object({
  name: Text(255),
  machine: Text(64),
  kernel: Text(255),
  agent_version: Text(64),
});

export const ProcessEntity = Type.Object({
  pid: Count,
  started_at_ms: Type.Integer({ minimum: 0, description: 'ms since the epoch: tells a reused pid from its predecessor' }),
  name: Text(64),
  command: Text(1024),
  cgroup_id: Id,
});

export const CgroupEntity = Type.Object({
  cgroup_id: Id,
  path: Text(4096),
  container_id: Text(64),
  /** not in what earlier versions recorded */
  pod_uid: Type.Optional(Text(36)),
  unit: Text(255),
});

export const NetnsEntity = Type.Object({
  netns: Id,
  inode: Count,
  name: Text(255),
});

/**
 * How many rows of one kind came to one outcome within one minute of the agent's clock, so far. Told again with a larger figure
 * while the minute lasts and until a collector has taken it: the largest counts, so repeating and reordering change nothing.
 */
export const AccountingEntry = Type.Object({
  epoch: { ...Hex64, description: 'the run of the agent whose rows these are; an earlier one where its spool is still being sent' },
  minute_ms: Type.Integer({ minimum: 0, multipleOf: 60_000, description: "ms since the epoch, of the minute's beginning" }),
  kind: Text(32),
  outcome: Type.Unsafe<Outcome>(Type.Union(OUTCOMES.map((outcome) => Type.Literal(outcome)))),
  rows: Count,
});

/** Sent at start, then with every sweep: what the agent has learned since the last one, and what has become of rows. */
export const AgentReport = Type.Object({
  host_id: Hex64,
  epoch: Hex64,
  at_ms: Type.Integer({ minimum: 0 }),
  host: HostEntity,
  processes: Type.Array(ProcessEntity, { maxItems: 10_000 }),
  cgroups: Type.Array(CgroupEntity, { maxItems: 10_000 }),
  netns: Type.Array(NetnsEntity, { maxItems: 10_000 }),
  hooks: Type.Array(Type.Object({ name: Text(64), attached: Type.Boolean(), reason: Text(512) }), { maxItems: 64 }),
  interval_ms: Type.Integer({ minimum: 1, description: 'between sweeps at present: longer than asked for under load or back pressure' }),
  accounting: Type.Array(AccountingEntry, { maxItems: 100_000 }),
});
export type AgentReport = Static<typeof AgentReport>;
export type AccountingEntry = Static<typeof AccountingEntry>;
export type ProcessEntity = Static<typeof ProcessEntity>;
export type CgroupEntity = Static<typeof CgroupEntity>;
export type NetnsEntity = Static<typeof NetnsEntity>;
