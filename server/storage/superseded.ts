// Versions of pieces that are read no more: they go once nobody can be reading them. Their table is told by its tier.
import { type PublishedTier, pairs, published, versionTime } from './published.ts';
import type { Engine } from './store.ts';

/** Queries that began before a version was superseded have ended by then. */
const SUPERSEDED_MS = 10 * 60_000;
/** How far back the first look goes for what a killed process has left. */
const LEFT_OVER_S = 40 * 86_400;

export class Superseded {
  readonly #engine: Pick<Engine, 'query' | 'define'>;
  readonly #tier: PublishedTier;
  readonly #table: string;
  /** Starts of pieces that have been built more than once; undefined: not yet looked. */
  #rebuilt: Set<number> | undefined;

  constructor(engine: Pick<Engine, 'query' | 'define'>, tier: PublishedTier, table: string) {
    this.#engine = engine;
    this.#tier = tier;
    this.#table = table;
  }

  /** The piece has a newer version now. */
  add(start_s: number): void {
    this.#rebuilt?.add(start_s);
  }

  async remove(now_ms: number): Promise<void> {
    if (this.#rebuilt?.size === 0) return;
    const found = await this.#versions(Math.max(0, Math.floor(now_ms / 1000) - LEFT_OVER_S));
    const starts = found.map(({ start_s }) => start_s);
    const [from_s, to_s] = [starts.reduce((a, b) => Math.min(a, b), 0xffff_ffff), starts.reduce((a, b) => Math.max(a, b), 0) + 1];
    const newest = new Map((await published(this.#engine, this.#tier, from_s, to_s)).map(({ start_s, version }) => [start_s, version]));
    const superseded = found.filter(({ start_s, version }) => version < (newest.get(start_s) ?? 0n));
    const isOld = ({ start_s }: { start_s: number }) => versionTime(newest.get(start_s) ?? 0n) < now_ms - SUPERSEDED_MS;
    const old = superseded.filter(isOld);
    if (old.length > 0) await this.#engine.define(`ALTER TABLE ${this.#table} DELETE WHERE ${pairs(old)}`);
    this.#rebuilt = new Set(superseded.filter((piece) => !isOld(piece)).map(({ start_s }) => start_s));
  }

  async #versions(from_s: number): Promise<{ start_s: number; version: bigint }[]> {
    const where = this.#rebuilt
      ? `start IN (${[...this.#rebuilt].map((start_s) => `toDateTime(${start_s}, 'UTC')`).join(', ')})`
      : "start >= toDateTime({from_s:UInt32}, 'UTC')";
    const found = await this.#engine.query<{ start_s: number; of: string }>(
      `SELECT DISTINCT toUnixTimestamp(start) AS start_s, toString(version) AS of FROM ${this.#table} WHERE ${where}`,
      { from_s },
    );
    return found.map(({ start_s, of }) => ({ start_s, version: BigInt(of) }));
  }
}
