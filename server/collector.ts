// The collector, put together: every part made by name and handed to those that use it. Nothing runs before `start`.
//
//   app: check ─▶ log ─▶ writer ─▶ store ─▶ queries ─▶ people
//                  └─▶ live ─▶ viewers ◀── tick ◀──┘
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { KINDS } from '../bpf/rows.gen.ts';
import type { LiveMessage } from './api.ts';
import { buildApp } from './app.ts';
import type { Config } from './config.ts';
import { reasonOf, StartError } from './errors.ts';
import { HostNames } from './host-names.ts';
import type { App } from './http.ts';
import { LateStore } from './late-store.ts';
import { Live } from './live.ts';
import { type DataLock, lockDataDirectory } from './lock.ts';
import { Log } from './log/log.ts';
import { Writer, type WriterEvents } from './log/writer.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { EDGES_DEFAULT } from './query/routes.ts';
import { openClickHouse } from './storage/clickhouse.ts';
import { openEmbedded } from './storage/embedded.ts';
import { edges } from './storage/queries/edges.ts';
import { hosts } from './storage/queries/hosts.ts';
import { overview } from './storage/queries/overview.ts';
import { retransmitFromRow } from './storage/queries/retransmits.ts';
import type { Store } from './storage/store.ts';

const MIB = 1024 * 1024;
const LOG_LIMITS = { segment_bytes_max: 16 * MIB, journal_bytes_max: 8 * MIB };
const WRITER = { seal_ms: 500, retry_ms_min: 500, retry_ms_max: 30_000 };
const DEFAULT_DATABASE = 'tcplens';

export type Surroundings = { version: string; logger: Logger; dashboards: string };

export class Collector {
  readonly #config: Config;
  readonly #surroundings: Surroundings;
  readonly #metrics: Metrics;
  readonly #log: Log;
  readonly #store: LateStore;
  readonly #live: Live;
  readonly #writer: Writer;
  readonly #hostNames = new HostNames();
  #lock: DataLock | undefined;
  #app: App | undefined;
  #filling: Promise<void> = Promise.resolve();

  constructor(config: Config, surroundings: Surroundings) {
    const { version, logger } = surroundings;
    const data = resolve(config.data);
    this.#config = { ...config, data };
    this.#surroundings = surroundings;
    this.#metrics = createMetrics(version);
    this.#log = new Log({ directory: join(data, 'log'), log_bytes_max: config.log_max, ...LOG_LIMITS });
    this.#store = lateStore(config.clickhouse, join(data, 'engine'));
    this.#live = new Live({
      version,
      metrics: this.#metrics,
      tick: () => computeTick(this.#store),
      decode: (row) => retransmitFromRow(row, this.#hostNames.get(row.host_id)),
      tickFailed: (error) => logger.warn({ err: error }, 'live tick failed'),
    });
    this.#writer = new Writer(this.#log, this.#store, WRITER, writerEvents(this.#metrics, this.#live, logger));
    this.#metrics.gauge('log.size', 'By', 'rows that the store does not have yet', () => this.#log.bytes);
    this.#metrics.gauge('log.segments', '{segment}', 'sealed segments that wait for the store', () => this.#log.sealed.length);
  }

