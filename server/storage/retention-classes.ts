// The classes of tables that are kept for some days, and the columns by which they age.
import { KIND } from '../../bpf/rows/rows.gen.ts';

/** `moment`: the expression for the time from which a TTL counts. */
type Aging = { tables: readonly string[]; moment: string };

/** All tables that grow. `daily`: their partitions are days, of which the limit of size drops the oldest. */
export const RETENTION = {
  rows: { tables: KIND, moment: 'toDateTime(time_ns)', daily: true, what: 'rows as the kernel wrote them' },
  rollup_1m: { tables: ['rollup_1m'], moment: 'minute', daily: true, what: 'minutes' },
  rollup_1h: { tables: ['rollup_1h'], moment: 'start', daily: false, what: 'hours' },
  rollup_1d: { tables: ['rollup_1d'], moment: 'start', daily: false, what: 'days' },
  map_1h: { tables: ['map_1h'], moment: 'start', daily: false, what: 'hours of the map' },
  accounting: { tables: ['accounting', 'stored'], moment: 'minute', daily: true, what: 'what became of rows' },
  lost: { tables: ['lost'], moment: 'minute', daily: false, what: 'rows that collectors lost, batch by batch' },
  accounting_1h: { tables: ['accounting_1h'], moment: 'start', daily: false, what: 'what became of rows, in hours' },
  reports: { tables: ['report'], moment: 'toDateTime(at)', daily: true, what: 'when agents were there' },
  reports_1h: { tables: ['report_1h'], moment: 'hour', daily: false, what: 'when agents were there, in hours' },
  audit: { tables: ['audit'], moment: 'toDateTime(at)', daily: false, what: 'who did what' },
  entities: { tables: ['host', 'run', 'process', 'cgroup', 'netns'], moment: 'toDateTime(at)', daily: false, what: 'names' },
} as const satisfies Record<string, Aging & { daily: boolean; what: string }>;

/** Limit of days that a table of rows can have: the collector refuses older rows. */
export const ROW_DAYS_MAX = 4000;
/** The longest retention, in days: a hundred years. No list of days is longer. */
export const DAYS_MAX = 36_500;

/** Limit of tables in a list: other programs may have tables in the same database. */
export const TABLES_MAX = 500;

export type RetentionClass = keyof typeof RETENTION;
export const RETENTION_CLASSES = Object.keys(RETENTION) as RetentionClass[];

const CLASS_OF = new Map<string, RetentionClass>(
  RETENTION_CLASSES.flatMap((name) => RETENTION[name].tables.map((table) => [table, name] as const)),
);

/** On a cluster the rows of a sharded table are in its `_local` table. */
export const plainTable = (table: string) => table.replace(/_local$/, '');

/** The class of a table; undefined for tables of others, and for tables that do not grow. */
export const classOf = (table: string): RetentionClass | undefined => CLASS_OF.get(plainTable(table));

/** The tables of these classes, with and without a cluster, as a list in SQL. */
export const tablesInSql = (classes: readonly RetentionClass[]) =>
  `(${classes.flatMap((name) => RETENTION[name].tables.flatMap((table) => [`'${table}'`, `'${table}_local'`])).join(', ')})`;
