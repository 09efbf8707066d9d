// The collector: makes all parts and connects them. Nothing runs before `start`.
//
//   app: check ─▶ log ─▶ writer ─▶ store ─▶ queries ─▶ people
//                  └─▶ live ─▶ viewers ◀── tick ◀──┘
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import { reasonOf } from '../agent/process/errors.ts';
import { ATTEND_MS } from './access/collectors.ts';
import { Access } from './access.ts';
import { RESTORING } from './admin/backup.ts';
import { removeSnapshot, takeSnapshot } from './admin/snapshot.ts';
import { buildApp } from './app.ts';
import { accessEvents, controlEvents, tellRecovered, upkeepEvents, writerEvents } from './collector-events.ts';
import type { Config } from './config.ts';
import { Control } from './control.ts';
import { closeApp } from './door/close.ts';
import { Owner } from './door/owner.ts';
import { ownerToken } from './door/owner-token.ts';
import { StartError } from './errors.ts';
import { registerGauges } from './health/gauges.ts';
import { registerLogGauges } from './health/log-gauges.ts';
import { HealthWatch } from './health/watch.ts';
import { HOSTS_MAX, HostNames } from './host-names.ts';
import type { App } from './http.ts';
import { Layouts } from './ingest/layouts.ts';
import { TimeWindow } from './ingest/time-window.ts';
import { LateStore } from './late-store.ts';
import { computeTick } from './live/compute-tick.ts';
import { Live } from './live.ts';
import { type DataLock, lockDataDirectory, unusable } from './lock.ts';
import { ATTEMPTS } from './log/attempts.ts';
import { LATE } from './log/lane.ts';
import { Log } from './log/log.ts';
import { LossWriter } from './log/loss-writer.ts';
import { Writer } from './log/writer.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { openStore } from './open-store.ts';
import { CollectorPort } from './port.ts';
import { hostNames } from './storage/queries/hosts.ts';
import { retransmitFromRow } from './storage/queries/retransmits.ts';
import { UpkeepLoop } from './upkeep.ts';
import { within } from './within.ts';

const MIB = 1024 * 1024;
const LOG_LIMITS = { segment_bytes_max: 64 * MIB, journal_bytes_max: 8 * MIB, flushes_apart_ms: 25 };
const WRITER = { ...ATTEMPTS, seal_ms: 500, seal_bytes_min: 256 * 1024, seal_age_ms: 750 };
/** Connections that may wait to be accepted: all agents reconnect at once after a restart. */
const BACKLOG = 4096;
const UPKEEP = { first_ms: 15_000, refresh_ms: 10_000, refresh_wait_max_ms: 10 * 60_000, retain_ms: 60_000, look_ms: 3_600_000 };

const NOT_TOLD = 'other collectors could not be told that this one is there';

export type Surroundings = { version: string; logger: Logger; dashboards: string };

export class Collector {
  readonly #config: Config;
  readonly #surroundings: Surroundings;
  readonly #metrics: Metrics;
  readonly #layouts: Layouts;
  readonly #timeWindow = new TimeWindow();
  readonly #log: Log;
  readonly #store: LateStore;
  readonly #live: Live;
  readonly #writer: Writer;
  readonly #lossWriter: LossWriter;
  readonly #upkeep: UpkeepLoop;
  readonly #hostNames = new HostNames();
  readonly #health: HealthWatch;
  #lock: DataLock | undefined;
  #owner: Owner | undefined;
  #access: Access | undefined;
  readonly #port: CollectorPort;
  #app: App | undefined;
  #filling: Promise<void> = Promise.resolve();
  #attending: NodeJS.Timeout | undefined;
  /** Once true, `#fill` starts nothing more. */
  #stopping = false;

