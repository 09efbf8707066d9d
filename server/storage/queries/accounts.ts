// The account of rows within a range: how many agents have seen and sent, how many the tables hold, how many were lost and where, and the
// share that was not lost.
import { LOSSES, type Loss, OUTCOMES, type Outcome, type Stage } from '../../../agent/contract/outcome.ts';
import { KIND } from '../../../bpf/rows/rows.gen.ts';
import type { Account, Accounting, HostRange, Tiles } from '../../api.ts';
import { foundOf, reportedMinutes, storedMinutes } from '../accounting-refresh.ts';
import { quote } from '../columns.ts';
import type { Queryable } from '../engine.ts';
import { hostName } from '../entities.ts';
import { conditionOf, hostsOnly } from '../language/condition.ts';
import { pairs, published } from '../published.ts';
import { publishedMinutes } from '../published-minutes.ts';
import { countRows } from '../stored.ts';
import { type Cover, coverOf, minutesWithin, rowsWithin } from './cover.ts';
import { stepsWithin, type Times, timesOf, type Window } from './window.ts';

type Counted = Outcome | 'stored' | `found_${Loss}`;
type Figures = Omit<Account, 'kind'>;
type Sum = { counted: Counted; rows: number };

const LOSS_NAMES = Object.keys(LOSSES) as Loss[];
const FOUND = LOSS_NAMES.map(foundOf);

/** For longer spans, published hours are read where there are any. */
const MINUTES_SPAN_MAX_MS = 6 * 3_600_000;
const HOUR_S = 3600;

/** Kinds and outcomes that this version knows. Others, from other versions, are left out. */
const IN_NAMES = `kind IN (${KIND.map(quote).join(', ')}) AND counted IN (${[...OUTCOMES, 'stored', ...FOUND].map(quote).join(', ')})`;
const COUNTED = OUTCOMES.length + 1 + FOUND.length;
const sumOf = (names: readonly string[]) => `sumIf(rows, counted IN (${names.map(quote).join(', ')}))`;
/** Rows that were counted as lost, less those that were found after all. */
const missingOf = (names: readonly Loss[]) =>
  `toUInt64(greatest(0, toInt64(${sumOf(names)}) - toInt64(${sumOf(names.map((name) => foundOf(name)))})))`;
const MISSING = missingOf(LOSS_NAMES);
const STAGES = ['kernel', 'agent', 'collector'] as const satisfies readonly Stage[];
const lossesIn = (stage: Stage) => LOSS_NAMES.filter((name) => LOSSES[name] === stage);
/** Rows that agents have seen, and neither sent nor lost. */
const WAITING = `toUInt64(greatest(0, toInt64(sumIf(rows, counted = 'seen')) - toInt64(${sumOf(['sent', ...lossesIn('kernel'), ...lossesIn('agent')])})))`;
/** An expression over a host's sums; null if no row was seen or lost. */
const COMPLETENESS = 'if(greatest(seen, missing) > 0, (greatest(seen, missing) - missing) / greatest(seen, missing), NULL)';

/** The parts of a range that published hours answer, and the other minutes. */
async function coverOfAccounts(store: Queryable, { from_ms, to_ms }: Pick<Times, 'from_ms' | 'to_ms'>, step_s: number): Promise<Cover> {
  const [from_s, to_s] = [Math.floor(from_ms / 60_000) * 60, Math.ceil(to_ms / 1000)];
  const coarse = to_ms - from_ms > MINUTES_SPAN_MAX_MS && step_s >= HOUR_S;
  const [hours, minutes] = await Promise.all([coarse ? published(store, 'accounting', from_s, to_s) : [], publishedMinutes(store)]);
  return coverOf(from_s, to_s, { days: [], hours, minutes });
}

/**
 * Sums of rows by `keys` (name → expression over minute, host_id and kind) and outcome, over all minutes that the range touches.
 * @param of a condition over `host_id`, whose parameters the caller has; '' for all hosts
 * @param minutesOf the source of counts for minutes that no published hour covers
 */
function countedBy(keys: Readonly<Record<string, string>>, covered: Cover, of: string, minutesOf = countedMinutes): string {
  const { hours } = covered;
  const and = of === '' ? '' : ` AND ${of}`;
  const minutes = minutesOf(covered, and);
  const published =
    hours.length === 0 ? '' : `UNION ALL SELECT start, host_id, kind, counted, rows FROM accounting_1h WHERE ${pairs(hours)}${and}`;
  const columns = Object.entries(keys).map(([name, expression]) => `${expression} AS ${name}, `);
  const names = Object.keys(keys).map((name) => `${name}, `);
  return `SELECT ${columns.join('')}counted, sum(n) AS rows
FROM (SELECT minute, host_id, kind, counted, n FROM ${minutes} ${published})
WHERE ${IN_NAMES}
GROUP BY ${names.join('')}counted`;
}

