// The state of the collector and its store, and each known problem in plain words.
import { type Static, Type } from 'typebox';
import { Count, Figure, Id, Ms, object, oneOf } from './schema.ts';

const Name = Type.String();
const Seconds = Type.Number({ minimum: 0 });

export const SEVERITIES = ['info', 'warning', 'critical'] as const;

/** All problems that health can report, in the order in which they are listed. */
export const FINDINGS = [
  'plain_http',
  'certificate_ending',
  'certificate_unusable',
  'agent_certificates_ending',
  'store_away',
  'store_refuses',
  'store_damaged',
  'log_failing',
  'log_filling',
  'disk_filling',
  'replica_readonly',
  'replication_behind',
  'too_many_parts',
  'merges_behind',
  'mutation_stuck',
  'inserts_slow',
  'dictionary_failed',
  'engine_errors',
  'dead_letters',
  'quarantine',
  'hosts_flooding',
  'clock_skew',
  'hosts_silent',
  'hosts_losing',
  'retention_dropped',
] as const;

export const Finding = object({
  code: oneOf(FINDINGS),
  severity: oneOf(SEVERITIES),
  sentence: Type.String({ description: 'what is wrong' }),
  advice: Type.String({ description: 'what to do' }),
});

export const StoreFigures = object({
  parts: Type.Array(object({ table: Name, partition: Name, parts: Count, rows: Count, bytes: Count }), {
    description: 'partitions of most active parts',
  }),
  parts_delay: Type.Integer({ description: 'active parts of a partition from which on the engine slows inserts down' }),
  parts_refuse: Type.Integer({ description: 'from which on it refuses them' }),
  bytes: Type.Integer({ description: 'of the tables of this database' }),
  merges: Type.Array(object({ table: Name, elapsed_s: Seconds, progress: Type.Number(), bytes: Count })),
  mutations: Type.Array(object({ table: Name, mutation: Name, age_s: Seconds, parts_to_do: Count, reason: Name })),
  disks: Type.Array(object({ disk: Name, free_bytes: Count, total_bytes: Count })),
  replicas: Type.Array(object({ table: Name, readonly: Type.Boolean(), queue: Count, delay_s: Count }), {
    description: 'replicated tables; none on a single server',
  }),
  dictionaries: Type.Array(object({ dictionary: Name, status: Name, reason: Name })),
  errors: Type.Array(object({ error: Name, count: Count, last_ms: Ms, message: Name }), {
    description: 'those of the engine that came up since the collector started, counted since the engine did; the newest first',
  }),
});

export const StoreDamage = object(
  {
    lost_tables: Type.Array(object({ table: Name, noticed_ms: Ms }), { description: 'were there before, and had to be made anew, empty' }),
    broken_parts: Type.Array(object({ table: Name, part: Name, reason: Name }), { description: 'that the engine has put aside' }),
    missing_rows: Type.Array(object({ day: Name, kind: Name, stored: Count, held: Count }), {
      description: 'days of which the accounts know more rows than their table holds',
    }),
  },
  'what the files of the embedded engine have lost, as they were last looked at',
);

export const HealthFigures = object({
  at_ms: Ms,
  store: Type.Union([StoreFigures, Type.Null()], { description: 'null while the store does not answer' }),
  damage: StoreDamage,
  store_reason: Type.String({ description: 'why it does not; else empty' }),
  away_since_ms: Type.Union([Ms, Type.Null()], { description: 'null while it answers, and while it is opened for the first time' }),
  port: object({
    plain: Type.Boolean({ description: 'plain HTTP beyond loopback' }),
    certificate_ends_ms: Type.Union([Ms, Type.Null()], { description: 'null without TLS' }),
    certificate_trouble: Type.String({ description: 'why a newer certificate is not used; else empty' }),
  }),
  agent_certificates: Type.Array(object({ name: Name, ends_ms: Ms }), {
    description: 'of agents, of --agent-client-ca, that end within 14 days or have ended since so long, the first to end first',
  }),
  log: object({ bytes: Count, bytes_max: Count, segments: Count, behind_s: Seconds, failure: Name }),
  inserts: object(
    {
      inserts: Count,
      rows: Count,
      seconds: Seconds,
      rows_per_s: Type.Number(),
      rows_per_insert: Type.Number(),
      slowest: Type.Array(object({ kind: Name, rows: Count, seconds: Seconds, at_ms: Ms })),
      failed: Count,
      last_failure: Name,
    },
    'of the last ten minutes',
  ),
  free_bytes_per_s: Figure(
    'by how much the fullest disk has changed, below 0 while it fills; null until it has been watched for long enough',
  ),
  quarantine: object({ files: Count, rows: Count, bytes: Count }),
  dead_letters: object({ files: Count, rows: Count, bytes: Count }),
  clocks: Type.Array(object({ host_id: Id, name: Name, ahead_ms: Type.Integer() }), {
    description: 'hosts whose clock is off by seconds or more',
  }),
  hosts: Type.Array(object({ host_id: Id, name: Name, lag_ms: Type.Number(), seen: Count, lost: Count }), {
    description: 'hosts that have not reported for minutes, or have lost rows within the hour',
  }),
  floods: Type.Array(object({ name: Name, requests: Count }), {
    description: 'hosts that asked more often than they may within ten minutes, and how many of their requests were refused',
  }),
  hosts_known: Count,
  dropped: Type.Array(object({ at_ms: Ms, day: Name, rows: Count, bytes: Count, limit_bytes: Count }), {
    description: 'what the limit by size has dropped within the day',
  }),
});

export const Health = object({
  findings: Type.Array(Finding, { description: 'the most severe first; empty: no known trouble' }),
  figures: HealthFigures,
});
export type Health = Static<typeof Health>;
export type HealthFigures = Static<typeof HealthFigures>;
export type StoreDamage = Static<typeof StoreDamage>;
export type StoreFigures = Static<typeof StoreFigures>;
export type Finding = Static<typeof Finding>;
export type FindingCode = Finding['code'];
