// Messages of `tcplens admin` to a running collector: tables, retention, migrations, snapshots.
import { type Static, Type } from 'typebox';
import { RETENTION_CLASSES } from '../storage/retention-classes.ts';
import { Count, Ms, object, oneOf } from './schema.ts';

export const ADMIN_API = {
  migrations: '/api/v1/admin/migrations',
  retention: '/api/v1/admin/retention',
  link: '/api/v1/admin/link',
  snapshot: '/api/v1/admin/snapshot',
  enrolments: '/api/v1/admin/enrolments',
  enrolment: '/api/v1/admin/enrolments/:id',
  collectors: '/api/v1/admin/collectors',
  collector: '/api/v1/admin/collectors/:id',
  agents: '/api/v1/admin/agents',
  agent: '/api/v1/admin/agents/:host_id',
  revoke: '/api/v1/admin/agents/:host_id/revoke',
  users: '/api/v1/admin/users',
  user: '/api/v1/admin/users/:name',
  tokens: '/api/v1/admin/tokens',
  token: '/api/v1/admin/tokens/:id',
  sessions: '/api/v1/admin/sessions',
  session: '/api/v1/admin/sessions/:id',
  audit: '/api/v1/admin/audit',
  settings: '/api/v1/admin/settings',
  settingsRollback: '/api/v1/admin/settings/rollback',
  hostSettings: '/api/v1/admin/settings/hosts/:host_id',
} as const;

export const Link = object({
  path: Type.String({ description: 'opened once in a browser, within 15 minutes, it makes that the owner’s' }),
});
export type Link = Static<typeof Link>;

const Days = Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], { description: 'null: without an end' });

export const Migrations = object({
  migrations: Type.Array(
    object({
      number: Count,
      name: Type.String(),
      checksum: Type.String(),
      applied_at_ms: Type.Union([Ms, Type.Null()]),
      state: oneOf(['applied', 'pending', 'changed', 'unknown']),
    }),
  ),
});
export type Migrations = Static<typeof Migrations>;

/** Groups of tables that share one retention, in days. `system_logs` are the ClickHouse server's own logs, no tables of tcplens. */
export const CLASSES = [...RETENTION_CLASSES, 'system_logs'] as const;

export const Retention = object({
  tables: Type.Array(
    object({
      table: Type.String(),
      class: oneOf([...RETENTION_CLASSES, '']),
      rows: Count,
      bytes: Type.Integer({ minimum: 0, description: 'on disk, compressed' }),
      oldest: Type.String({ description: 'partition: a day, of hours and days a month or a year; empty without any' }),
      days: Days,
    }),
    { description: 'the largest first' },
  ),
  system_logs: Type.Array(object({ table: Type.String(), bytes: Count, days: Days }), {
    description: 'logs that a ClickHouse server keeps of itself',
  }),
  dropped: Type.Array(object({ at_ms: Ms, day: Type.String(), rows: Count, bytes: Count, limit_bytes: Count }), {
    description: 'the newest days that were dropped because the tables were too large',
  }),
});
export type Retention = Static<typeof Retention>;

export const Snapshot = object({ taken_at_ms: Ms }, 'it lies in the folder snapshot of the data directory, until it is removed');
export type Snapshot = Static<typeof Snapshot>;

export const RetentionChange = object({ class: oneOf(CLASSES), days: Type.Integer({ minimum: 1, maximum: 36_500 }) });
export type RetentionChange = Static<typeof RetentionChange>;
