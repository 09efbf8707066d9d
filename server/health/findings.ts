// Turns figures into findings: what is wrong in one sentence that anybody understands, and what to do in another. Pure.
import { FINDINGS, type Finding, type FindingCode, type HealthFigures, SEVERITIES, type StoreFigures } from '../api/health.ts';
import { damageText } from './damage-text.ts';
import { bytes, count, names, percent, span } from './phrases.ts';
import { PORT_RULES } from './port-rules.ts';
import type { FindingText, Rule } from './rule.ts';

const MINUTE_S = 60;
const HOUR_MS = 3_600_000;
const DAY_S = 86_400;

/** Engine errors that an operator should know of. The engine counts many others, which it has handled itself. */
const SERIOUS: ReadonlySet<string> = new Set([
  'CANNOT_ALLOCATE_MEMORY',
  'CANNOT_READ_ALL_DATA',
  'CANNOT_WRITE_TO_FILE_DESCRIPTOR',
  'CHECKSUM_DOESNT_MATCH',
  'CORRUPTED_DATA',
  'KEEPER_EXCEPTION',
  'LOGICAL_ERROR',
  'MEMORY_LIMIT_EXCEEDED',
  'NETWORK_ERROR',
  'NOT_ENOUGH_SPACE',
  'NO_REPLICA_HAS_PART',
  'NO_ZOOKEEPER',
  'SOCKET_TIMEOUT',
  'TABLE_IS_READ_ONLY',
  'TOO_MANY_PARTS',
  'TOO_MANY_UNEXPECTED_DATA_PARTS',
]);

/** Thresholds: a figure beyond them is a finding. */
export const LIMITS = {
  log_share: { warning: 0.25, critical: 0.75 },
  disk_free_share: { warning: 0.1, critical: 0.03 },
  disk_days_left: { warning: 7, critical: 1 },
  /** If the tables are a smaller share of the used space, other data is filling the disk. */
  disk_own_share: 0.1,
  merge_s: 2 * 3600,
  mutation_s: 15 * MINUTE_S,
  insert_s: 5,
  replica_delay_s: 5 * MINUTE_S,
  clock_ms: 60_000,
  silent_ms: 3 * MINUTE_S * 1000,
} as const;

/** The problems that the figures show, the most severe first. */
export function findingsOf(figures: HealthFigures): Finding[] {
  const found = FINDINGS.flatMap((code) => {
    const text = RULES[code](figures);
    return text ? [{ code, ...text }] : [];
  });
  return found.toSorted((a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity));
}

/** A rule about the store's figures. It finds nothing while the store does not answer. */
const ofStore =
  (rule: (store: StoreFigures) => FindingText | undefined): Rule =>
  ({ store }) =>
    store ? rule(store) : undefined;

