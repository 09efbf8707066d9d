// A real OTLP/HTTP metrics receiver: takes exports on a port of its own and decodes them with the official definitions.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { load } from 'protobufjs';
import { bodyOf } from './body-of.ts';
import { waitFor } from './wait.ts';

type KeyValue = { key: string; value: { stringValue?: string; intValue?: string; doubleValue?: number; boolValue?: boolean } };
type Point = {
  attributes?: KeyValue[];
  asInt?: string;
  asDouble?: number;
  count?: string;
  sum?: number;
  scale?: number;
  positive?: { offset?: number; bucketCounts: string[] };
};
type Data = { dataPoints: Point[]; isMonotonic?: boolean; aggregationTemporality?: string };
type MetricMessage = { name: string; unit?: string; sum?: Data; gauge?: Data; exponentialHistogram?: Data; histogram?: Data };
type Export = {
  resourceMetrics: { resource: { attributes: KeyValue[] }; scopeMetrics: { scope: { name: string }; metrics: MetricMessage[] }[] }[];
};

export type ReceivedPoint = {
  attributes: Record<string, string | number | boolean>;
  value: number;
  count?: number;
  scale?: number;
  positive?: { offset: number; counts: number[] };
};
export type ReceivedMetric = {
  name: string;
  unit: string;
  type: 'sum' | 'gauge' | 'exponentialHistogram' | 'histogram';
  monotonic: boolean;
  points: ReceivedPoint[];
};

export type OtlpReceiver = {
  url: string;
  resource(): Record<string, string | number | boolean>;
  /** as the last export had it */
  metric(name: string): ReceivedMetric | undefined;
  names(): string[];
  close(): Promise<void>;
};

export async function openOtlpReceiver(): Promise<OtlpReceiver> {
  const definitions = await load(join(import.meta.dirname, 'opentelemetry-proto', 'metrics.proto'));
  const type = definitions.lookupType('opentelemetry.proto.metrics.v1.ExportMetricsServiceRequest');
  const metrics = new Map<string, ReceivedMetric>();
  let resource: Record<string, string | number | boolean> = {};
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    if (body === undefined) return;
    if (request.url !== '/v1/metrics' || request.headers['content-type'] !== 'application/x-protobuf') {
      response.writeHead(404).end();
      return;
    }
    const bytes = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    const message = type.toObject(type.decode(bytes), { longs: String, enums: String, arrays: true }) as Export;
    for (const { resource: found, scopeMetrics } of message.resourceMetrics) {
      resource = attributesOf(found.attributes);
      for (const metric of scopeMetrics.flatMap((scope) => scope.metrics)) metrics.set(metric.name, receivedOf(metric));
    }
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    resource: () => resource,
    metric: (name) => metrics.get(name),
    names: () => [...metrics.keys()].sort(),
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Stops what exports to the receiver, and waits for its last export: on a busy machine that takes longer than a stop waits for it. */
export async function lastExport(exporting: { stop(): Promise<void> }, receiver: OtlpReceiver): Promise<void> {
  await exporting.stop();
  await waitFor(
    'the export',
    () => receiver.names().length,
    (names) => names > 0,
    5,
  );
}

function receivedOf(metric: MetricMessage): ReceivedMetric {
  const type = (['sum', 'gauge', 'exponentialHistogram', 'histogram'] as const).find((name) => metric[name] !== undefined);
  if (type === undefined) throw new Error(`${metric.name} has no data`);
  const { dataPoints = [], isMonotonic = false } = metric[type] ?? { dataPoints: [] };
  return { name: metric.name, unit: metric.unit ?? '', type, monotonic: isMonotonic, points: dataPoints.map(pointOf) };
}

function pointOf({ attributes = [], asInt, asDouble, count, sum, scale, positive }: Point): ReceivedPoint {
  return {
    attributes: attributesOf(attributes),
    value: Number(asInt ?? asDouble ?? sum ?? Number.NaN),
    ...(count === undefined ? {} : { count: Number(count) }),
    ...(count === undefined ? {} : { scale: scale ?? 0 }),
    ...(positive === undefined ? {} : { positive: { offset: positive.offset ?? 0, counts: positive.bucketCounts.map(Number) } }),
  };
}

function attributesOf(pairs: KeyValue[]): Record<string, string | number | boolean> {
  return Object.fromEntries(
    pairs.map(({ key, value }) => [key, value.stringValue ?? value.boolValue ?? Number(value.intValue ?? value.doubleValue)]),
  );
}
