// The runs of agents: when each began, and which version it was. Applied: this text never changes.
import type { Migration } from '../migration.ts';

export const RUNS: Migration = {
  number: 3,
  name: 'runs',
  statements: [
    `CREATE TABLE IF NOT EXISTS run (
  host_id UInt64,
  epoch UInt64,
  agent_version LowCardinality(String),
  kernel LowCardinality(String),
  began_at SimpleAggregateFunction(min, DateTime64(3, 'UTC')) COMMENT 'its first report',
  at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'its last report'
) ENGINE = AggregatingMergeTree
ORDER BY (host_id, epoch, agent_version, kernel)
TTL toDateTime(at) + INTERVAL 180 DAY`,
    `CREATE MATERIALIZED VIEW IF NOT EXISTS run_from_host TO run AS
SELECT host_id, epoch, agent_version, kernel, at AS began_at, at FROM host`,
    // The runs that were under way before there was this table: of each host the last one, which may have begun later than this says.
    `INSERT INTO run (host_id, epoch, agent_version, kernel, began_at, at)
SELECT h.host_id, h.epoch, h.agent_version, h.kernel, least(h.at, toDateTime64(r.first, 3, 'UTC')), h.at
FROM (SELECT * FROM host FINAL) AS h
LEFT JOIN (SELECT host_id, min(hour) AS first FROM report_1h GROUP BY host_id) AS r ON r.host_id = h.host_id`,
  ],
};
