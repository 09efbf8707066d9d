// What an agent sends to a collector beside rows, as small JSON: names for the numbers in rows, and its accounting. The agent imports only
// types from here: the schema library is not worth its memory there.
import { type Static, Type } from 'typebox';
import { AGENT_LOSSES, type AgentLoss, LOST_BATCHES_MAX, OUTCOMES, type Outcome, SEQUENCES_MAX } from './outcome.ts';
import { isReportText, TEXT_CHARS_MAX } from './report-text.ts';

const UINT32_MAX = 0xffff_ffff;
/** ClickHouse's DateTime ends in 2106. */
const TIME_MS_MAX = UINT32_MAX * 1000;
const UINT64 = /^(?:0|[1-9][0-9]{0,19})$/;

const Id = Type.Refine(
  Type.String({ description: 'an unsigned 64-bit number, in decimal, without leading zeros' }),
  (text) => UINT64.test(text) && BigInt.asUintN(64, BigInt(text)) === BigInt(text),
  () => 'must be a number below 2^64, in decimal, without leading zeros',
);
const Hex64 = Type.String({ pattern: '^[0-9a-f]{16}$' });
/** `maxLength` counts characters, the refinement UTF-16 units. */
const Text = (maxLength: number) =>
  Type.Refine(
    Type.String({ maxLength }),
    (text) => text.length <= maxLength && isReportText(text),
    () => `must be at most ${maxLength} units of well-formed UTF-16, without NUL`,
  );
const Uint32 = (minimum: number, options: { description?: string } = {}) => Type.Integer({ minimum, maximum: UINT32_MAX, ...options });
const Sequence = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
/** The most entities of each sort in one report. */
export const ENTITIES_MAX = 10_000;
export const HOOKS_MAX = 64;
export const ACCOUNTING_MAX = 100_000;

export const HostEntity = Type.Object({
  name: Text(TEXT_CHARS_MAX.host_name),
  machine: Text(TEXT_CHARS_MAX.machine),
  kernel: Text(TEXT_CHARS_MAX.kernel),
  agent_version: Text(TEXT_CHARS_MAX.agent_version),
});

export const ProcessEntity = Type.Object({
  pid: Uint32(0),
  started_at_ms: Type.Integer({
    minimum: 0,
    maximum: TIME_MS_MAX,
    description: 'ms since the epoch: tells a reused pid from its predecessor',
  }),
  name: Text(TEXT_CHARS_MAX.process_name),
  command: Text(TEXT_CHARS_MAX.command),
  cgroup_id: Id,
});

export const CgroupEntity = Type.Object({
  cgroup_id: Id,
  path: Text(TEXT_CHARS_MAX.cgroup_path),
  container_id: Text(TEXT_CHARS_MAX.container_id),
  /** missing in recordings of earlier versions */
  pod_uid: Type.Optional(Text(TEXT_CHARS_MAX.pod_uid)),
  unit: Text(TEXT_CHARS_MAX.unit),
});

export const NetnsEntity = Type.Object({
  netns: Id,
  inode: Count,
  name: Text(TEXT_CHARS_MAX.netns_name),
});

export const HookState = Type.Object({
  name: Text(TEXT_CHARS_MAX.hook_name),
  attached: Type.Boolean(),
  reason: Text(TEXT_CHARS_MAX.hook_reason),
});

/**
 * How many rows of one kind had one outcome within one minute of the agent's clock, so far. It is sent again, with a larger figure while the
 * minute lasts, until a collector has accepted it. The collector keeps the largest figure, so repeated and reordered reports change nothing.
 */
export const AccountingEntry = Type.Object({
  epoch: { ...Hex64, description: 'the run of the agent whose rows these are; an earlier one where its spool is still being sent' },
  minute_ms: Type.Integer({
    minimum: 0,
    maximum: TIME_MS_MAX,
    multipleOf: 60_000,
    description: "ms since the epoch, of the minute's beginning",
  }),
  kind: Type.String({ pattern: '^[a-z][a-z0-9_]{0,31}$' }),
  outcome: Type.Unsafe<Outcome>(Type.Union(OUTCOMES.map((outcome) => Type.Literal(outcome)))),
  rows: Count,
});

/**
 * Batches that are lost as a whole, beside their rows in `accounting`: the collector may have them all the same, where its acknowledgement
 * never arrived or another collector has taken them. It then takes off what its tables hold. An entry never changes, and names each batch once.
 */
export const LostBatches = Type.Object({
  ...AccountingEntry.properties,
  outcome: Type.Unsafe<AgentLoss>(Type.Union(AGENT_LOSSES.map((outcome) => Type.Literal(outcome)))),
  sequences: Type.Array(Type.Tuple([Sequence, Sequence]), {
    minItems: 1,
    maxItems: SEQUENCES_MAX,
    description: 'the first and the last batch of each range, ascending; `rows` are those of all of them',
  }),
});

/** The part of a report that must be valid for the rest to mean anything. */
export const ReportHead = Type.Object({
  host_id: Hex64,
  epoch: Hex64,
  at_ms: Count,
  interval_ms: Uint32(1, { description: 'between sweeps at present: longer than asked for under load or back pressure' }),
});

/** Sent at the start and then once an interval: the names learned since the last report, and the accounting. */
export const AgentReport = Type.Object({
  ...ReportHead.properties,
  host: HostEntity,
  processes: Type.Array(ProcessEntity, { maxItems: ENTITIES_MAX }),
  cgroups: Type.Array(CgroupEntity, { maxItems: ENTITIES_MAX }),
  netns: Type.Array(NetnsEntity, { maxItems: ENTITIES_MAX }),
  hooks: Type.Array(HookState, { maxItems: HOOKS_MAX }),
  accounting: Type.Array(AccountingEntry, { maxItems: ACCOUNTING_MAX }),
  /** missing where no batch was lost */
  lost: Type.Optional(Type.Array(LostBatches, { maxItems: LOST_BATCHES_MAX })),
});
export type AgentReport = Static<typeof AgentReport>;
export type HostEntity = Static<typeof HostEntity>;
export type AccountingEntry = Static<typeof AccountingEntry>;
export type LostBatches = Static<typeof LostBatches>;
export type ProcessEntity = Static<typeof ProcessEntity>;
export type CgroupEntity = Static<typeof CgroupEntity>;
export type NetnsEntity = Static<typeof NetnsEntity>;
