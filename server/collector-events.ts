// Counts and logs the events of log, writer, upkeep and access.
import type { Logger } from 'pino';
import { reasonOf } from '../agent/process/errors.ts';
import type { AccessOptions } from './access.ts';
import type { ControlParts } from './control.ts';
import { damageText } from './health/damage-text.ts';
import type { HealthWatch } from './health/watch.ts';
import type { Live } from './live.ts';
import type { Recovered } from './log/recovered.ts';
import type { WriterEvents } from './log/writer.ts';
import type { Metrics } from './metrics.ts';
import type { UpkeepEvents } from './upkeep.ts';

export function writerEvents(metrics: Metrics, live: Live, health: HealthWatch, logger: Logger): WriterEvents {
  return {
    inserted: ({ kind, length, row_bytes }, seconds) => {
      const rows = length / row_bytes;
      metrics.rowsInserted.add(rows, { kind });
      health.inserts.inserted({ kind, rows, seconds, at_ms: Date.now() });
      metrics.insertDuration.record(seconds, { kind });
      live.inserted();
    },
    failed: ({ kind, segment }, error) => {
      metrics.insertFailures.add(1, { kind });
      health.inserts.failed(Date.now(), reasonOf(error));
      logger.warn({ kind, segment, err: error }, 'a segment was not inserted and is tried again');
    },
    buried: ({ kind, segment, length, row_bytes }, reason) => {
      metrics.lost.add(length / row_bytes, { kind, outcome: 'dead_letter' });
      logger.error(
        { kind, segment, rows: length / row_bytes, reason },
        'the store refuses these rows for good: they are in the dead-letter folder',
      );
    },
    trouble: (reason) => live.trouble(reason),
  };
}

export function controlEvents(logger: Logger): Pick<ControlParts, 'refused' | 'failed'> {
  return {
    refused: (host_id, why) => logger.warn({ host_id, why }, 'the control channel of an agent was closed'),
    failed: (error) => logger.warn({ err: error }, 'what agents say could not be kept'),
  };
}

export function upkeepEvents(metrics: Metrics, health: HealthWatch, logger: Logger): UpkeepEvents {
  return {
    refreshed: (pieces, seconds) => {
      metrics.piecesBuilt.add(pieces);
      logger.debug({ pieces, seconds }, 'built hours and days of the rollup');
    },
    dropped: (dropped) => {
      for (const { day, rows, bytes, limit_bytes } of dropped) {
        metrics.retentionDropped.add(bytes);
        logger.warn({ day, rows, bytes, limit_bytes }, `dropped rows of ${day}: the tables are larger than --retention-size allows`);
      }
    },
    looked: (damage) => {
      const sentence = damageText(damage);
      if (sentence !== '' && sentence !== damageText(health.damage)) logger.error({ damage }, sentence);
      health.found(damage);
    },
    failed: (what, error) => {
      metrics.upkeepFailures.add(1, { what });
      logger.warn({ err: error }, `${what}: failed, and is tried again`);
    },
  };
}

export function accessEvents(metrics: Metrics, logger: Logger): Pick<AccessOptions, 'failed' | 'auditLost'> {
  return {
    failed: (error) => logger.warn({ err: error }, 'who may do what could not be read or written'),
    auditLost: (entries, error) => {
      metrics.auditLost.add(entries);
      logger.warn({ err: error, entries }, 'the audit could not be written');
    },
  };
}

/** Counts and logs what the recovery of the log has found. */
export function tellRecovered(recovered: Recovered, metrics: Metrics, logger: Logger): void {
  const { segments, replaced, torn_bytes, damaged_lines, damaged_batches, unknown_bytes, set_aside, missing_unclear, foreign } = recovered;
  metrics.tornBytes.add(torn_bytes);
  metrics.unknownBytes.add(unknown_bytes);
  metrics.segmentsSetAside.add(set_aside.length);
  for (const { kind, outcome, rows } of recovered.losses.unstored())
    if (outcome === 'log_damaged') metrics.lost.add(rows, { kind, outcome });
  if (segments.length > 0 || torn_bytes > 0)
    logger.info({ segments: segments.length, replaced: replaced.length, torn_bytes }, 'recovered the log');
  if (set_aside.length > 0 || damaged_lines > 0 || damaged_batches > 0 || unknown_bytes > 0)
    logger.error(
      { set_aside, damaged_lines, damaged_batches, unknown_bytes },
      'the log is damaged, or holds rows of a layout that nobody knows: these are not stored, and lie in its folder aside',
    );
  if (missing_unclear.length > 0)
    logger.warn(
      { missing_unclear },
      'these segments are not there, and the journal, which has no proper end, does not say whether the store has their rows',
    );
  if (foreign.length > 0) logger.warn({ foreign }, 'these names in the folder of the log are not its own: they are left alone');
}
