// The processes of a run, the disks and clocks they have, and the networks between them.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROWS_PATH } from '../../agent/contract/batch-envelope.ts';
import { freePort } from '../support/free-port.ts';
import { Actor } from './actor.ts';
import { CollectorProcess, EngineProcess } from './collectors.ts';
import { Host } from './hosts.ts';
import { Progress, watchFiles } from './progress.ts';
import { Relay } from './relay.ts';
import type { Fault, Point, Schedule, Within } from './schedule.ts';
import { canMount, SmallDisk } from './small-disk.ts';

const DISK_MIB = 48;
/** A point that is not reached within this time is skipped. */
const POINT_MS = 20_000;
const CLOCK_LIBRARY = '/usr/$LIB/faketime/libfaketimeMT.so.1';
const hasClockLibrary = ['x86_64', 'aarch64'].some((machine) => existsSync(CLOCK_LIBRARY.replace('$LIB', `lib/${machine}-linux-gnu`)));

export class Stage {
  readonly schedule: Schedule;
  readonly directory: string;
  readonly hosts: Host[] = [];
  readonly collectors: CollectorProcess[] = [];
  engine: EngineProcess | undefined;
  readonly #said: string[] = [];
  readonly #progress = { batch: new Progress(), insert: new Progress(), log_file: new Progress(), spool_file: new Progress() };
  readonly #watchers: { close(): void }[] = [];
  readonly #disks = new Map<string, SmallDisk>();
  readonly #began_ms = Date.now();
  readonly #batches: Relay;
  readonly #inserts: Relay;

  constructor(schedule: Schedule, directory: string) {
    this.schedule = schedule;
    this.directory = directory;
    this.#batches = new Relay({
      targets: () => this.collectors.map(({ url }) => url),
      mishaps: schedule.mishaps.batches,
      counts: ({ path }) => path === ROWS_PATH,
      progress: this.#progress.batch,
      keep: true,
    });
    this.#inserts = new Relay({
      targets: () => (this.engine ? [this.engine.url] : []),
      mishaps: schedule.mishaps.inserts,
      counts: ({ method, path }) => method === 'POST' && path.includes('INSERT'),
      progress: this.#progress.insert,
      keep: false,
    });
  }

  say(text: string): void {
    this.#said.push(`${String(Date.now() - this.#began_ms).padStart(6)} ms  ${text}`);
  }

  get said(): readonly string[] {
    return this.#said;
  }

  /** The network between agents and collectors. */
  get batches(): Relay {
    return this.#batches;
  }

  /** The network between collectors and their engine, where it is a process of its own. */
  get inserts(): Relay {
    return this.#inserts;
  }

  /** The engine's directory, and its database. */
  get tables(): { engine: string; database: string } {
    const http = this.schedule.engine === 'http';
    return { engine: join(this.directory, http ? 'front' : 'collector-0', 'engine'), database: http ? 'tcplens' : 'default' };
  }

  /** Starts everything; returns when all collectors take batches. */
  async open(): Promise<void> {
    const { schedule, directory } = this;
    await this.halve('migrate', schedule.migration_kills);
    const clickhouse = schedule.engine === 'http' ? await this.#openEngine() : '';
    for (let index = 0; index < schedule.collectors; index++) {
      const data = this.#place('collector', index);
      const port = await freePort();
      this.collectors.push(new CollectorProcess({ index, port, directory, data, clickhouse, env: this.#clock('collector', index) }));
      const gone = clickhouse === '' ? this.#progress.insert : undefined;
      this.#watchers.push(watchFiles(join(data, 'log'), this.#progress.log_file, gone));
    }
    const collector = await this.#batches.listen();
    schedule.agents.forEach((plan, index) => {
      const spool = this.#place('agent', index);
      const { seed } = schedule;
      this.hosts.push(new Host({ plan, index, seed, directory, spool, collector, env: this.#clock('agent', index) }));
      this.#watchers.push(watchFiles(spool, this.#progress.spool_file));
    });
    for (const host of this.hosts) host.start(1);
    for (const each of this.collectors) each.start();
    await Promise.all(this.collectors.map((each) => each.ready()));
  }

  async #openEngine(): Promise<string> {
    this.engine = new EngineProcess(this.directory);
    await this.engine.start();
    return this.#inserts.listen();
  }

  /** Begins work on the engine while nothing else has it open, and kills it half way. */
  async halve(work: 'migrate' | 'refresh', kills: readonly Within[]): Promise<void> {
    const { engine, database } = this.tables;
    const actor = new Actor(work, join(this.directory, `${work}.log`));
    for (const { statement, then_ms } of kills) {
      const args = ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'half.ts'), engine, database, work];
      actor.start({ file: process.execPath, args: [...args, String(statement), String(then_ms)] });
      const code = await actor.ended();
      this.say(`${work}: ${then_ms} ms into statement ${statement} it ${code === 0 ? 'had ended' : 'was killed'}`);
      if (code !== 0 && code !== -1) throw new Error(`${work} ended with ${code}`);
    }
  }

  /** Where a process keeps its files: a small disk, if one of its faults is that it is full. */
  #place(who: 'agent' | 'collector', which: number): string {
    const path = join(this.directory, `${who}-${which}`);
    mkdirSync(path, { recursive: true });
    if (this.#suffers(who, which, 'full_disk') && canMount) {
      const disk = new SmallDisk(who === 'collector' ? join(path, 'log') : path);
      disk.mount(DISK_MIB);
      this.#disks.set(`${who}-${which}`, disk);
    }
    return path;
  }

  disk(who: string, which: number): SmallDisk | undefined {
    return this.#disks.get(`${who}-${which}`);
  }

  /** A clock of its own, if one of its faults is that it jumps. */
  #clock(who: 'agent' | 'collector', which: number): Record<string, string> {
    if (!this.#suffers(who, which, 'clock') || !hasClockLibrary) return {};
    this.setClock(who, which, 0);
    return {
      LD_PRELOAD: CLOCK_LIBRARY,
      FAKETIME_TIMESTAMP_FILE: this.#clockFile(who, which),
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }

  #clockFile = (who: string, which: number) => join(this.directory, `${who}-${which}.clock`);

  /** Takes effect within a second. */
  setClock(who: string, which: number, by_s: number): void {
    writeFileSync(this.#clockFile(who, which), `${by_s < 0 ? '' : '+'}${by_s}\n`);
  }

  #suffers(who: string, which: number, what: Fault['what']): boolean {
    return this.schedule.faults.some((fault) => fault.what === what && fault.who === who && fault.which === which);
  }

  /** @returns whether the point was reached */
  async until({ of, count, then_ms }: Point): Promise<boolean> {
    // A run may be shorter than its schedule.
    const over = Promise.all(this.hosts.map(({ actor }) => actor.ended(POINT_MS)));
    const reached = await Promise.race([this.#progress[of].reached(count).then(() => true), over.then(() => false)]);
    await sleep(then_ms);
    return reached;
  }

  async close(): Promise<void> {
    for (const watcher of this.#watchers) watcher.close();
    this.#batches.close();
    this.#inserts.close();
    for (const host of this.hosts) host.close();
    const actors = [...this.hosts, ...this.collectors, ...(this.engine ? [this.engine] : [])].map(({ actor }) => actor);
    await Promise.all(actors.map((actor) => actor.kill()));
    for (const disk of this.#disks.values()) disk.unmount();
  }
}
