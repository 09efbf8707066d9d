// Figures in, sentences out: each trouble alone, and none where all is well.
import { describe, expect, test } from 'vitest';
import { FINDINGS, type FindingCode, type HealthFigures, type StoreFigures } from '../../../server/api/health.ts';
import { findingsOf } from '../../../server/health/findings.ts';

const NOW_MS = 1_800_000_000_000;
const GIB = 1024 ** 3;

const store: StoreFigures = {
  parts: [{ table: 'sample', partition: '2026-11-23', parts: 12, rows: 1000, bytes: 20_000 }],
  parts_delay: 1000,
  parts_refuse: 3000,
  bytes: 5 * GIB,
  merges: [{ table: 'sample', elapsed_s: 20, progress: 0.5, bytes: GIB }],
  mutations: [{ table: 'sample', mutation: 'mutation_5.txt', age_s: 3, parts_to_do: 1, reason: '' }],
  disks: [{ disk: 'default', free_bytes: 500 * GIB, total_bytes: 1000 * GIB }],
  replicas: [{ table: 'sample', readonly: false, queue: 2, delay_s: 1 }],
  dictionaries: [{ dictionary: 'host_name', status: 'LOADED', reason: '' }],
  errors: [{ error: 'TYPE_MISMATCH', count: 9, last_ms: NOW_MS, message: 'met and got over' }],
};
const well: HealthFigures = {
  at_ms: NOW_MS,
  store,
  damage: { lost_tables: [], broken_parts: [], missing_rows: [] },
  store_reason: '',
  away_since_ms: null,
  log: { bytes: 1e6, bytes_max: 2 * GIB, segments: 2, behind_s: 1, failure: '' },
  inserts: {
    inserts: 900,
    rows: 1e6,
    seconds: 30,
    rows_per_s: 1700,
    rows_per_insert: 1100,
    slowest: [{ kind: 'sample', rows: 9000, seconds: 0.4, at_ms: NOW_MS - 1000 }],
    failed: 0,
    last_failure: '',
  },
  free_bytes_per_s: -1000,
  quarantine: { files: 0, rows: 0, bytes: 0 },
  dead_letters: { files: 0, rows: 0, bytes: 0 },
  clocks: [{ host_id: '1', name: 'web-1', ahead_ms: 8000 }],
  hosts: [],
  hosts_known: 4,
  floods: [],
  agent_certificates: [],
  port: { plain: false, certificate_ends_ms: null, certificate_trouble: '' },
  dropped: [],
};
const withStore = (changes: Partial<StoreFigures>): Partial<HealthFigures> => ({ store: { ...store, ...changes } });
const host = (name: string, lag_ms: number, lost: number) => ({ host_id: '1', name, lag_ms, seen: 1000, lost });

