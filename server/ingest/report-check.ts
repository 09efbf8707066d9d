// Decides which parts of an agent's report are stored. Each part is checked by itself: a bad part is named in the answer and left out, and
// the others are stored.
import { type TObject, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import {
  ACCOUNTING_MAX,
  AccountingEntry,
  type AgentReport,
  CgroupEntity,
  ENTITIES_MAX,
  HOOKS_MAX,
  HookState,
  HostEntity,
  LostBatches,
  NetnsEntity,
  ProcessEntity,
  ReportHead,
} from '../../agent/contract/agent-report.ts';
import { LOST_BATCHES_MAX } from '../../agent/contract/outcome.ts';
import { KIND } from '../../bpf/rows/rows.gen.ts';
import { Refusal } from '../errors.ts';

/** `host` is undefined where that part was refused. */
export type CheckedReport = Omit<AgentReport, 'host'> & { host: AgentReport['host'] | undefined };

/**
 * `count` parts in a row, from index `at` on. `entity` and `member` are names of the schemas; `member` is '' where the part as a whole is
 * wrong.
 */
export type RefusedPart = { entity: string; at: number | undefined; member: string; why: string; count: number };

/** Limit of the error of a host's clock. Rows are quarantined for much less, but reports must still account for those rows. */
const CLOCK_MS_MAX = 366 * 24 * 3600 * 1000;
const DAY_MS = 24 * 3600 * 1000;
const KINDS_KNOWN: ReadonlySet<string> = new Set(KIND);
/** The answer names at most so many refused parts. */
const NAMED_MAX = 8;
/** Limit of refused parts whose reason is determined: that takes far longer than finding that a part is wrong. */
const LOOKED_AT_MAX = 1000;

type Part<Value> = {
  entity: string;
  check: (value: unknown) => value is Value;
  pick: (value: object) => object;
  fault: (value: unknown) => Fault;
};
type Fault = { member: string; why: string };
/** Checks what a schema cannot express. */
type Also<Value> = (value: Value) => Fault | undefined;

type List<Value> = Part<Value> & { max: number };

/** @param schema of an object. Only its members are taken from the report; others are ignored. */
function partOf<Value>(entity: string, schema: TObject): Part<Value> {
  const compiled = Compile(schema);
  const members = Object.keys(schema.properties);
  return {
    entity,
    check: (value): value is Value => compiled.Check(value),
    pick: (value) => Object.fromEntries(Object.entries(value).filter(([name]) => members.includes(name))),
    fault: (value) => {
      const [error] = compiled.Errors(value);
      const { instancePath = '', message = 'cannot be read' } = error ?? {};
      const missing = error?.keyword === 'required' ? error.params.requiredProperties[0] : undefined;
      const member = missing ?? instancePath.split('/')[1] ?? '';
      return { member: members.includes(member) ? member : '', why: missing === undefined ? message : 'is missing' };
    },
  };
}

const HOST = partOf<AgentReport['host']>('host', HostEntity);
const LISTS = {
  processes: { ...partOf<AgentReport['processes'][number]>('process', ProcessEntity), max: ENTITIES_MAX },
  cgroups: { ...partOf<AgentReport['cgroups'][number]>('cgroup', CgroupEntity), max: ENTITIES_MAX },
  netns: { ...partOf<AgentReport['netns'][number]>('netns', NetnsEntity), max: ENTITIES_MAX },
  hooks: { ...partOf<AgentReport['hooks'][number]>('hook', HookState), max: HOOKS_MAX },
  accounting: { ...partOf<AgentReport['accounting'][number]>('accounting', AccountingEntry), max: ACCOUNTING_MAX },
  lost: { ...partOf<LostBatches>('lost_batches', LostBatches), max: LOST_BATCHES_MAX },
} as const;
type ListName = keyof typeof LISTS;
const LIST = Object.keys(LISTS) as ListName[];
type Parts = Required<Pick<AgentReport, ListName>>;

const Frame = Compile(
  Type.Object({
    ...ReportHead.properties,
    host: Type.Unknown(),
    ...(Object.fromEntries(LIST.map((name) => [name, Type.Array(Type.Unknown())])) as Record<ListName, ReturnType<typeof unknowns>>),
    lost: Type.Optional(unknowns()),
  }),
);
function unknowns() {
  return Type.Array(Type.Unknown());
}

/**
 * The parts of a report that can be stored, and those that cannot.
 * @throws Refusal `request_invalid`, `time_out_of_window` where no part of it can be stored
 */
export function checkReport(body: unknown, now_ms: number): { report: CheckedReport; refused: RefusedPart[] } {
  if (!Frame.Check(body)) throw new Refusal('request_invalid', `the report cannot be read: ${frameFault(body)}`);
  const { host_id, epoch, at_ms, interval_ms } = body;
  if (isOutOfTime(at_ms, now_ms)) throw new Refusal('time_out_of_window', `the report is ${outOfTime(at_ms, now_ms)}`);
  const refused: RefusedPart[] = [];
  const list = <Name extends ListName>(name: Name, also?: Also<Parts[Name][number]>) =>
    checkList<Parts[Name][number]>(LISTS[name] as never, body[name] ?? [], refused, also);
  const report: CheckedReport = {
    host_id,
    epoch,
    at_ms,
    interval_ms,
    host: checkPart(HOST, body.host, undefined, refused),
    processes: list('processes'),
    cgroups: list('cgroups'),
    netns: list('netns'),
    hooks: list('hooks'),
    accounting: list('accounting', (entry) => accountFault(entry, now_ms)),
    lost: list('lost', (entry) => accountFault(entry, now_ms)),
  };
  return { report, refused };
}

/** Names the first few refused parts, for the answer to the agent. */
export function refusalOf(refused: readonly RefusedPart[]): Refusal {
  const names = refused
    .slice(0, NAMED_MAX)
    .map(({ entity, at, member, why }) => `${entity}${at === undefined ? '' : ` ${at}`}: ${member} ${why}`);
  const count = refused.reduce((sum, part) => sum + part.count, 0);
  const more = refused.length > NAMED_MAX ? '; and others' : '';
  return new Refusal('report_partly_refused', `${count} parts of the report are not stored, the others are. ${names.join('; ')}${more}`);
}

function checkList<Value>(part: List<Value>, values: readonly unknown[], refused: RefusedPart[], also?: Also<Value>): Value[] {
  const { entity, max } = part;
  const over = values.length - max;
  if (over > 0) refused.push({ entity, at: max, member: '', why: `and all behind it are more than ${max}`, count: over });
  return values.slice(0, max).flatMap((value, at) => {
    const checked = checkPart(part, value, at, refused, also);
    return checked === undefined ? [] : [checked];
  });
}

function checkPart<Value>(
  { entity, check, pick, fault }: Part<Value>,
  value: unknown,
  at: number | undefined,
  refused: RefusedPart[],
  also?: Also<Value>,
): Value | undefined {
  const wrong = check(value) ? also?.(value) : refused.length < LOOKED_AT_MAX ? fault(value) : { member: '', why: 'is wrong' };
  if (wrong === undefined) return pick(value as object) as Value;
  refused.push({ entity, at, ...wrong, count: 1 });
  return undefined;
}

/** Queries group by kind, so a host that could make up kinds could make answers of any length. */
function accountFault(
  { kind, minute_ms }: Pick<AgentReport['accounting'][number], 'kind' | 'minute_ms'>,
  now_ms: number,
): Fault | undefined {
  if (!KINDS_KNOWN.has(kind)) return { member: 'kind', why: "is none of this collector's: run one of the agent's version or newer" };
  return isOutOfTime(minute_ms, now_ms) ? { member: 'minute_ms', why: `is ${outOfTime(minute_ms, now_ms)}` } : undefined;
}

function frameFault(body: unknown): string {
  const [error] = Frame.Errors(body);
  const { instancePath = '', message = '' } = error ?? {};
  return `${instancePath.slice(1)} ${message}`.trim();
}

function isOutOfTime(time_ms: number, now_ms: number): boolean {
  return Math.abs(time_ms - now_ms) > CLOCK_MS_MAX;
}

function outOfTime(time_ms: number, now_ms: number): string {
  const days = Math.round((time_ms - now_ms) / DAY_MS);
  return `${Math.abs(days)} days ${days < 0 ? 'old' : 'ahead'}: set the clock of the host`;
}