const RULES = {
  ...PORT_RULES,
  store_away: ({ store_reason, away_since_ms, at_ms, log }) =>
    away_since_ms === null
      ? undefined
      : {
          severity: 'critical',
          sentence: `The store has not answered for ${span((at_ms - away_since_ms) / 1000)}: ${store_reason}`,
          advice: `Start it, or see why it does not answer. Rows are safe in the log meanwhile; ${bytes(log.bytes)} of ${bytes(log.bytes_max)} are used.`,
        },
  store_refuses: ({ inserts, store_reason }) =>
    inserts.failed === 0 || store_reason !== ''
      ? undefined
      : {
          severity: inserts.inserts === 0 ? 'critical' : 'warning',
          sentence: `${count(inserts.failed, 'insert')} failed within ten minutes, the last one: ${inserts.last_failure}`,
          advice: 'They are tried again and lose nothing. If they go on failing, the reason above says what the store lacks.',
        },
  store_damaged: ({ damage }) => {
    const sentence = damageText(damage);
    return sentence === ''
      ? undefined
      : {
          severity: 'critical',
          sentence,
          advice:
            'With the collector stopped, tcplens admin check-store names all that is missing, and tcplens admin restore brings a backup into a new data directory. To go on without it, remove engine-tables.json and the broken parts.',
        };
  },
  log_failing: ({ log }) =>
    log.failure === ''
      ? undefined
      : {
          severity: 'critical',
          sentence: `The log cannot be written, so no batch is acknowledged: ${log.failure}`,
          advice: 'Free space in the data directory, or see why it cannot be written. Agents keep what they have until then.',
        },
  log_filling: ({ log }) => {
    const share = log.bytes / log.bytes_max;
    return share < LIMITS.log_share.warning
      ? undefined
      : {
          severity: share < LIMITS.log_share.critical ? 'warning' : 'critical',
          sentence: `${bytes(log.bytes)} of rows wait for the store, ${percent(share)} of what may; the oldest has waited for ${span(log.behind_s)}.`,
          advice: 'See why the store does not keep up (below). At 100 % agents are told to wait and keep rows in their spools.',
        };
  },
  disk_filling: ({ store, free_bytes_per_s }) => {
    const [fullest] = (store?.disks ?? []).toSorted((a, b) => a.free_bytes / a.total_bytes - b.free_bytes / b.total_bytes);
    if (!fullest) return undefined;
    const share = fullest.free_bytes / fullest.total_bytes;
    const days =
      free_bytes_per_s !== null && free_bytes_per_s < 0 ? fullest.free_bytes / -free_bytes_per_s / DAY_S : Number.POSITIVE_INFINITY;
    if (share > LIMITS.disk_free_share.warning && days > LIMITS.disk_days_left.warning) return undefined;
    const own_bytes = store?.bytes ?? 0;
    const isOwn = own_bytes >= LIMITS.disk_own_share * (fullest.total_bytes - fullest.free_bytes);
    const critical = share < LIMITS.disk_free_share.critical || (isOwn && days < LIMITS.disk_days_left.critical);
    const left = Number.isFinite(days) ? ` and would be full in ${span(days * DAY_S)} at the present rate` : '';
    const whose = isOwn ? 'The' : 'Something else fills it: the';
    return {
      severity: critical ? 'critical' : 'warning',
      sentence: `The disk ${fullest.disk} has ${bytes(fullest.free_bytes)} of ${bytes(fullest.total_bytes)} free${left}. ${whose} tables of tcplens take ${bytes(own_bytes)}.`,
      advice: isOwn
        ? 'Lower --retention-size or the days that rows are kept (tcplens admin), or give it more room.'
        : 'See what else writes to this disk, or move the data directory to one of its own.',
    };
  },
  replica_readonly: ofStore(({ replicas }) => {
    const stuck = replicas.filter((replica) => replica.readonly);
    return stuck.length === 0
      ? undefined
      : {
          severity: 'critical',
          sentence: `${count(stuck.length, 'table')} on this replica take no inserts (${names(stuck.map(({ table }) => table))}).`,
          advice:
            'It has lost Keeper, or its data and Keeper disagree: check Keeper, then SYSTEM RESTART REPLICA or SYSTEM RESTORE REPLICA.',
        };
  }),
  replication_behind: ofStore(({ replicas }) => {
    const behind = replicas.filter(({ delay_s }) => delay_s > LIMITS.replica_delay_s);
    const worst = Math.max(...behind.map(({ delay_s }) => delay_s));
    return behind.length === 0
      ? undefined
      : {
          severity: 'warning',
          sentence: `This replica is ${span(worst)} behind the others (${names(behind.map(({ table }) => table))}).`,
          advice: 'What it answers is older than it looks. See system.replication_queue for what it waits for.',
        };
  }),
  too_many_parts: ofStore(({ parts, parts_delay, parts_refuse }) => {
    const [most] = parts;
    if (!most || most.parts < parts_delay / 2) return undefined;
    return {
      severity: most.parts < parts_delay ? 'warning' : 'critical',
      sentence: `The table ${most.table} has ${most.parts} parts in one partition (${most.partition}); from ${parts_delay} on inserts are slowed down, at ${parts_refuse} refused.`,
      advice: 'Merges do not keep up with inserts: give the store more CPU and faster disks, or fewer collectors with larger groups.',
    };
  }),
  merges_behind: ofStore(({ merges }) => {
    const [longest] = merges.toSorted((a, b) => b.elapsed_s - a.elapsed_s);
    return !longest || longest.elapsed_s < LIMITS.merge_s
      ? undefined
      : {
          severity: 'warning',
          sentence: `A merge of ${longest.table} (${bytes(longest.bytes)}) has run for ${span(longest.elapsed_s)} and is at ${percent(longest.progress)}.`,
          advice: 'The disk is slow or busy. Nothing is lost; parts pile up meanwhile.',
        };
  }),
  mutation_stuck: ofStore(({ mutations }) => {
    const [oldest] = mutations.filter(({ age_s }) => age_s > LIMITS.mutation_s).toSorted((a, b) => b.age_s - a.age_s);
    return oldest === undefined
      ? undefined
      : {
          severity: 'warning',
          sentence: `A change to the table ${oldest.table} has not finished after ${span(oldest.age_s)}${oldest.reason === '' ? '' : `: ${oldest.reason}`}`,
          advice: `See system.mutations; what cannot succeed is ended by KILL MUTATION WHERE mutation_id = '${oldest.mutation}'.`,
        };
  }),
  inserts_slow: ({ inserts }) => {
    const [slowest] = inserts.slowest;
    return !slowest || slowest.seconds < LIMITS.insert_s
      ? undefined
      : {
          severity: 'warning',
          sentence: `An insert of ${slowest.rows} ${slowest.kind} rows took ${span(slowest.seconds)}.`,
          advice: 'The store is short of CPU, memory or disk: compare with merges, parts and what else runs there.',
        };
  },
  dictionary_failed: ofStore(({ dictionaries }) => {
    const [failed] = dictionaries.filter(({ status, reason }) => status.startsWith('FAILED') || reason !== '');
    return failed === undefined
      ? undefined
      : {
          severity: 'warning',
          sentence: `The names of ${failed.dictionary} cannot be loaded, so rows show ids in their place: ${failed.reason}`,
          advice: 'Give the user of --clickhouse the right to read this database from the server itself, then SYSTEM RELOAD DICTIONARIES.',
        };
  }),
  engine_errors: ofStore(({ errors }) => {
    const serious = errors.filter(({ error }) => SERIOUS.has(error));
    const [newest] = serious;
    return newest === undefined
      ? undefined
      : {
          severity: 'info',
          sentence: `The store has met ${count(
            serious.reduce((sum, error) => sum + error.count, 0),
            'serious error',
          )}, the newest ${newest.error}: ${newest.message}`,
          advice: 'Errors that come back are worth a look in the log of the store; single ones are not.',
        };
  }),
  dead_letters: ({ dead_letters: { files, rows } }) =>
    files === 0
      ? undefined
      : {
          severity: 'warning',
          sentence: `The store has refused ${count(rows, 'row')} for good; they lie in ${count(files, 'file')} in the folder dead-letter.`,
          advice: 'The .json beside each file says why. Remove the files when they are no longer needed.',
        },
  quarantine: ({ quarantine: { files, rows } }) =>
    files === 0
      ? undefined
      : {
          severity: 'warning',
          sentence: `${count(rows, 'row')} came with a time that the tables do not keep; they lie in ${count(files, 'file')} in the folder quarantine.`,
          advice: 'Set the clock of the host that sent them (NTP). Remove the files when they are no longer needed.',
        },
  clock_skew: ({ clocks }) => {
    const off = clocks.filter(({ ahead_ms }) => Math.abs(ahead_ms) > LIMITS.clock_ms);
    const [worst] = off.toSorted((a, b) => Math.abs(b.ahead_ms) - Math.abs(a.ahead_ms));
    return worst === undefined
      ? undefined
      : {
          severity: 'warning',
          sentence: `The clock of ${count(off.length, 'host')} is off: ${worst.name} is ${span(Math.abs(worst.ahead_ms) / 1000)} ${worst.ahead_ms > 0 ? 'ahead' : 'behind'}.`,
          advice: 'Set it by NTP. Rows from more than 5 minutes ahead are put into quarantine.',
        };
  },
  hosts_silent: ({ hosts, hosts_known }) => {
    const silent = hosts.filter(({ lag_ms }) => lag_ms > LIMITS.silent_ms);
    return silent.length === 0
      ? undefined
      : {
          severity: 'warning',
          sentence: `${silent.length} of ${count(hosts_known, 'host')} ${silent.length === 1 ? 'has' : 'have'} not reported for minutes: ${names(silent.map(({ name }) => name))}.`,
          advice: 'See whether the host is up, its agent runs, and it can reach a collector. What its agent has seen waits in its spool.',
        };
  },
  hosts_losing: ({ hosts }) => {
    const losing = hosts.filter(({ lost }) => lost > 0);
    const lost = losing.reduce((sum, host) => sum + host.lost, 0);
    return losing.length === 0
      ? undefined
      : {
          severity: 'warning',
          sentence: `${count(losing.length, 'host')} lost ${count(lost, 'row')} within the hour: ${names(losing.map(({ name }) => name))}.`,
          advice: 'GET /api/v1/accounting says where and why. Rings and budgets are the agent’s options, its spool has a size.',
        };
  },
  retention_dropped: ({ dropped, at_ms }) => {
    const [newest] = dropped.filter((drop) => at_ms - drop.at_ms < 24 * HOUR_MS);
    return newest === undefined
      ? undefined
      : {
          severity: 'info',
          sentence: `The tables were larger than ${bytes(newest.limit_bytes)}, so ${newest.day} was dropped from all of them (${count(newest.rows, 'row')}).`,
          advice: 'This is what --retention-size asks for: raise it, or keep rows for fewer days.',
        };
  },
} as const satisfies Record<FindingCode, Rule>;
