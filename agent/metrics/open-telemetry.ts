// Starts the metrics that the options ask for.
import type { AgentConfig } from '../config.ts';
import { hex64 } from '../contract/hex64.ts';
import type { Log } from '../process/log.ts';
import { VERSION } from '../process/version.ts';
import type { RowSource } from '../source/row-source.ts';
import { startTelemetry, type Telemetry } from './telemetry.ts';

/** Undefined where nobody wants metrics. */
export async function openTelemetry(config: AgentConfig, source: RowSource, log: Log): Promise<Telemetry | undefined> {
  if (config.otlp === undefined && config.metrics === 'none') return undefined;
  return startTelemetry({
    otlp: config.otlp,
    prometheus: config.metrics,
    interval_ms: config.interval,
    host_id: hex64(source.host_id),
    host_name: source.host.name,
    version: VERSION,
    log,
  });
}