/** Counts from reports, for minutes that no hour covers. @param and a further condition, which begins with AND */
const reportedOnly = ({ minutes, rest }: Cover, and: string) => `(${reportedMinutes(`(${minutesWithin([...minutes, ...rest])})${and}`)})`;

/** The same, with the rows in the tables: from `stored` where the minutes are built, and counted from rows elsewhere. */
function countedMinutes(covered: Cover, and: string): string {
  const made = covered.minutes.length === 0 ? '' : `UNION ALL ${storedMinutes(`(${minutesWithin(covered.minutes)})${and}`)}`;
  const rows = countRows(`(${rowsWithin(covered.rest)})${and}`);
  const counted =
    covered.rest.length === 0 ? '' : `UNION ALL SELECT minute, host_id, kind, 'stored' AS counted, c.rows AS n FROM (${rows}) AS c`;
  return `(${reportedOnly(covered, and)} ${made} ${counted})`;
}

/** An expression over a minute: the start of its step, s since the epoch. */
const stepOf = (step_s: number) => `toUInt32(intDiv(toUnixTimestamp(minute), ${step_s}) * ${step_s})`;

const ofHost = ({ host_id }: Pick<HostRange, 'host_id'>) => (host_id === undefined ? '' : 'host_id = {host_id:UInt64}');

function figuresOf(sums: readonly Sum[]): Figures {
  const counts: Partial<Record<Counted, number>> = Object.fromEntries(sums.map(({ counted, rows }) => [counted, rows]));
  const { seen = 0, sent = 0, stored = 0 } = counts;
  const missing = LOSS_NAMES.map((name) => [name, (counts[name] ?? 0) - (counts[foundOf(name)] ?? 0)] as const);
  const lost = Object.fromEntries(missing.filter(([, rows]) => rows > 0)) as Figures['lost'];
  const before = LOSS_NAMES.filter((name) => LOSSES[name] !== 'collector').reduce((sum, name) => sum + (counts[name] ?? 0), 0);
  // More may have been sent in the range than was seen in it: rows that were seen before it began.
  return { seen, sent, stored, queued: Math.max(0, seen - sent - before), lost };
}

/**
 * The share of rows that were not lost anywhere, 0–1. It follows from the counted losses and not from the rows that have arrived: rows in
 * the kernel's ring buffers and in the agent's spool are on their way, not lost. Null if no row was seen or lost.
 */
export function completenessOf(...accounts: readonly Pick<Figures, 'seen' | 'lost'>[]): number | null {
  const seen = accounts.reduce((sum, account) => sum + account.seen, 0);
  const missing = accounts.flatMap(({ lost }) => Object.values(lost)).reduce((sum, rows) => sum + rows, 0);
  const all = Math.max(seen, missing);
  return all > 0 ? (all - missing) / all : null;
}

/** Completeness over all kinds, for the hosts that the filter selects, and the kinds that have losses. Needs only the counts of reports. */
export async function completenessWithin(store: Queryable, window: Window): Promise<Pick<Tiles, 'completeness' | 'incomplete'>> {
  const covered = await coverOfAccounts(store, window, Number.POSITIVE_INFINITY);
  const ofHosts = conditionOf(hostsOnly(window.filter), 'namespace', 'rollup', window.params);
  const rows = await store.query<Sum & { kind: string }>(
    countedBy({ kind: 'kind' }, covered, ofHosts, reportedOnly),
    window.params.values,
    COUNTED * KIND.length,
  );
  const accounts = [...Map.groupBy(rows, ({ kind }) => kind)].map(([kind, sums]) => ({ kind, ...figuresOf(sums) }));
  const incomplete = accounts.flatMap((account) => {
    const completeness = completenessOf(account);
    if (completeness === null || completeness >= 1) return [];
    return [{ kind: account.kind, completeness, withheld: (account.lost['withheld'] ?? 0) / Math.max(1, account.seen) }];
  });
  return { completeness: completenessOf(...accounts), incomplete: incomplete.toSorted((a, b) => a.kind.localeCompare(b.kind)) };
}

/** By host_id: the host's accounts, one for each kind. */
export async function accountsByHost(
  store: Queryable,
  range: HostRange,
  hosts: readonly string[],
  now_ms: number,
): Promise<Map<string, Account[]>> {
  if (hosts.length === 0) return new Map();
  const covered = await coverOfAccounts(store, timesOf(range, now_ms), Number.POSITIVE_INFINITY);
  const counted = countedBy({ host_key: 'host_id', kind: 'kind' }, covered, 'host_id IN {hosts:Array(UInt64)}');
  const rows = await store.query<{ host: string; told: (Sum & { kind: string })[] }>(
    `SELECT toString(host_key) AS host, arraySort(groupArray(CAST((kind, counted, rows), 'Tuple(kind String, counted String, rows UInt64)'))) AS told
FROM (${counted}) GROUP BY host_key`,
    { hosts: hosts.map(BigInt) },
    hosts.length,
  );
  return new Map(
    rows.map(({ host, told }) => [host, [...Map.groupBy(told, ({ kind }) => kind)].map(([kind, sums]) => ({ kind, ...figuresOf(sums) }))]),
  );
}

