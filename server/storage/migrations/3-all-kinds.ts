// What resets, drops, listeners and namespaces add: their figures in the rollup, rows withheld in accounts, and the pod of a
// cgroup. What was stored before has 0, or nothing, in the new columns.
import type { Figure, FigureKind } from '../figures.ts';
import type { Migration } from '../migrations.ts';
import { createView, rollupFigure } from '../rollup.ts';

const FIGURES: readonly Figure[] = [
  'unattributed',
  'spurious',
  'undos',
  'resets_sent',
  'resets_received',
  'dropped',
  'accepted',
  'listener_drops',
  'listener_rows',
  'listen_overflows',
  'zero_windows',
  'host_retrans',
  'host_unattributed',
  'namespace_rows',
];
const KINDS: readonly FigureKind[] = ['retransmit', 'connection', 'sample', 'reset', 'drop', 'listener', 'namespace'];

const addColumn = (table: string, definition: string) => `ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS ${definition}`;
const withheld = 'withheld UInt64 CODEC(T64, ZSTD(1)) AFTER ring_lost';

export const ALL_KINDS: Migration = {
  number: 3,
  name: 'all_kinds',
  statements: [
    addColumn('cgroup', 'pod_uid String AFTER container_id'),
    addColumn('account', withheld),
    addColumn('account_history', withheld),
    // A view keeps the columns that `*` stood for when it was made. Made anew and not altered: after MODIFY QUERY the engine
    // forgets, at its next start, the tokens of what the view has already taken.
    'DROP VIEW IF EXISTS account_from_history SYNC',
    'CREATE MATERIALIZED VIEW IF NOT EXISTS account_from_history TO account AS SELECT * FROM account_history',
    ...FIGURES.map((name) => addColumn('rollup_1m', rollupFigure(name))),
    ...KINDS.flatMap((kind) => [`DROP VIEW IF EXISTS rollup_1m_from_${kind} SYNC`, createView(kind)]),
  ],
};
