// The collector's own metrics: OpenTelemetry instruments in Prometheus' text format.
import type { Attributes, ObservableResult } from '@opentelemetry/api';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';

/** From 5 ms, an insert of a few rows, to 30 s, a store that is about to time out. */
const INSERT_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics(version: string) {
  const reader = new PrometheusExporter({ preventServerStart: true });
  const resource = resourceFromAttributes({ [ATTR_SERVICE_NAME]: 'tcplens-collector', [ATTR_SERVICE_VERSION]: version });
  const provider = new MeterProvider({ resource, readers: [reader] });
  const meter = provider.getMeter('tcplens.collector', version);
  const serializer = new PrometheusSerializer();
  const counter = (name: string, unit: string, description: string) =>
    meter.createCounter(`tcplens.collector.${name}`, { unit, description });
  return {
    batches: counter('batches', '{batch}', 'batches acknowledged, by kind and outcome'),
    rows: counter('rows', '{row}', 'rows made durable in the log, by kind'),
    lost: counter('lost', '{row}', 'acknowledged rows that the store does not get, by kind and outcome'),
    valuesUnmapped: counter('values.unmapped', '{value}', "values of another version's rows that have no counterpart, by kind and column"),
    namesEvicted: counter('names.evicted', '{name}', 'names of hosts that told too many, told longest ago, by table'),
    layoutsEvicted: counter('layouts.evicted', '{layout}', 'layouts of other versions that had to go for newer ones'),
    auditLost: counter('audit.lost', '{entry}', 'entries of the audit that the store did not take'),
    keptFilesDropped: counter(
      'kept_files.dropped',
      '{file}',
      'files of quarantined, refused or damaged rows that had to go for newer ones',
    ),
    connectionsRefused: counter('connections.refused', '{connection}', 'connections of an address that had too many'),
    refused: counter('refused', '{request}', 'requests refused, by reason'),
    reports: counter('reports', '{report}', 'reports of agents stored'),
    reportRefused: counter('report.refused', '{part}', 'parts of reports that were refused, by entity and member'),
    rowsInserted: counter('rows.inserted', '{row}', 'rows that the store has taken, by kind'),
    insertFailures: counter('insert.failures', '{insert}', 'inserts that failed and are tried again, by kind'),
    insertDuration: meter.createHistogram('tcplens.collector.insert.duration', {
      unit: 's',
      description: 'time of an insert that succeeded, by kind',
      advice: { explicitBucketBoundaries: INSERT_SECONDS },
    }),
    segmentsSetAside: counter(
      'log.segments.set_aside',
      '{segment}',
      'segments found missing or damaged at start; their rows are not in the store',
    ),
    unknownBytes: counter('log.unknown', 'By', 'bytes set aside at start that do not say whose rows they were'),
    tornBytes: counter('log.torn', 'By', 'unacknowledged bytes cut off at start'),
    piecesBuilt: counter('rollup.pieces.built', '{piece}', 'hours and days of the rollup that were built, again too'),
    retentionDropped: counter('retention.dropped', 'By', 'oldest days that were dropped because the tables were too large'),
    upkeepFailures: counter('upkeep.failures', '{attempt}', 'rollups and retention that failed and are tried again, by which'),
    liveMessages: counter('live.messages', '{message}', 'messages for viewers, by outcome'),
    liveViewersClosed: counter(
      'live.viewers.closed',
      '{viewer}',
      'viewers closed by the collector, by reason: they did not keep up, or did not answer',
    ),
    liveTickFailures: counter('live.tick.failures', '{tick}', 'live ticks that the store could not answer'),
    /** Calls `observe` when /metrics is asked. */
    gauge: (name: string, unit: string, description: string, observe: () => number | [value: number, attributes: Attributes][]) => {
      meter.createObservableGauge(`tcplens.collector.${name}`, { unit, description }).addCallback((result: ObservableResult) => {
        const observed = observe();
        if (typeof observed === 'number') result.observe(observed);
        else for (const [value, attributes] of observed) result.observe(value, attributes);
      });
    },
    /** All metrics in Prometheus' text format. */
    text: async (): Promise<string> => serializer.serialize((await reader.collect()).resourceMetrics),
    stop: () => provider.shutdown(),
  };
}
