// Composes an agent: config → source → drain → metrics, names and the uplink to a collector.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Kind } from '../bpf/rows/rows.gen.ts';
import { emptyLedger } from './accounts/ledger.ts';
import { type AgentConfig, spoolDirectory } from './config.ts';
import { Membership } from './enrolment/membership.ts';
import { refusalLog } from './host/netns-refusals.ts';
import { Drain, type Take } from './loop/drain.ts';
import { drainIntervalMs, SweepPace } from './loop/pace.ts';
import { paceLog } from './loop/pace-log.ts';
import { pump } from './loop/pump.ts';
import { ConnectionAttributes, ephemeralFrom } from './metrics/connection-attributes.ts';
import { Instruments } from './metrics/instruments.ts';
import { observeProcess } from './metrics/process-metrics.ts';
import { observeSelf } from './metrics/self-metrics.ts';
import { SERIES_MAX, startTelemetry, type Telemetry } from './metrics/telemetry.ts';
import { createLog, type Log } from './process/log.ts';
import { VERSION } from './process/version.ts';
import { checkMachine, openSource } from './source/open-source.ts';
import { onlyOwnNetns } from './source/own-netns.ts';
import type { RowSource } from './source/row-source.ts';
import type { Source } from './source/source.ts';
import { openSpool } from './spool/open.ts';
import { hex64 } from './spool/record.ts';
import { CollectorClient } from './uplink/client.ts';
import { hostOf } from './uplink/report.ts';
import { openRoute, type Route } from './uplink/route.ts';
import { Uplink, type UplinkOptions } from './uplink/uplink.ts';

/**
 * Runs until `stop` or the end of a replay, then ships what is left.
 * @throws CannotRunError, RecordingError, AgentError where it cannot start, or its source fails; what was opened is then closed
 */
export async function runAgent(options: AgentConfig, asked: AbortSignal): Promise<void> {
  const log = createLog(options.logLevel);
  // Nobody joins who cannot run.
  if (options.replay === undefined) checkMachine();
  // What a recording has seen is not this host's.
  const isMember = options.replay === undefined || options.join !== undefined;
  const membership = isMember ? await Membership.open(options, log, asked) : undefined;
  const config = membership ? { ...options, hostId: BigInt(`0x${membership.host_id}`) } : options;
  const replaced = new AbortController();
  const stop = AbortSignal.any([asked, replaced.signal]);
  const source = await openSource(config, { opens_by_sweep: true });
  const { rows } = source;
  // Closes in reverse order what was opened, however the run ends.
  await using opened = new AsyncDisposableStack();
  opened.defer(() => rows.close());
  const entities = source.names();
  const pace = new SweepPace(config.interval, config.cpuBudget);
  const route = membership?.route((error) => replaced.abort(error)) ?? (config.collector && openRoute(config.collector));
  opened.defer(() => membership?.close());
  const uplink = await uplinkOf(config, { source: rows, entities, pace, log, route, member: membership?.host_id });
  opened.defer(() => uplink?.close());
  const ledger = uplink?.ledger ?? emptyLedger();
  const telemetry = await telemetryOf(config, rows, log);
  opened.defer(() => telemetry?.stop());
  const attributes = new ConnectionAttributes(config.metricAttributes, ephemeralFrom(readPortRange()), SERIES_MAX / 2);
  const instruments = telemetry && new Instruments(telemetry, attributes, source.tally(attributes.options));
  const waiting_bytes = () => uplink?.bytes ?? { memory: 0, disk: 0 };
  if (telemetry) observeSelf(telemetry.meter, { source: rows, ledger, waiting_bytes, answered: () => uplink?.answered ?? [] });
  const wanted = config.ownNetns && config.replay === undefined ? onlyOwnNetns(source) : (_: Kind, drained: Uint8Array) => drained;
  const take: Take = (kind, drained) => {
    const rows = wanted(kind, drained);
    if (rows.length === 0) return;
    uplink?.add(kind, rows);
    if (uplink !== undefined) entities.see(kind, rows);
    instruments?.record(kind, rows);
  };
  const isFull = () => uplink !== undefined && uplink.waiting_bytes > config.queueBytes / 4;
  const drain = new Drain(rows, take, isFull);
  if (telemetry) observeProcess(telemetry.meter, pace);
  const tellRefusals = refusalLog(rows, log);
  const tellPace = paceLog(pace, config.interval, config.cpuBudget, log);
  announce(source, config, telemetry, log, membership !== undefined);
  const drain_ms = drainIntervalMs(config.ringBytes, availableParallelism());
  if (uplink === undefined) source.tallyOnly(drain_ms);
  await pump({
    source: rows,
    drain,
    pace,
    interval_ms: config.interval,
    drain_ms,
    stop,
    onSweep: () => {
      tellRefusals();
      tellPace();
    },
    onRound: () => {
      if (uplink === undefined) return;
      entities.look();
      uplink.tick();
    },
  });
  await uplink?.finish();
  await telemetry?.stop();
  log.info({ ledger }, 'stopped');
  replaced.signal.throwIfAborted();
}

type UplinkParts = Pick<UplinkOptions, 'source' | 'entities' | 'log'> & {
  pace: SweepPace;
  route: Route | undefined;
  member: string | undefined;
};

async function uplinkOf(config: AgentConfig, { pace, route, member, ...parts }: UplinkParts): Promise<Uplink | undefined> {
  const { interval: report_interval_ms } = config;
  if (route === undefined) return undefined;
  const host_id = hex64(parts.source.host_id);
  const run = { epoch: randomBytes(8).toString('hex'), host_id, host: hostOf(parts.source, VERSION) };
  const memory_bytes = config.queueBytes;
  const caps = { bytes_max: config.spoolBytes, age_ms_max: config.spoolAge };
  const spool = await openSpool({ directory: spoolDirectory(config, member), caps, memory_bytes, run, log: parts.log });
  return new Uplink({
    ...parts,
    client: new CollectorClient(route),
    run,
    spool,
    memory_bytes,
    report_interval_ms,
    interval_ms: () => pace.interval_ms,
    onAnswer: (answer) => pace.answered(answer),
  });
}

async function telemetryOf(config: AgentConfig, source: RowSource, log: Log): Promise<Telemetry | undefined> {
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

function announce(
  { rows, restrict }: Source,
  { collector, otlp, ownNetns }: AgentConfig,
  telemetry: Telemetry | undefined,
  log: Log,
  isMember: boolean,
): void {
  const { url: metrics } = telemetry ?? { url: undefined };
  log.info({ host_id: hex64(rows.host_id), collector, otlp, metrics }, 'watching');
  if (collector === undefined && otlp === undefined && !isMember)
    log.warn('neither --join, --collector nor --otlp: rows go nowhere but into /metrics');
  for (const notice of rows.notices) log.warn({ notice }, 'the recording is not replayed as it was recorded');
  for (const { name, attached, reason } of rows.hooks())
    if (!attached) log.warn({ hook: name, reason }, 'the kernel refused a hook: what it would show is missing');
  const rights = restrict(ownNetns);
  if (rights) log.info(rights, 'gave up all capabilities but these, in every thread');
}

function readPortRange(): string {
  try {
    return readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
  } catch {
    return '';
  }
}