type HostSums = { host_id: string; host: string; completeness: number | null; told: Sum[]; total: number };

/** A row for each host, the least complete first. */
const hostsSql = (
  counted: string,
) => `SELECT toString(host_key) AS host_id, ${hostName('host_key')} AS host, ${COMPLETENESS} AS completeness, told, count() OVER () AS total
FROM (
  SELECT host_key, groupArray(CAST((counted, rows), 'Tuple(counted String, rows UInt64)')) AS told,
    sumIf(rows, counted = 'seen') AS seen, ${MISSING} AS missing
  FROM (${counted}) GROUP BY host_key
)
ORDER BY completeness ASC NULLS LAST, host, host_key
LIMIT {limit:UInt32}`;

/** The account in steps of whole minutes, over all hosts or one, and the account of each host over the whole range, the worst first. */
export async function accounting(store: Queryable, range: HostRange, limit: number, now_ms: number): Promise<Accounting> {
  const window = timesOf(range, now_ms);
  const { from_ms, to_ms } = window;
  const params = { host_id: range.host_id };
  const step_s = Math.max(60, window.step_s);
  const [covered, whole] = await Promise.all([
    coverOfAccounts(store, window, step_s),
    coverOfAccounts(store, window, Number.POSITIVE_INFINITY),
  ]);
  const [steps, hosts] = await Promise.all([
    store.query<Sum & { time_s: number }>(
      `${countedBy({ time_s: stepOf(step_s) }, covered, ofHost(range))} ORDER BY time_s`,
      params,
      // One more than the steps of the range: its first minute may be in the step before it.
      (stepsWithin({ from_ms, to_ms, step_s }) + 1) * COUNTED,
    ),
    store.query<HostSums>(hostsSql(countedBy({ host_key: 'host_id' }, whole, ofHost(range))), { ...params, limit }, limit),
  ]);
  const bySteps = [...Map.groupBy(steps, ({ time_s }) => time_s)].map(([time_s, sums]) => ({ time_s, ...figuresOf(sums) }));
  return {
    from_ms,
    to_ms,
    step_s,
    steps: bySteps.map((figures) => ({ completeness: completenessOf(figures), ...figures })),
    hosts: hosts.map(({ host_id, host, completeness, told }) => ({ host_id, host, completeness, ...figuresOf(told) })),
    total: hosts[0]?.total ?? 0,
  };
}

/**
 * A table expression with the counts of each host, or of the range's host: `host_key`, `seen`, `sent`, `missing` (lost rows, and by place
 * as `kernel`, `agent`, `collector`), and `waiting`. From reports only.
 */
export async function lossesByHost(store: Queryable, range: HostRange, now_ms: number): Promise<string> {
  const covered = await coverOfAccounts(store, timesOf(range, now_ms), Number.POSITIVE_INFINITY);
  return `(SELECT host_key, sumIf(rows, counted = 'seen') AS seen, sumIf(rows, counted = 'sent') AS sent, ${MISSING} AS missing,
  ${STAGES.map((stage) => `${missingOf(lossesIn(stage))} AS ${stage}`).join(', ')}, ${WAITING} AS waiting
FROM (${countedBy({ host_key: 'host_id' }, covered, ofHost(range), reportedOnly)}) GROUP BY host_key)`;
}

type Step = Sum & { time_s: number; kind: string };

/** The account of one host by kind: in steps of whole minutes, and over the whole range. */
export async function accountOfHost(
  store: Queryable,
  range: HostRange & { host_id: string },
  now_ms: number,
): Promise<Omit<Times, 'span_ms'> & { steps: (Account & { time_s: number })[]; accounts: Account[] }> {
  const window = timesOf(range, now_ms);
  const { from_ms, to_ms } = window;
  const params = { host_id: range.host_id };
  const step_s = Math.max(60, window.step_s);
  const covered = await coverOfAccounts(store, window, step_s);
  const most = (stepsWithin({ from_ms, to_ms, step_s }) + 1) * COUNTED * KIND.length;
  const [sums, accounts] = await Promise.all([
    store.query<Step>(
      `${countedBy({ time_s: stepOf(step_s), kind: 'kind' }, covered, ofHost(range), reportedOnly)} ORDER BY time_s, kind LIMIT ${most}`,
      params,
      most,
    ),
    accountsByHost(store, range, [range.host_id], now_ms),
  ]);
  const steps = [...Map.groupBy(sums, ({ time_s, kind }) => `${time_s} ${kind}`).values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : [{ time_s: first.time_s, kind: first.kind, ...figuresOf([first, ...others]) }],
  );
  return { from_ms, to_ms, step_s, steps, accounts: accounts.get(range.host_id) ?? [] };
}
