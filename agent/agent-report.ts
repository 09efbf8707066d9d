// What an agent tells a collector beside rows, as small JSON: names of what is in them, and its account. Contract of agent/
// towards server/. The agent takes only types from here: the schemas' library is not worth its memory there.
import { type Static, Type } from 'typebox';
import type { Kind } from '../bpf/rows.gen.ts';

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
 * What became of one kind's rows on this agent since its start, in rows. Where nothing is in flight,
 * seen = sent + ring_lost + withheld + queue_dropped + rejected; what is in neither yet is `queued`.
 */
export const KindAccount = Type.Object({
  seen: Type.Integer({ minimum: 0, description: 'rows the kernel programs wanted to write' }),
  sent: Type.Integer({ minimum: 0, description: 'rows a collector acknowledged' }),
  queued: Type.Integer({ minimum: 0, description: 'rows drained, not yet acknowledged' }),
  ring_lost: Type.Integer({ minimum: 0, description: 'rows lost in the kernel, ring full' }),
  withheld: Type.Integer({ minimum: 0, description: "rows not written, the kind's or a filter's budget spent" }),
  queue_dropped: Type.Integer({ minimum: 0, description: 'rows dropped by the agent, its memory for unsent batches full' }),
  rejected: Type.Integer({ minimum: 0, description: 'rows a collector refused for good' }),
});
export type KindAccount = Static<typeof KindAccount>;

/** Sent at start, then with every sweep: what the agent has learned since the last one, and its whole account. */
export const AgentReport = Type.Object({
  host_id: Hex64,
  epoch: Hex64,
  at_ms: Type.Integer({ minimum: 0 }),
  host: HostEntity,
  processes: Type.Array(ProcessEntity, { maxItems: 10_000 }),
  cgroups: Type.Array(CgroupEntity, { maxItems: 10_000 }),
  netns: Type.Array(NetnsEntity, { maxItems: 10_000 }),
  hooks: Type.Array(Type.Object({ name: Text(64), attached: Type.Boolean(), reason: Text(512) }), { maxItems: 64 }),
  accounts: Type.Record(Type.String({ maxLength: 32 }), KindAccount),
});
export type AgentReport = Static<typeof AgentReport> & { accounts: Partial<Record<Kind, KindAccount>> };
export type ProcessEntity = Static<typeof ProcessEntity>;
export type CgroupEntity = Static<typeof CgroupEntity>;
export type NetnsEntity = Static<typeof NetnsEntity>;
