// The store's state on /metrics, from the last look of HealthWatch.
import type { Attributes } from '@opentelemetry/api';
import { FINDINGS, type HealthFigures, SEVERITIES, type StoreFigures } from '../api/health.ts';
import type { Metrics } from '../metrics.ts';
import { findingsOf } from './findings.ts';
import type { HealthWatch } from './watch.ts';

type Observed = [value: number, attributes: Attributes][];
type Gauge = { name: string; unit: string; description: string; observe: (figures: HealthFigures) => Observed };

const ofStore =
  (observe: (store: StoreFigures) => Observed) =>
  ({ store }: HealthFigures): Observed =>
    store ? observe(store) : [];

const GAUGES: readonly Gauge[] = [
  {
    name: 'tls.certificate.remaining',
    unit: 's',
    description: 'time until the certificate ends',
    observe: ({ at_ms, port: { certificate_ends_ms } }) =>
      certificate_ends_ms === null ? [] : [[(certificate_ends_ms - at_ms) / 1000, {}]],
  },
  { name: 'store.up', unit: '1', description: 'whether the store answers', observe: ({ store }) => [[store ? 1 : 0, {}]] },
  {
    name: 'store.parts',
    unit: '{part}',
    description: 'active parts of the partition that has most, by table',
    observe: ofStore(({ parts }) =>
      [...Map.groupBy(parts, ({ table }) => table)].map(([table, some]) => [Math.max(...some.map((one) => one.parts)), { table }]),
    ),
  },
  { name: 'store.size', unit: 'By', description: 'bytes of the tables on disk', observe: ofStore(({ bytes }) => [[bytes, {}]]) },
  { name: 'store.merges', unit: '{merge}', description: 'merges that run', observe: ofStore(({ merges }) => [[merges.length, {}]]) },
  {
    name: 'store.merges.size',
    unit: 'By',
    description: 'bytes that running merges read',
    observe: ofStore(({ merges }) => [[merges.reduce((sum, { bytes }) => sum + bytes, 0), {}]]),
  },
  {
    name: 'store.mutations',
    unit: '{mutation}',
    description: 'changes of tables that are not done',
    observe: ofStore(({ mutations }) => [[mutations.length, {}]]),
  },
  {
    name: 'store.disk.free',
    unit: 'By',
    description: 'free bytes, by disk',
    observe: ofStore(({ disks }) => disks.map(({ disk, free_bytes }) => [free_bytes, { disk }])),
  },
  {
    name: 'store.disk.limit',
    unit: 'By',
    description: 'bytes in all, by disk',
    observe: ofStore(({ disks }) => disks.map(({ disk, total_bytes }) => [total_bytes, { disk }])),
  },
  {
    name: 'store.replica.readonly',
    unit: '{table}',
    description: 'replicated tables that take no inserts',
    observe: ofStore(({ replicas }) => [[replicas.filter(({ readonly }) => readonly).length, {}]]),
  },
  {
    name: 'store.replica.queue',
    unit: '{entry}',
    description: 'what replicas have yet to do, by table',
    observe: ofStore(({ replicas }) => replicas.map(({ table, queue }) => [queue, { table }])),
  },
  {
    name: 'store.errors',
    unit: '{error}',
    description: 'errors of the engine that came up since the collector started, by their name',
    observe: ofStore(({ errors }) => errors.map(({ error, count }) => [count, { error }])),
  },
  {
    name: 'insert.group_size',
    unit: '{row}',
    description: 'mean rows of an insert, over ten minutes',
    observe: ({ inserts }) => [[inserts.rows_per_insert, {}]],
  },
  {
    name: 'insert.duration.max',
    unit: 's',
    description: 'the slowest insert of ten minutes',
    observe: ({ inserts }) => [[inserts.slowest[0]?.seconds ?? 0, {}]],
  },
  { name: 'quarantine.rows', unit: '{row}', description: 'rows in quarantine files', observe: ({ quarantine }) => [[quarantine.rows, {}]] },
  {
    name: 'dead_letters.rows',
    unit: '{row}',
    description: 'rows in dead letters',
    observe: ({ dead_letters }) => [[dead_letters.rows, {}]],
  },
  {
    name: 'health.findings',
    unit: '{finding}',
    description: 'known troubles, by code: 0 none, 1 info, 2 warning, 3 critical',
    observe: (figures) => {
      const found = new Map(findingsOf(figures).map(({ code, severity }) => [code, SEVERITIES.indexOf(severity) + 1]));
      return FINDINGS.map((code) => [found.get(code) ?? 0, { code }]);
    },
  },
];

export function registerGauges(metrics: Pick<Metrics, 'gauge'>, watch: Pick<HealthWatch, 'last'>): void {
  for (const { name, unit, description, observe } of GAUGES) {
    metrics.gauge(name, unit, description, () => (watch.last ? observe(watch.last) : []));
  }
}
