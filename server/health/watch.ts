// Gathers the state of the collector and its store: twice a minute for /metrics, and on request.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { reasonOf } from '../../agent/process/errors.ts';
import { KIND, KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import type { Agent } from '../access/agents.ts';
import type { HealthFigures, StoreDamage, StoreFigures } from '../api/health.ts';
import type { HostNames } from '../host-names.ts';
import type { Log } from '../log/log.ts';
import { StoreError } from '../storage/engine.ts';
import { engineState } from '../storage/queries/engine-state.ts';
import { troubledHosts } from '../storage/queries/hosts.ts';
import { segmentRowBytes } from '../storage/segment-insert.ts';
import type { Store } from '../storage/store.ts';
import { LIMITS } from './findings.ts';
import { CERTIFICATE_MS } from './port-rules.ts';
import { DiskRoom, Floods, HostClocks, RecentInserts } from './recent.ts';

export type HealthParts = {
  store: Pick<Store, 'query' | 'upkeep' | 'ping'>;
  log: Pick<Log, 'bytes' | 'sealedCount' | 'behind_s' | 'failure'>;
  hostNames: HostNames;
  log_bytes_max: number;
  port: () => HealthFigures['port'];
  /** agents that have joined */
  agents: () => readonly Agent[];
  /** folder of rows whose times are outside the tables' window */
  quarantine: string;
  dead_letter: string;
};

type StoreSeen = Pick<HealthFigures, 'store' | 'store_reason' | 'hosts' | 'hosts_known' | 'dropped'>;

const LOOK_MS = 30_000;
/** For so long an answer is reused: a new one costs the store a dozen small queries. */
const FRESH_MS = 5000;
const HOUR_MS = 3_600_000;
/** A host that has not reported for longer counts as gone: its silence is no problem any more. */
const GONE_MS = 7 * 24 * HOUR_MS;
const HOSTS_MOST = 100;
const DROPPED_MOST = 20;
const FLOODS_MOST = 20;
const CERTIFICATES_MOST = 1000;

export class HealthWatch {
  readonly inserts = new RecentInserts();
  readonly clocks = new HostClocks();
  readonly floods = new Floods();
  readonly #parts: HealthParts;
  readonly #room = new DiskRoom();
  readonly #began_ms = Date.now();
  readonly #stopping = new AbortController();
  #damage: StoreDamage = { lost_tables: [], broken_parts: [], missing_rows: [] };
  #away_since_ms: number | null = null;
  #last: HealthFigures | undefined;
  #looking: Promise<HealthFigures> | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(parts: HealthParts) {
    this.#parts = parts;
  }

  /** The last figures, for /metrics; undefined before the first. */
  get last(): HealthFigures | undefined {
    return this.#last;
  }

  /** The damage that upkeep found last. */
  get damage(): StoreDamage {
    return this.#damage;
  }

  /** Puts new damage also into the figures that are reused. */
  found(damage: StoreDamage): void {
    this.#damage = damage;
    if (this.#last) this.#last = { ...this.#last, damage };
  }

  start(): void {
    this.#running = this.#keepLooking();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Figures that are at most some seconds old. Never fails: where the store does not answer, its part is null. */
  figures(): Promise<HealthFigures> {
    if (this.#last && Date.now() - this.#last.at_ms < FRESH_MS) return Promise.resolve(this.#last);
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #keepLooking(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.figures();
      await sleep(LOOK_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #look(): Promise<HealthFigures> {
    const { log, log_bytes_max, quarantine, dead_letter } = this.#parts;
    const at_ms = Date.now();
    const { isAway, ...asked } = await this.#askStore(at_ms);
    if (isAway) this.#away_since_ms ??= at_ms;
    else this.#away_since_ms = null;
    const [quarantined, dead_letters] = [await kept(quarantine, (kind) => KINDS[kind].size), await kept(dead_letter, segmentRowBytes)];
    const free = (asked.store?.disks ?? []).map(({ free_bytes }) => free_bytes);
    if (free.length > 0) this.#room.note(at_ms, Math.min(...free));
    // No await from here on, so damage that upkeep finds meanwhile is not overwritten.
    this.#last = {
      at_ms,
      ...asked,
      damage: this.#damage,
      port: this.#parts.port(),
      agent_certificates: certificatesEnding(this.#parts.agents(), at_ms),
      floods: this.floods.worst(FLOODS_MOST, at_ms).map(({ host, requests }) => ({ name: this.#nameOf(host), requests })),
      away_since_ms: this.#away_since_ms,
      log: { bytes: log.bytes, bytes_max: log_bytes_max, segments: log.sealedCount, behind_s: log.behind_s, failure: log.failure },
      inserts: this.inserts.figures(at_ms),
      free_bytes_per_s: this.#room.bytesPerS(),
      quarantine: quarantined,
      dead_letters,
      clocks: this.clocks.worst(HOSTS_MOST).map((clock) => ({ ...clock, name: this.#parts.hostNames.get(BigInt(clock.host_id)) })),
    };
    return this.#last;
  }

  /** The name of the host whose id is at the end of `host`; else `host` itself. */
  #nameOf(host: string): string {
    const [, id] = /([0-9a-f]{16})$/.exec(host) ?? [];
    return id === undefined ? host : this.#parts.hostNames.get(BigInt(`0x${id}`));
  }

  /** `isAway`: the store does not answer; false while it is opened for the first time. */
  async #askStore(now_ms: number): Promise<StoreSeen & { isAway: boolean }> {
    try {
      const store: StoreFigures = await engineState(this.#parts.store, this.#began_ms);
      return { isAway: false, store, store_reason: '', ...(await this.#hosts(now_ms)), dropped: await this.#dropped(now_ms) };
    } catch (error) {
      const isAway = !(error instanceof StoreError && error.code === 'store_opening');
      return { isAway, store: null, store_reason: reasonOf(error), hosts: [], hosts_known: 0, dropped: [] };
    }
  }

  async #hosts(now_ms: number): Promise<Pick<HealthFigures, 'hosts' | 'hosts_known'>> {
    const limits = { gone_ms: now_ms - GONE_MS, silent_ms: now_ms - LIMITS.silent_ms, limit: HOSTS_MOST };
    const { troubled, known } = await troubledHosts(this.#parts.store, { from: now_ms - HOUR_MS, to: now_ms }, limits, now_ms);
    return { hosts: troubled, hosts_known: known };
  }

  async #dropped(now_ms: number): Promise<HealthFigures['dropped']> {
    const newest = await this.#parts.store.upkeep.dropped(DROPPED_MOST);
    return newest.filter(({ at_ms }) => now_ms - at_ms < 24 * HOUR_MS);
  }
}

/** Certificates that end soon or have ended lately. Older ones are left out: their hosts are most likely gone. */
function certificatesEnding(agents: readonly Agent[], now_ms: number): HealthFigures['agent_certificates'] {
  return agents
    .flatMap(({ name, certificate_ends_ms: ends_ms, revoked_ms }) =>
      ends_ms === undefined || revoked_ms !== undefined ? [] : { name, ends_ms },
    )
    .filter(({ ends_ms }) => Math.abs(ends_ms - now_ms) < CERTIFICATE_MS.warning)
    .sort((a, b) => a.ends_ms - b.ends_ms)
    .slice(0, CERTIFICATES_MOST);
}

/** Counts the rows in a folder's files; a file's name begins with their kind. */
async function kept(folder: string, rowBytes: (kind: Kind) => number): Promise<HealthFigures['quarantine']> {
  const found = { files: 0, rows: 0, bytes: 0 };
  for (const name of await readdir(folder).catch(() => [])) {
    const kind = KIND.find((candidate) => name.startsWith(`${candidate}-`));
    if (kind === undefined || !name.endsWith('.rows')) continue;
    const size = (await stat(join(folder, name)).catch(() => undefined))?.size ?? 0;
    found.files++;
    found.rows += Math.floor(size / rowBytes(kind));
    found.bytes += size;
  }
  return found;
}
