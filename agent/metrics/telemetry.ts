// Starts the OpenTelemetry SDK: metrics out by OTLP, and for Prometheus to fetch.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { context, DiagLogLevel, diag, type Meter, metrics } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { type IMetricReader, type MetricProducer, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { startNodeSdk } from '@opentelemetry/sdk-node';
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';
import { AgentError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Endpoint } from '../units.ts';
import { FastHistograms } from './fast-histogram.ts';

/** Series an instrument may have; what comes beyond goes into one marked otel.metric.overflow. */
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
  /** Where /metrics is served, once it is; undefined where it is not wanted */
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
  const histograms = new FastHistograms({ name: 'tcplens', version }, SERIES_MAX);
  const scrape = prometheus === 'none' ? undefined : new BoundedPrometheus(histograms.producer('explicit'));
  const server = scrape === undefined || prometheus === 'none' ? undefined : await serve(scrape, prometheus);
  const push = otlp === undefined ? undefined : otlpReader(otlp, interval_ms, histograms.producer('exponential'));
  const readers: (IMetricReader | undefined)[] = [scrape, push];
  const sdk = startNodeSdk({
    metricReaders: readers.filter((reader) => reader !== undefined),
    spanProcessors: [],
    logRecordProcessors: [],
    propagators: [],
    resourceDetectors: [],
    resourceAttributes: {
      [ATTR_SERVICE_NAME]: 'tcplens-agent',
      [ATTR_SERVICE_VERSION]: version,
      'host.name': host_name,
      'host.id': host_id,
    },
  });
  diag.setLogger(diagTo(log), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const end = async () => {
    await withinMs(STOP_MS_MAX, sdk.shutdown()).catch((error: unknown) =>
      log.warn({ error: String(error) }, 'the last metrics were not exported'),
    );
    // The API holds one of each a process and refuses a second.
    for (const api of [metrics, context, diag]) api.disable();
    server?.close();
    server?.closeAllConnections();
  };
  let ended: Promise<void> | undefined;
  return {
    meter: histograms.meter(metrics.getMeter('tcplens', version)),
    url: server && urlOf(server),
    stop: () => {
      ended ??= end();
      return ended;
    },
  };
}

/** The exporter's own option for the number of series is missing. */
class BoundedPrometheus extends PrometheusExporter {
  constructor(producer: MetricProducer) {
    super({ preventServerStart: true, metricProducers: [producer] });
  }

  override selectCardinalityLimit(): number {
    return SERIES_MAX;
  }
}

/** Histograms go out exponential, which Prometheus' serializer cannot write. */
function otlpReader(base: string, interval_ms: number, producer: MetricProducer): PeriodicExportingMetricReader {
  return new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({ url: `${base}/v1/metrics` }),
    metricProducers: [producer],
    exportIntervalMillis: interval_ms,
    exportTimeoutMillis: Math.min(interval_ms, 10_000),
    cardinalityLimits: { default: SERIES_MAX },
  });
}

/** Serves /metrics and nothing else. */
async function serve(exporter: PrometheusExporter, { host, port }: Endpoint): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url?.split('?')[0] === '/metrics') exporter.getMetricsRequestHandler(request, response);
    else response.writeHead(404).end();
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, host, resolve);
  await promise.catch((error: unknown) => {
    throw new AgentError('metrics_address', `cannot serve /metrics on ${host}:${port}: use another --metrics address, or none`, error);
  });
  return server;
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
