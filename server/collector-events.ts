// What is counted and said of that which writer and upkeep do.
import type { Logger } from 'pino';
import { reasonOf } from '../agent/process/errors.ts';
import { KINDS } from '../bpf/rows/rows.gen.ts';
import type { HealthWatch } from './health/watch.ts';
import type { Live } from './live.ts';
import type { WriterEvents } from './log/writer.ts';
import type { Metrics } from './metrics.ts';
import { isUnclear } from './storage/transient.ts';
import type { UpkeepEvents } from './upkeep.ts';

export function writerEvents(metrics: Metrics, live: Live, health: HealthWatch, logger: Logger): WriterEvents {
  return {
    inserted: ({ kind, segment, length }, seconds) => {
      health.rollups.answered(segment);
      const rows = length / KINDS[kind].size;
      metrics.rowsInserted.add(rows, { kind });
      health.inserts.inserted({ kind, rows, seconds, at_ms: Date.now() });
      metrics.insertDuration.record(seconds, { kind });
      live.inserted();
    },
    failed: ({ kind, segment }, error) => {
      if (isUnclear(error)) {
        metrics.rollupComparisons.add(1);
        health.rollups.unclear(segment, Date.now());
        logger.warn({ kind, segment, err: error }, 'whether the rollup has its share of a segment is not known yet');
        return;
      }
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
    letGo: ({ kind, segment, length, row_bytes }, reason) => {
      health.rollups.answered(segment);
      metrics.rollupLetGo.add(length / row_bytes, { kind });
      logger.error(
        { kind, segment, rows: length / row_bytes, reason },
        'whether rollup and counts have these rows, which are stored, was not to be told: they may be short by them',
      );
    },
    trouble: (reason) => live.trouble(reason),
  };
}

export function upkeepEvents(metrics: Metrics, logger: Logger): UpkeepEvents {
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
    failed: (what, error) => {
      metrics.upkeepFailures.add(1, { what });
      logger.warn({ err: error }, `${what}: failed, and is tried again`);
    },
  };
}