type Case = { code: FindingCode; changes: Partial<HealthFigures>; severity: string; says: string };
const cases: Case[] = [
  { code: 'plain_http', changes: { port: { ...well.port, plain: true } }, severity: 'critical', says: 'without TLS (--insecure)' },
  {
    code: 'certificate_ending',
    changes: { port: { ...well.port, certificate_ends_ms: NOW_MS + 13 * 86_400_000 } },
    severity: 'warning',
    says: 'The certificate ends in 13 days.',
  },
  {
    code: 'certificate_ending',
    changes: { port: { ...well.port, certificate_ends_ms: NOW_MS - 3 * 86_400_000 } },
    severity: 'critical',
    says: 'The certificate ended 3 days ago: nobody connects any more.',
  },
  {
    code: 'agent_certificates_ending',
    changes: { agent_certificates: ['web-1', 'web-2'].map((name, at) => ({ name, ends_ms: NOW_MS + (9 + at) * 86_400_000 })) },
    severity: 'warning',
    says: '2 hosts have a certificate that ends within 14 days, or has ended: web-1 in 9 days, web-2 in 10 days.',
  },
  {
    code: 'agent_certificates_ending',
    changes: { agent_certificates: [{ name: 'web-1', ends_ms: NOW_MS - 3 * 86_400_000 }] },
    severity: 'critical',
    says: '1 host has a certificate that ends within 14 days, or has ended: web-1 3 days ago.',
  },
  {
    code: 'hosts_flooding',
    changes: { floods: [{ name: 'web-1', requests: 900 }] },
    severity: 'warning',
    says: '1 host asked more often than a host may within ten minutes, and had to wait: web-1.',
  },
  {
    code: 'certificate_unusable',
    changes: { port: { ...well.port, certificate_trouble: 'no start line' } },
    severity: 'warning',
    says: 'The newest certificate is not used: no start line',
  },
  {
    code: 'store_away',
    changes: { store: null, store_reason: 'connect ECONNREFUSED', away_since_ms: NOW_MS - 300_000 },
    severity: 'critical',
    says: 'The store has not answered for 5 minutes: connect ECONNREFUSED',
  },
  {
    code: 'store_refuses',
    changes: { inserts: { ...well.inserts, failed: 3, last_failure: 'Memory limit exceeded' } },
    severity: 'warning',
    says: '3 inserts failed within ten minutes, the last one: Memory limit exceeded',
  },
  {
    code: 'store_refuses',
    changes: { inserts: { ...well.inserts, inserts: 0, failed: 1, last_failure: 'Too many parts' } },
    severity: 'critical',
    says: '1 insert failed',
  },
  {
    code: 'store_damaged',
    changes: {
      damage: {
        lost_tables: [{ table: 'sample', noticed_ms: NOW_MS }],
        broken_parts: ['1', '2', '3', '4'].map((part) => ({ table: 'drop', part, reason: 'broken-on-start' })),
        missing_rows: [
          { day: '2026-11-01', kind: 'reset', stored: 100, held: 40 },
          { day: '2026-11-02', kind: 'reset', stored: 5, held: 0 },
        ],
      },
    },
    severity: 'critical',
    says: "The engine's files are damaged: 1 table was there before and is gone (sample); 4 parts cannot be read (drop/1: broken-on-start, drop/2: broken-on-start, drop/3: broken-on-start and 1 more); 65 rows were stored and are gone (reset of 2026-11-01, reset of 2026-11-02).",
  },
  {
    code: 'log_failing',
    changes: { log: { ...well.log, failure: 'the disk of the data directory is full' } },
    severity: 'critical',
    says: 'no batch is acknowledged: the disk of the data directory is full',
  },
  {
    code: 'log_filling',
    changes: { log: { ...well.log, bytes: GIB, behind_s: 400 } },
    severity: 'warning',
    says: '1.0 GiB of rows wait for the store, 50 % of what may; the oldest has waited for 7 minutes.',
  },
  { code: 'log_filling', changes: { log: { ...well.log, bytes: 1.9 * GIB } }, severity: 'critical', says: '95 % of what may' },
  {
    code: 'disk_filling',
    changes: { free_bytes_per_s: (-100 * GIB) / 86_400 },
    severity: 'warning',
    says: 'The disk default has 500 GiB of 1000 GiB free and would be full in 5 days at the present rate.',
  },
  {
    code: 'disk_filling',
    changes: { free_bytes_per_s: (-100 * GIB) / 3600 },
    severity: 'warning',
    says: 'The disk default has 500 GiB of 1000 GiB free and would be full in 5 hours at the present rate. Something else fills it: the tables of tcplens take 5.0 GiB.',
  },
  {
    code: 'disk_filling',
    changes: { ...withStore({ bytes: 400 * GIB }), free_bytes_per_s: (-100 * GIB) / 3600 },
    severity: 'critical',
    says: 'free and would be full in 5 hours at the present rate. The tables of tcplens take 400 GiB.',
  },
  {
    code: 'disk_filling',
    changes: withStore({ disks: [{ disk: 'data', free_bytes: 20 * GIB, total_bytes: 1000 * GIB }] }),
    severity: 'critical',
    says: 'The disk data has 20 GiB of 1000 GiB free',
  },
  {
    code: 'replica_readonly',
    changes: withStore({ replicas: ['a', 'b', 'c', 'd'].map((table) => ({ table, readonly: true, queue: 0, delay_s: 0 })) }),
    severity: 'critical',
    says: '4 tables on this replica take no inserts (a, b, c and 1 more).',
  },
  {
    code: 'replication_behind',
    changes: withStore({ replicas: [{ table: 'sample', readonly: false, queue: 90, delay_s: 7200 }] }),
    severity: 'warning',
    says: 'This replica is 2 hours behind the others (sample).',
  },
  {
    code: 'too_many_parts',
    changes: withStore({ parts: [{ table: 'drop', partition: '2026-11-23', parts: 1200, rows: 1, bytes: 1 }] }),
    severity: 'critical',
    says: 'The table drop has 1200 parts in one partition (2026-11-23); from 1000 on inserts are slowed down, at 3000 refused.',
  },
  {
    code: 'merges_behind',
    changes: withStore({ merges: [{ table: 'sample', elapsed_s: 10_800, progress: 0.25, bytes: 90 * GIB }] }),
    severity: 'warning',
    says: 'A merge of sample (90 GiB) has run for 3 hours and is at 25 %.',
  },
  {
    code: 'mutation_stuck',
    changes: withStore({
      mutations: [{ table: 'rollup_1m', mutation: 'mutation_9.txt', age_s: 3600, parts_to_do: 1, reason: 'no space' }],
    }),
    severity: 'warning',
    says: 'A change to the table rollup_1m has not finished after 60 minutes: no space',
  },
  {
    code: 'inserts_slow',
    changes: { inserts: { ...well.inserts, slowest: [{ kind: 'sample', rows: 9000, seconds: 12, at_ms: NOW_MS }] } },
    severity: 'warning',
    says: 'An insert of 9000 sample rows took 12 seconds.',
  },
  {
    code: 'dictionary_failed',
    changes: withStore({ dictionaries: [{ dictionary: 'host_name', status: 'FAILED', reason: 'Authentication failed' }] }),
    severity: 'warning',
    says: 'The names of host_name cannot be loaded, so rows show ids in their place: Authentication failed',
  },
  {
    code: 'engine_errors',
    changes: withStore({ errors: [...store.errors, { error: 'MEMORY_LIMIT_EXCEEDED', count: 2, last_ms: NOW_MS, message: 'too much' }] }),
    severity: 'info',
    says: 'The store has met 2 serious errors, the newest MEMORY_LIMIT_EXCEEDED: too much',
  },
  {
    code: 'dead_letters',
    changes: { dead_letters: { files: 1, rows: 77, bytes: 9000 } },
    severity: 'warning',
    says: 'The store has refused 77 rows for good; they lie in 1 file in the folder dead-letter.',
  },
  {
    code: 'quarantine',
    changes: { quarantine: { files: 2, rows: 10, bytes: 2000 } },
    severity: 'warning',
    says: '10 rows came with a time that the tables do not keep; they lie in 2 files in the folder quarantine.',
  },
  {
    code: 'clock_skew',
    changes: { clocks: [...well.clocks, { host_id: '2', name: 'db-1', ahead_ms: -7_200_000 }] },
    severity: 'warning',
    says: 'The clock of 1 host is off: db-1 is 2 hours behind.',
  },
  {
    code: 'hosts_silent',
    changes: { hosts: [host('web-1', 600_000, 0), host('web-2', 0, 0)] },
    severity: 'warning',
    says: '1 of 4 hosts has not reported for minutes: web-1.',
  },
  {
    code: 'hosts_losing',
    changes: { hosts: [host('web-1', 0, 5), host('web-2', 0, 1)] },
    severity: 'warning',
    says: '2 hosts lost 6 rows within the hour: web-1, web-2.',
  },
  {
    code: 'retention_dropped',
    changes: { dropped: [{ at_ms: NOW_MS - 60_000, day: '2026-11-01', rows: 9, bytes: 100, limit_bytes: GIB }] },
    severity: 'info',
    says: 'The tables were larger than 1.0 GiB, so 2026-11-01 was dropped from all of them (9 rows).',
  },
];

test('nothing is said where nothing is wrong', () => {
  expect(findingsOf(well)).toEqual([]);
});

describe('says', () => {
  test.each(cases)('$code: $says', ({ code, changes, severity, says }) => {
    const found = findingsOf({ ...well, ...changes });
    expect(found.map((finding) => finding.code)).toEqual([code]);
    expect(found[0]).toMatchObject({ severity, sentence: expect.stringContaining(says) });
    expect(found[0]?.advice).toMatch(/\.$/);
  });
  test('every trouble there is a name for', () => {
    expect(new Set(cases.map(({ code }) => code))).toEqual(new Set(FINDINGS));
  });
});

test('the most severe comes first', () => {
  const found = findingsOf({
    ...well,
    quarantine: { files: 1, rows: 1, bytes: 1 },
    log: { ...well.log, failure: 'full' },
    dropped: [{ at_ms: NOW_MS, day: '2026-11-01', rows: 1, bytes: 1, limit_bytes: 1 }],
  });
  expect(found.map(({ severity }) => severity)).toEqual(['critical', 'warning', 'info']);
});
