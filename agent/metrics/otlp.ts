// Pushes metrics to an OTLP receiver, with the OpenTelemetry SDK for Node.
import { context, type Meter, metrics } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { type IMetricReader, type MetricProducer, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { startNodeSdk } from '@opentelemetry/sdk-node';

export type Sdk = { meter(name: string, version: string): Meter; stop(): Promise<void> };

export type PushOptions = {
  /** the receiver's URL, without /v1/metrics */
  otlp: string;
  interval_ms: number;
  /** other readers of the same metrics */
  readers: IMetricReader[];
  producer: () => MetricProducer;
  resource: Record<string, string>;
  /** the most series of one instrument */
  series_max: number;
};

export function startPushing({ otlp, interval_ms, readers, producer, resource, series_max }: PushOptions): Sdk {
  const push = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({ url: `${otlp}/v1/metrics` }),
    metricProducers: [producer()],
    exportIntervalMillis: interval_ms,
    exportTimeoutMillis: Math.min(interval_ms, 10_000),
    cardinalityLimits: { default: series_max },
  });
  const sdk = startNodeSdk({
    metricReaders: [...readers, push],
    spanProcessors: [],
    logRecordProcessors: [],
    propagators: [],
    resourceDetectors: [],
    resourceAttributes: resource,
  });
  return {
    meter: (name, version) => metrics.getMeter(name, version),
    async stop() {
      try {
        await sdk.shutdown();
      } finally {
        // The API has one global of each per process and refuses a second one.
        for (const api of [metrics, context]) api.disable();
      }
    },
  };
}
