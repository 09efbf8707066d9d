// What became of rows within a range: what agents saw and sent, what the tables hold, what was lost where, and its share.
import { LOSSES, type Loss, type Outcome } from '../../../agent/outcome.ts';
import type { Account, Accounting, Range } from '../../api.ts';
import { countedMinutes, toldMinutes } from '../accounting-refresh.ts';
import { hostName } from '../entities.ts';
import { pairs, published } from '../published.ts';
import type { Store } from '../store.ts';
import { type Cover, coverOf, minutesWithin } from './cover.ts';
import { type Window, windowOf } from './window.ts';

type Counted = Outcome | 'stored';
type Figures = Omit<Account, 'kind'>;
type Key = Record<string, string | number>;

const LOSS_NAMES = Object.keys(LOSSES) as Loss[];

/** Above it hours tell what has ended. */
const MINUTES_SPAN_MAX_MS = 6 * 3_600_000;
const HOUR_S = 3600;

/** Of an account's range: the hours that are published, and the minutes that are left. */
async function coverOfAccounts(store: Store, { from_ms, to_ms }: Window, step_s: number): Promise<Cover> {
  const [from_s, to_s] = [Math.floor(from_ms / 60_000) * 60, Math.ceil(to_ms / 1000)];
  const coarse = to_ms - from_ms > MINUTES_SPAN_MAX_MS && step_s >= HOUR_S;
  return coverOf(from_s, to_s, [], coarse ? await published(store, 'accounting', from_s, to_s) : []);
}

/**
 * Rows by `keys` (name → expression over minute, host_id and kind) and what became of them, of the minutes that a range touches.
 * @param minutesOf what is asked for, of minutes; published hours have all of it
 */
function countedBy(
  keys: Readonly<Record<string, string>>,
  { hours, rest }: Cover,
  { host_id }: Pick<Range, 'host_id'>,
  minutesOf = countedMinutes,
): string {
  const and = host_id === undefined ? '' : ' AND host_id = {host_id:UInt64}';
  const minutes = minutesOf(`(${minutesWithin(rest)})${and}`);
  const published =
    hours.length === 0 ? '' : `UNION ALL SELECT start, host_id, kind, counted, rows FROM accounting_1h WHERE ${pairs(hours)}${and}`;
  const columns = Object.entries(keys).map(([name, expression]) => `${expression} AS ${name}, `);
  const names = Object.keys(keys).map((name) => `${name}, `);
  return `SELECT ${columns.join('')}counted, sum(n) AS rows
FROM (SELECT minute, host_id, kind, counted, n FROM ${minutes} ${published})
GROUP BY ${names.join('')}counted`;
}

/** One account a key, as the store gives its figures. */
function gather<Row extends Key & { counted: Counted; rows: number }>(
  rows: readonly Row[],
  keyOf: (row: Row) => string,
): Map<string, Figures> {
  return new Map(
    [...Map.groupBy(rows, keyOf)].map(([key, counts]) => [
      key,
      figuresOf(Object.fromEntries(counts.map(({ counted, rows }) => [counted, rows]))),
    ]),
  );
}

function figuresOf(counts: Partial<Record<Counted, number>>): Figures {
  const { seen = 0, sent = 0, stored = 0 } = counts;
  const lost = Object.fromEntries(LOSS_NAMES.flatMap((name) => (counts[name] ? [[name, counts[name]]] : []))) as Figures['lost'];
  const before = LOSS_NAMES.filter((name) => LOSSES[name] !== 'collector').reduce((sum, name) => sum + (counts[name] ?? 0), 0);
  // What is sent now may have been seen before the range began.
  return { seen, sent, stored, queued: Math.max(0, seen - sent - before), lost };
}

/**
 * The share of rows that was not lost anywhere, 0–1. By the named losses, not by what has arrived: rows in the kernel's rings
 * and in the agent's spool are under way, not missing. Null where no row was seen and none lost.
 */
export function completenessOf(...accounts: readonly Pick<Figures, 'seen' | 'lost'>[]): number | null {
  const seen = accounts.reduce((sum, account) => sum + account.seen, 0);
  const missing = accounts.flatMap(({ lost }) => Object.values(lost)).reduce((sum, rows) => sum + rows, 0);
  const all = Math.max(seen, missing);
  return all > 0 ? (all - missing) / all : null;
}

/** The share that was not lost of all kinds, of one host or of all hosts: what was told is enough. */
export async function completenessWithin(store: Store, range: Range, now_ms: number): Promise<number | null> {
  const window = windowOf(range, now_ms);
  const covered = await coverOfAccounts(store, window, Number.POSITIVE_INFINITY);
  const told = countedBy({}, covered, range, (where) => `(${toldMinutes(where)})`);
  const rows = await store.query<Key & { counted: Counted; rows: number }>(told, { host_id: range.host_id });
  return completenessOf(gather(rows, () => '').get('') ?? figuresOf({}));
}

type KindRow = { host: string; kind: string; counted: Counted; rows: number };

/** host_id → an account a kind. */
export async function accountsByHost(store: Store, range: Range, now_ms: number): Promise<Map<string, Account[]>> {
  const window = windowOf(range, now_ms);
  const covered = await coverOfAccounts(store, window, Number.POSITIVE_INFINITY);
  const rows = await store.query<KindRow>(`${countedBy({ host: 'toString(host_id)', kind: 'kind' }, covered, range)} ORDER BY kind`, {
    host_id: range.host_id,
  });
  const hosts = Map.groupBy(rows, ({ host }) => host);
  return new Map(
    [...hosts].map(([host, own]) => [host, [...gather(own, ({ kind }) => kind)].map(([kind, figures]) => ({ kind, ...figures }))]),
  );
}

/** The account in steps of whole minutes, over all hosts or one, and each host's of the whole range, the worst first. */
export async function accounting(store: Store, range: Range, limit: number, now_ms: number): Promise<Accounting> {
  const window = windowOf(range, now_ms);
  const { from_ms, to_ms, params } = window;
  const step_s = Math.max(60, window.step_s);
  const [covered, whole] = await Promise.all([
    coverOfAccounts(store, window, step_s),
    coverOfAccounts(store, window, Number.POSITIVE_INFINITY),
  ]);
  const step = `toUInt32(intDiv(toUnixTimestamp(minute), ${step_s}) * ${step_s})`;
  const [steps, hosts] = await Promise.all([
    store.query<{ time_s: number; counted: Counted; rows: number }>(
      `${countedBy({ time_s: step }, covered, range)} ORDER BY time_s`,
      params,
    ),
    store.query<{ host_key: string; host: string; counted: Counted; rows: number }>(
      countedBy({ host_key: 'toString(host_id)', host: hostName('host_id') }, whole, range),
      params,
    ),
  ]);
  const bySteps = [...gather(steps, ({ time_s }) => String(time_s))];
  const names = new Map(hosts.map(({ host_key, host }) => [host_key, host]));
  const byHost = [...gather(hosts, ({ host_key }) => host_key)].map(([host_id, figures]) => ({
    host_id,
    host: names.get(host_id) ?? host_id,
    completeness: completenessOf(figures),
    ...figures,
  }));
  byHost.sort((a, b) => (a.completeness ?? 2) - (b.completeness ?? 2) || a.host.localeCompare(b.host));
  return {
    from_ms,
    to_ms,
    step_s,
    steps: bySteps.map(([time_s, figures]) => ({ time_s: Number(time_s), completeness: completenessOf(figures), ...figures })),
    hosts: byHost.slice(0, limit),
    total: byHost.length,
  };
}