  constructor(config: Config, surroundings: Surroundings) {
    const { version, logger } = surroundings;
    const data = resolve(config.data);
    this.#config = { ...config, data };
    this.#surroundings = surroundings;
    this.#port = new CollectorPort(config, data, logger);
    this.#metrics = createMetrics(version);
    this.#layouts = new Layouts(join(data, 'layouts'), (layouts) => this.#metrics.layoutsEvicted.add(layouts));
    this.#log = new Log({
      directory: join(data, 'log'),
      quarantine: join(data, 'quarantine'),
      dead_letter: join(data, 'dead-letter'),
      log_bytes_max: config.logMax,
      ...LOG_LIMITS,
      dropped: (files) => this.#metrics.keptFilesDropped.add(files),
    });
    this.#store = new LateStore(config.clickhouse ? 'clickhouse' : 'embedded', () => openStore(config, join(data, 'engine')));
    this.#health = new HealthWatch({
      store: this.#store,
      log: this.#log,
      hostNames: this.#hostNames,
      log_bytes_max: config.logMax,
      port: () => this.#port.figures,
      agents: () => this.#access?.agents.list() ?? [],
      quarantine: join(data, 'quarantine'),
      dead_letter: join(data, 'dead-letter'),
    });
    registerGauges(this.#metrics, this.#health);
    this.#live = new Live({
      version,
      metrics: this.#metrics,
      tick: () => computeTick(this.#store),
      decode: (row) => retransmitFromRow(row, this.#hostNames.get(row.host_id)),
      tickFailed: (error) => logger.warn({ err: error }, 'live tick failed'),
    });
    this.#writer = new Writer(this.#log, this.#store, WRITER, writerEvents(this.#metrics, this.#live, this.#health, logger));
    const { retentionSize: retention_size } = config;
    const isBehind = () => this.#log.late.bytes >= LATE.group_bytes_max;
    this.#upkeep = new UpkeepLoop(this.#store, { ...UPKEEP, retention_size, isBehind }, upkeepEvents(this.#metrics, this.#health, logger));
    registerLogGauges(this.#metrics, this.#log, this.#layouts);
    this.#lossWriter = new LossWriter(this.#log, this.#store, (error) =>
      logger.warn({ err: error }, 'lost rows could not be told to the store'),
    );
  }

  /** Starts to take batches. @returns the URL. @throws StartError */
  async start(): Promise<string> {
    const { listen, data, inFlightMax, retireAfter } = this.#config;
    this.#lock = lockDataDirectory(data);
    if (existsSync(join(data, RESTORING)))
      throw new StartError('data_dir_unusable', `a restore into ${data} was cut off: empty it, and restore the backup again.`);
    await removeSnapshot(data);
    const owner = await this.#takeOver(data);
    this.#owner = owner;
    const access = this.#accessOf(owner, data);
    this.#access = access;
    await access.book.open();
    await this.#port.open();
    const parts = {
      log: this.#log,
      layouts: this.#layouts,
      timeWindow: this.#timeWindow,
      store: this.#store,
      live: this.#live,
      metrics: this.#metrics,
      hostNames: this.#hostNames,
      health: this.#health,
      owner,
      access,
      control: this.#controlOf(access),
      port: this.#port.parts,
      snapshot: () => takeSnapshot(this.#store, data),
    };
    this.#health.start();
    this.#app = await buildApp({ ...this.#surroundings, ...parts, in_flight_bytes_max: inFlightMax, retire_after_ms: retireAfter });
    try {
      const url = await this.#app.listen({ ...listen, backlog: BACKLOG, listenTextResolver: (url) => `listening on ${url}` });
      this.#lock.announce(url);
      await this.#port.listens(this.#app, url, () => this.#attendLater());
      return url;
    } catch (error) {
      const inUse = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      const advice = inUse ? 'something listens there already: stop it, or choose another with --listen' : reasonOf(error);
      throw new StartError('address_in_use', `cannot listen on ${listen.host}:${listen.port}: ${advice}`, { cause: error });
    }
  }

  /** The path of a link that gives a browser the owner's rights; undefined before the start. */
  newLink(): string | undefined {
    return this.#owner?.newLink(Date.now());
  }

  /** Whether agents of this machine need no credential. */
  get isOpen(): boolean {
    return this.#port.access.open;
  }

  /** Opens the store and starts to write the log into it; resolves once that runs. Rejects with an error that waiting cannot cure. */
  fill(): Promise<void> {
    this.#filling = this.#fill();
    return this.#filling;
  }

  async #fill(): Promise<void> {
    const { logger } = this.#surroundings;
    await this.#store.migrateWhenThere((error) => {
      this.#live.trouble(`rows wait in the log: ${error.message}`);
      logger.warn({ err: error }, 'the store is not there yet');
    });
    if (this.#stopping) return;
    this.#live.trouble('');
    // Other collectors of the store may have made users. Until they are known, anybody on this machine could look without a log-in.
    await this.#access?.book.follow();
    await this.#attend();
    this.#attending = setInterval(() => this.#attendLater(), ATTEND_MS).unref();
    for await (const page of hostNames(this.#store, HOSTS_MAX))
      for (const { host_id, name } of page) this.#hostNames.set(BigInt(host_id), name);
    if (this.#stopping) return;
    this.#writer.start();
    this.#lossWriter.start();
    // Missing tables and parts are looked for before "ready" is logged.
    await this.#upkeep.look();
    this.#upkeep.start();
    this.#timeWindow.follow(this.#store);
    logger.info({ backend: this.#store.backend }, 'ready');
  }

  /**
   * Stops taking batches and writes the log into the store; what the store does not take stays in the log. Each step may take `ms`.
   * @returns false if a step took longer or failed, so that something may still run
   */
  async stop(ms: number): Promise<boolean> {
    const { logger } = this.#surroundings;
    if (!this.#lock) return true;
    // A server that is away may stay away. The embedded engine opens in a moment, and is waited for, so that the log is emptied into it.
    const filled = this.#store.backend === 'embedded' ? this.#filling.catch(() => undefined) : undefined;
    const steps = [
      await within(ms, 'finishing requests', this.#app && closeApp(this.#app), logger),
      await within(ms, 'opening the store', filled, logger),
    ];
    this.#stopping = true;
    this.#timeWindow.stop();
    this.#port.stop();
    clearInterval(this.#attending);
    // The engine takes one insert at a time: what upkeep builds would hold up the log.
    const kept = this.#upkeep.stop();
    steps.push(
      await within(ms, 'emptying the log', this.#writer.stop(ms / 2), logger),
      await within(ms, 'telling what was lost', this.#lossWriter.stop(), logger),
      await within(ms, 'keeping the tables', kept, logger),
      await within(ms, 'looking at the store', this.#health.stop(), logger),
      await within(ms, 'writing the audit', this.#access?.stop(), logger),
      await within(ms, 'closing the store', this.#store.close(), logger),
      // The store may have been in the middle of being opened.
      await within(
        ms,
        'ending the start',
        this.#filling.catch(() => undefined),
        logger,
      ),
    );
    await this.#log.close();
    await this.#metrics.stop();
    this.#lock.release();
    const log_bytes = this.#log.bytes;
    if (log_bytes > 0) logger.warn({ log_bytes }, 'stopped; acknowledged rows wait in the log: the next start stores them');
    else logger.info({ log_bytes }, 'stopped');
    return steps.every(Boolean);
  }

  #accessOf(owner: Owner, directory: string): Access {
    return new Access({
      store: this.#store,
      directory,
      owner,
      ...this.#port.access,
      ...accessEvents(this.#metrics, this.#surroundings.logger),
    });
  }

  #controlOf(access: Access): Control {
    const hasten = (for_ms: number) => this.#writer.hasten(for_ms);
    return new Control({ access, store: this.#store, hostNames: this.#hostNames, hasten, ...controlEvents(this.#surroundings.logger) });
  }

  /** Announces this collector's CA, so that all agents of the store's collectors trust it. */
  #attendLater(): void {
    this.#attend().catch((error: unknown) => this.#surroundings.logger.warn({ err: error }, NOT_TOLD));
  }

  async #attend(): Promise<void> {
    const { tls, url } = this.#port;
    if (tls?.authority !== undefined)
      await this.#access?.collectors.attend({ authority: tls.authority, name: hostname(), address: url }, Date.now());
  }

  /** Recovers what an earlier process has left in the data directory. */
  async #takeOver(data: string): Promise<Owner> {
    try {
      await this.#recover();
      return new Owner(ownerToken(data));
    } catch (error) {
      throw error instanceof Error && 'syscall' in error ? unusable(data, error) : error;
    }
  }

  async #recover(): Promise<void> {
    const { logger } = this.#surroundings;
    const unreadable = await this.#layouts.start();
    if (unreadable.length > 0) logger.warn({ unreadable }, 'these files in the folder of layouts are none');
    const recovered = await this.#log.start((schema) => this.#layouts.conversion(schema));
    tellRecovered(recovered, this.#metrics, logger);
  }
}
