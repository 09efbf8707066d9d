// The classes of tables that are kept for some days, and the columns by which they age.
import { KIND } from '../../bpf/rows/rows.gen.ts';

type Aging = { tables: readonly string[] /** the moment that a TTL counts from, by table where they differ */; moment: string };

/** All tables of tcplens that grow. `daily`: their partitions are days, and the limit of size drops the oldest ones. */
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

/** The most days of which a table of rows holds rows: the door refuses older ones. */
export const ROW_DAYS_MAX = 4000;
/** The most days that a table can be kept: a hundred years. No list of days is longer. */
export const DAYS_MAX = 36_500;

/** The most tables that are read from a database, which others may share. */
export const TABLES_MAX = 500;

export type RetentionClass = keyof typeof RETENTION;
export const RETENTION_CLASSES = Object.keys(RETENTION) as RetentionClass[];

const CLASS_OF = new Map<string, RetentionClass>(
  RETENTION_CLASSES.flatMap((name) => RETENTION[name].tables.map((table) => [table, name] as const)),
);

/** On a cluster the rows of a sharded table are in its `_local` table. */
export const plainTable = (table: string) => table.replace(/_local$/, '');

/** The class of a table; undefined where it is not of tcplens, or too small to age. */
export const classOf = (table: string): RetentionClass | undefined => CLASS_OF.get(plainTable(table));

/** The tables of these classes, with and without a cluster, as a list in SQL. */
export const tablesInSql = (classes: readonly RetentionClass[]) =>
  `(${classes.flatMap((name) => RETENTION[name].tables.flatMap((table) => [`'${table}'`, `'${table}_local'`])).join(', ')})`;
