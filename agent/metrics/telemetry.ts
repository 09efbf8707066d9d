// Starts the OpenTelemetry SDK, which pushes metrics by OTLP and serves them to Prometheus.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DiagLogLevel, diag, type Meter } from '@opentelemetry/api';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { type IMetricReader, MeterProvider, type MetricProducer } from '@opentelemetry/sdk-metrics';
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';
import type { Log } from '../process/log.ts';
import type { Endpoint } from '../process/units.ts';
import type { Sdk } from './otlp.ts';
import { RowSeries } from './row-series.ts';
import { serveMetrics } from './scrape-server.ts';

/** The most series of one instrument; further ones are one series, marked otel.metric.overflow. */
export const SERIES_MAX = 2000;
const STOP_MS_MAX = 5000;

export type TelemetryOptions = {
  otlp: string | undefined;
  prometheus: Endpoint | 'none';
  interval_ms: number;
  host_id: string;
  host_name: string;
  version: string;
  log: Log;
};

export type Telemetry = {
  meter: Meter;
  /** metrics that are made from a tally */
  rows: RowSeries;
  /** where /metrics is served; undefined where it is not */
  url: string | undefined;
  /** Exports once more, within a bound, and ends. */
  stop(): Promise<void>;
};

/** @throws AgentError when the Prometheus address cannot be listened on */
export async function startTelemetry({
  otlp,
  prometheus,
  interval_ms,
  host_id,
  host_name,
  version,
  log,
}: TelemetryOptions): Promise<Telemetry> {
  const rows = new RowSeries({ name: 'tcplens', version }, SERIES_MAX);
  const scrape = prometheus === 'none' ? undefined : new BoundedPrometheus(rows.producer('explicit'));
  const server = scrape === undefined || prometheus === 'none' ? undefined : await serveMetrics(prometheus, () => scrape.text());
  const readers = scrape === undefined ? [] : [scrape];
  const resource = {
    [ATTR_SERVICE_NAME]: 'tcplens-agent',
    [ATTR_SERVICE_VERSION]: version,
    'host.name': host_name,
    'host.id': host_id,
  };
  const sdk = await startSdk({ otlp, interval_ms, readers, producer: () => rows.producer('exponential'), resource });
  diag.setLogger(diagTo(log), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const end = async () => {
    await withinMs(STOP_MS_MAX, sdk.stop()).catch((error: unknown) =>
      log.warn({ error: String(error) }, 'the last metrics were not exported'),
    );
    diag.disable();
    server?.close();
    server?.closeAllConnections();
  };
  let ended: Promise<void> | undefined;
  return {
    meter: sdk.meter('tcplens', version),
    rows,
    url: server && urlOf(server),
    stop: () => {
      ended ??= end();
      return ended;
    },
  };
}

/** Bounds the number of series, for which the exporter has no option. */
class BoundedPrometheus extends PrometheusExporter {
  readonly #serializer = new PrometheusSerializer();

  constructor(producer: MetricProducer) {
    super({ preventServerStart: true, metricProducers: [producer] });
  }

  /** All metrics, in Prometheus' text format. */
  async text(): Promise<string> {
    const { resourceMetrics, errors } = await this.collect();
    if (errors.length > 0) diag.error('metrics were collected with errors', ...errors);
    return this.#serializer.serialize(resourceMetrics);
  }

  override selectCardinalityLimit(): number {
    return SERIES_MAX;
  }
}

type SdkOptions = {
  otlp: string | undefined;
  interval_ms: number;
  readers: IMetricReader[];
  producer: () => MetricProducer;
  resource: Record<string, string>;
};

/** The SDK for Node with its exporters takes 10 MB, so it is loaded only for a push. */
async function startSdk({ otlp, ...options }: SdkOptions): Promise<Sdk> {
  if (otlp !== undefined) return (await import('./otlp.ts')).startPushing({ otlp, series_max: SERIES_MAX, ...options });
  const provider = new MeterProvider({ resource: resourceFromAttributes(options.resource), readers: options.readers });
  return { meter: (name, version) => provider.getMeter(name, version), stop: () => provider.shutdown() };
}

function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/metrics`;
}

function diagTo(log: Log) {
  const write = (level: 'debug' | 'warn' | 'error') => (message: string) => log[level]({ from: 'opentelemetry' }, message);
  return { verbose: write('debug'), debug: write('debug'), info: write('debug'), warn: write('warn'), error: write('error') };
}

async function withinMs(ms: number, work: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`not done within ${ms} ms`)), ms);
  try {
    await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
