// Composes an agent: config → source → drain → metrics, names and the uplink to a collector.
import { availableParallelism } from 'node:os';
import type { Kind } from '../bpf/rows/rows.gen.ts';
import { emptyLedger } from './accounts/ledger.ts';
import { rowsSoFar } from './accounts/so-far.ts';
import { announce } from './announce.ts';
import type { BlackBox } from './black-box/black-box.ts';
import { openBlackBox } from './black-box/open-black-box.ts';
import type { AgentConfig } from './config.ts';
import { Membership } from './enrolment/membership.ts';
import type { EntityNames } from './host/entities.ts';
import { refusalLog } from './host/netns-refusals.ts';
import { readPortRange } from './host/port-range.ts';
import { isOff } from './kernel/budget.ts';
import { Drain, type Take } from './loop/drain.ts';
import { drainIntervalMs, SweepPace } from './loop/pace.ts';
import { paceLog } from './loop/pace-log.ts';
import { pump } from './loop/pump.ts';
import { ConnectionAttributes, ephemeralFrom } from './metrics/connection-attributes.ts';
import { Instruments } from './metrics/instruments.ts';
import { openTelemetry } from './metrics/open-telemetry.ts';
import { observeProcess } from './metrics/process-metrics.ts';
import { observeSelf } from './metrics/self-metrics.ts';
import { SERIES_MAX } from './metrics/telemetry.ts';
import { createLog } from './process/log.ts';
import { appliersOf } from './settings/appliers.ts';
import type { LocalSettings } from './settings/local.ts';
import { Settings } from './settings/settings.ts';
import { checkMachine, openSource } from './source/open-source.ts';
import { onlyOwnNetns } from './source/own-netns.ts';
import { openRemote } from './uplink/open-remote.ts';
import { openUplink } from './uplink/open-uplink.ts';
import { openRoute } from './uplink/route.ts';
import type { Uplink } from './uplink/uplink.ts';

/**
 * Runs until `stop` or the end of a replay, then ships what is left.
 * @param local the settings that this host has made itself
 * @throws CannotRunError, RecordingError, AgentError where it cannot start, or its source fails; what was opened is then closed
 */
export async function runAgent(options: AgentConfig, local: LocalSettings, asked: AbortSignal): Promise<void> {
  const log = createLog(options.logLevel);
  // Checked first: an agent that cannot run here must not join a fleet.
  if (options.replay === undefined) checkMachine();
  // Rows of a recording are not this host's: a replay is a member only where it was told to join.
  const isMember = options.replay === undefined || options.join !== undefined;
  const membership = isMember ? await Membership.open(options, log, asked) : undefined;
  const settings = await Settings.open({ local, pinned: options.pin, directory: isMember ? options.stateDir : undefined, log });
  const config = settings.startWith(membership ? { ...options, hostId: BigInt(`0x${membership.host_id}`) } : options);
  log.level = config.logLevel;
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
  const uplink = await openUplink(config, { source: rows, entities, pace, log, route, member: membership?.host_id });
  opened.defer(() => uplink?.close());
  const ledger = uplink?.ledger ?? emptyLedger();
  const telemetry = await openTelemetry(config, rows, log);
  opened.defer(() => telemetry?.stop());
  const attributes = new ConnectionAttributes(config.metricAttributes, ephemeralFrom(readPortRange()), SERIES_MAX / 2);
  const instruments = telemetry && new Instruments(telemetry, attributes, source.tally(attributes.options));
  const waiting_bytes = () => uplink?.bytes ?? { memory: 0, disk: 0 };
  if (telemetry) observeSelf(telemetry.meter, { source: rows, ledger, waiting_bytes, answered: () => uplink?.answered ?? [] });
  const box =
    uplink && openBlackBox({ filters: source.kernel_filters, bytes: config.blackBox, uplink, emptyRings: () => drain.all(), log });
  opened.defer(() => box?.black_box.stop());
  const own = config.ownNetns && config.replay === undefined ? onlyOwnNetns(source) : undefined;
  const take = takerOf({ own, black_box: box?.black_box, uplink, entities, instruments });
  const inUse = { queueBytes: config.queueBytes, budget: config.budget };
  const isFull = () => uplink !== undefined && uplink.waiting_bytes > inUse.queueBytes / 4;
  const drain = new Drain(rows, take, isFull);
  if (telemetry) observeProcess(telemetry.meter, pace);
  const tellers = [refusalLog(rows, log), paceLog(pace, log)];
  announce(source, config, telemetry, log, membership !== undefined);
  settings.appliedBy(appliersOf({ pace, source, uplink, black_box: box?.black_box, log, inUse }));
  const rows_so_far = () => rowsSoFar(ledger, rows.counters(), (kind) => isOff(inUse.budget[kind]));
  if (route) opened.use(openRemote({ source, kernel: box, settings, route, rows_so_far, log }));
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
      for (const tell of tellers) tell();
    },
    onRound: () => {
      if (uplink === undefined) return;
      entities.look();
      uplink.tick();
    },
  });
  // After the end of a recording nobody waits for this process: it takes the time it needs, so a slow machine or collector costs no row.
  await uplink?.finish(() => rows.waits && rows.ended() && !stop.aborted);
  await telemetry?.stop();
  log.info({ ledger }, 'stopped');
  replaced.signal.throwIfAborted();
}

type Takers = {
  /** leaves rows of other namespaces out */
  own: ((kind: Kind, drained: Uint8Array) => Uint8Array) | undefined;
  black_box: BlackBox | undefined;
  uplink: Uplink | undefined;
  entities: Pick<EntityNames, 'see'>;
  instruments: Instruments | undefined;
};

/** What becomes of drained rows, in this order. */
function takerOf({ own, black_box, uplink, entities, instruments }: Takers): Take {
  return (kind, drained) => {
    const wanted = own?.(kind, drained) ?? drained;
    const rows = black_box?.take(kind, wanted) ?? wanted;
    if (rows.length === 0) return;
    uplink?.add(kind, rows);
    if (uplink !== undefined) entities.see(kind, rows);
    instruments?.record(kind, rows);
  };
}