  /** Takes batches from its return on, at the URL that it returns. @throws StartError */
  async start(): Promise<string> {
    const { listen, data, in_flight_max } = this.#config;
    this.#lock = lockDataDirectory(data);
    await this.#recover();
    const parts = { log: this.#log, store: this.#store, live: this.#live, metrics: this.#metrics, hostNames: this.#hostNames };
    this.#app = await buildApp({ ...this.#surroundings, ...parts, in_flight_bytes_max: in_flight_max });
    try {
      return await this.#app.listen({ ...listen, listenTextResolver: (url) => `listening on ${url}` });
    } catch (error) {
      const inUse = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      const advice = inUse ? 'something listens there already: stop it, or choose another with --listen' : reasonOf(error);
      throw new StartError('address_in_use', `cannot listen on ${listen.host}:${listen.port}: ${advice}`, { cause: error });
    }
  }

  /** Opens the store and begins to fill it; returns when that runs. Rejects with what waiting cannot change. */
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
    this.#live.trouble('');
    for (const { host_id, name } of await hosts(this.#store, Date.now())) this.#hostNames.set(BigInt(host_id), name);
    await this.#writer.settle();
    this.#writer.start();
    logger.info({ backend: this.#store.backend }, 'ready');
  }

  /**
   * Takes no more, and puts what is in the log into the store; the rest stays in the log. Each step may take `ms`.
   * False if one took longer or failed: something may still run.
   */
  async stop(ms: number): Promise<boolean> {
    const { logger } = this.#surroundings;
    if (!this.#lock) return true;
    // A server that is away may stay so; an engine in this process is there in a moment, and the log is to be emptied into it.
    const filled = this.#store.backend === 'embedded' ? this.#filling.catch(() => undefined) : undefined;
    const steps = [
      await within(ms, 'finishing requests', this.#app?.close(), logger),
      await within(ms, 'opening the store', filled, logger),
      await within(ms, 'emptying the log', this.#writer.stop(), logger),
      await within(ms, 'closing the store', this.#store.close(), logger),
    ];
    await this.#log.close();
    await this.#metrics.stop();
    this.#lock.release();
    logger.info({ log_bytes: this.#log.bytes }, 'stopped');
    return steps.every(Boolean);
  }

  async #recover(): Promise<void> {
    const { segments, torn_bytes, damaged_lines, set_aside } = await this.#log.start();
    this.#metrics.tornBytes.add(torn_bytes);
    this.#metrics.segmentsSetAside.add(set_aside.length);
    const { logger } = this.#surroundings;
    if (segments.length > 0 || torn_bytes > 0) logger.info({ segments: segments.length, torn_bytes }, 'recovered the log');
    if (set_aside.length > 0 || damaged_lines > 0)
      logger.error(
        { set_aside, damaged_lines },
        'the log is damaged, or was left by another version of tcplens: these rows are not stored',
      );
  }
}

function lateStore(clickhouse: URL | undefined, path: string): LateStore {
  if (!clickhouse) return new LateStore('embedded', () => openEmbedded({ path }));
  const { origin, username, password, pathname } = clickhouse;
  const login = username === '' ? {} : { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  const database = decodeURIComponent(pathname.slice(1)) || DEFAULT_DATABASE;
  return new LateStore('clickhouse', () => openClickHouse({ url: origin, database, ...login }));
}

function writerEvents(metrics: Metrics, live: Live, logger: Logger): WriterEvents {
  return {
    inserted: ({ kind, length }, seconds) => {
      metrics.rowsInserted.add(length / KINDS[kind].size, { kind });
      metrics.insertDuration.record(seconds, { kind });
      live.inserted();
    },
    failed: ({ kind, segment }, error) => {
      metrics.insertFailures.add(1, { kind });
      logger.warn({ kind, segment, err: error }, 'a segment was not inserted and is tried again');
    },
    trouble: (reason) => live.trouble(reason),
  };
}

async function computeTick(store: Store): Promise<LiveMessage> {
  const server_ms = Date.now();
  const range = {};
  return {
    type: 'tick',
    server_ms,
    overview: await overview(store, range, server_ms),
    edges: await edges(store, range, EDGES_DEFAULT, server_ms),
  };
}

/** Waits for `work` for so long; what fails or takes longer is reported, and the next step begins. */
async function within(ms: number, what: string, work: PromiseLike<unknown> | undefined, logger: Logger): Promise<boolean> {
  const giveUp = new AbortController();
  const late = sleep(ms, true, { signal: giveUp.signal }).catch(() => undefined);
  try {
    const gaveUp = await Promise.race([Promise.resolve(work).then(() => false), late]);
    if (gaveUp) logger.error({ ms }, `gave up ${what}`);
    return !gaveUp;
  } catch (error) {
    logger.error({ err: error }, `failed at ${what}`);
    return false;
  } finally {
    giveUp.abort();
  }
}
