// The agent, as a diagram: config → source → drain → metrics, entities and the uplink to a collector.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism, hostname } from 'node:os';
import { Command } from 'commander';
import { emptyLedger } from './account.ts';
import { AGENT_OPTIONS, type AgentConfig, SOURCE_OPTIONS, spoolDirectory } from './config.ts';
import { Drain, type Take } from './drain.ts';
import { readCgroup2Mount } from './host/cgroups.ts';
import { Entities } from './host/entities.ts';
import { refusalLog } from './host/netns-refusals.ts';
import { createLog, type Log } from './log.ts';
import { ConnectionAttributes, ephemeralFrom } from './metrics/connection-attributes.ts';
import { countedBy } from './metrics/counted-by.ts';
import { Instruments } from './metrics/instruments.ts';
import { observeProcess } from './metrics/process-metrics.ts';
import { observeSelf } from './metrics/self-metrics.ts';
import { SERIES_MAX, startTelemetry, type Telemetry } from './metrics/telemetry.ts';
import { openSource } from './open-source.ts';
import { addOptions } from './options.ts';
import { drainIntervalMs, SweepPace } from './pace.ts';
import { paceLog } from './pace-log.ts';
import { pump } from './pump.ts';
import type { RowSource } from './source.ts';
import { openSpool } from './spool/open.ts';
import { hex64 } from './spool/record.ts';
import { stopSignal } from './stop-signal.ts';
import { CollectorClient } from './uplink/client.ts';
import { hostOf } from './uplink/report.ts';
import { Uplink, type UplinkOptions } from './uplink/uplink.ts';

export function command(): Command {
  const agent = new Command('agent').description('watches this host and ships what it sees: to a collector, by OTLP, or both');
  addOptions(addOptions(agent, AGENT_OPTIONS), SOURCE_OPTIONS);
  return agent.action(async (config: AgentConfig) => {
    await runAgent(config, stopSignal({ with_parent: config.exitWithParent }));
  });
}

/**
 * Runs until `stop` or the end of a replay, then ships what is left.
 * @throws CannotRunError, RecordingError, AgentError: at the start, before anything is attached or listened on
 */
export async function runAgent(config: AgentConfig, stop: AbortSignal): Promise<void> {
  const log = createLog(config.logLevel);
  const version = readVersion();
  const source = await openSource(config);
  try {
    // A recording's pids and cgroups are those of the machine it was made on.
    const own = new Entities(readCgroup2Mount());
    const entities = source.recorded?.names ?? own;
    const pace = new SweepPace(config.interval, config.cpuBudget);
    const uplink = await uplinkOf(config, { source, entities, pace, version, log });
    const ledger = uplink?.ledger ?? emptyLedger();
    const telemetry = await telemetryOf(config, source, version, log);
    const attributes = new ConnectionAttributes(config.metricAttributes, ephemeralFrom(readPortRange()), SERIES_MAX / 2);
    const instruments = telemetry && new Instruments(telemetry, attributes, source.tally && countedBy(source.tally, attributes.options));
    const waiting_bytes = () => uplink?.bytes ?? { memory: 0, disk: 0 };
    if (telemetry) observeSelf(telemetry.meter, { source, ledger, waiting_bytes, answered: () => uplink?.answered ?? [] });
    const take: Take = (kind, rows) => {
      uplink?.add(kind, rows);
      if (uplink !== undefined && source.recorded === undefined) own.see(kind, rows);
      instruments?.record(kind, rows);
    };
    // A recording can wait for a slow collector; the kernel cannot.
    const isFull = () => config.replay !== undefined && uplink !== undefined && uplink.waiting_bytes > config.queueBytes / 4;
    const drain = new Drain(source, take, isFull);
    if (telemetry) observeProcess(telemetry.meter, pace);
    const tellRefusals = refusalLog(source, log);
    const tellPace = paceLog(pace, config.interval, config.cpuBudget, log);
    announce(source, config, telemetry, log);
    const drain_ms = drainIntervalMs(config.ringBytes, availableParallelism());
    if (uplink === undefined) source.tally?.countAlone(drain_ms);
    await pump({
      source,
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
        own.look();
        uplink.tick();
      },
    });
    await uplink?.finish();
    await telemetry?.stop();
    log.info({ ledger }, 'stopped');
  } finally {
    source.close();
  }
}

type UplinkParts = Pick<UplinkOptions, 'source' | 'entities' | 'log'> & { pace: SweepPace; version: string };

async function uplinkOf(config: AgentConfig, { pace, version, ...parts }: UplinkParts): Promise<Uplink | undefined> {
  const { collector, interval: report_interval_ms } = config;
  if (collector === undefined) return undefined;
  const host_id = hex64(parts.source.host_id);
  const run = { epoch: randomBytes(8).toString('hex'), host_id, host: hostOf(parts.source, version) };
  const memory_bytes = config.queueBytes;
  const caps = { bytes_max: config.spoolBytes, age_ms_max: config.spoolAge };
  const spool = await openSpool({ directory: spoolDirectory(config), caps, memory_bytes, run, log: parts.log });
  return new Uplink({
    ...parts,
    client: new CollectorClient(collector),
    run,
    spool,
    memory_bytes,
    report_interval_ms,
    interval_ms: () => pace.interval_ms,
    onAnswer: (answer) => pace.answered(answer),
  });
}

async function telemetryOf(config: AgentConfig, source: RowSource, version: string, log: Log): Promise<Telemetry | undefined> {
  if (config.otlp === undefined && config.metrics === 'none') return undefined;
  return startTelemetry({
    otlp: config.otlp,
    prometheus: config.metrics,
    interval_ms: config.interval,
    host_id: hex64(source.host_id),
    host_name: source.recorded?.host ?? hostname(),
    version,
    log,
  });
}

function announce(source: RowSource, { collector, otlp, ownNetns }: AgentConfig, telemetry: Telemetry | undefined, log: Log): void {
  const { url: metrics } = telemetry ?? { url: undefined };
  log.info({ host_id: hex64(source.host_id), collector, otlp, metrics }, 'watching');
  if (collector === undefined && otlp === undefined) log.warn('neither --collector nor --otlp: rows go nowhere but into /metrics');
  for (const notice of source.recorded?.notices ?? []) log.warn({ notice }, 'the recording is not replayed as it was recorded');
  for (const { name, attached, reason } of source.hooks())
    if (!attached) log.warn({ hook: name, reason }, 'the kernel refused a hook: what it would show is missing');
  const rights = source.restrict?.(ownNetns);
  if (rights) log.info(rights, 'gave up all capabilities but these, in every thread');
}

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  return version;
}

function readPortRange(): string {
  try {
    return readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
  } catch {
    return '';
  }
}
