// Removes superseded versions of pieces, when no query can be reading them any more.

import type { Engine } from './engine.ts';
import { type PublishedTier, pairs, published, versionTime } from './published.ts';

/** Queries that began before a version was superseded have ended after this time. */
const SUPERSEDED_MS = 10 * 60_000;
/** The first look goes back this far, to find versions that a killed process has left. */
const LEFT_OVER_S = 40 * 86_400;
/** Limit of pieces in one look: they have to fit into a statement, which may be 256 KiB long. */
const STARTS_A_LOOK = 1000;
const VERSIONS_A_LOOK = 5000;

export class Superseded {
  readonly #engine: Pick<Engine, 'query' | 'define'>;
  readonly #tier: PublishedTier;
  readonly #table: string;
  /** Starts of pieces that were built again and may have superseded versions; undefined until the first look is complete. */
  #rebuilt: Set<number> | undefined;

  constructor(engine: Pick<Engine, 'query' | 'define'>, tier: PublishedTier, table: string) {
    this.#engine = engine;
    this.#tier = tier;
    this.#table = table;
  }

  /** Notes that the piece was built again. */
  add(start_s: number): void {
    this.#rebuilt?.add(start_s);
  }

  /** Removes superseded versions of some of the pieces. Further calls continue with the rest. */
  async remove(now_ms: number): Promise<void> {
    if (this.#rebuilt?.size === 0) return;
    const looked = this.#rebuilt && [...this.#rebuilt].sort((a, b) => a - b).slice(0, STARTS_A_LOOK);
    const found = await this.#versions(Math.max(0, Math.floor(now_ms / 1000) - LEFT_OVER_S), looked);
    const last_s = found.at(-1)?.start_s ?? 0;
    const newest = new Map(
      (await published(this.#engine, this.#tier, found[0]?.start_s ?? 0, last_s + 1)).map(({ start_s, version }) => [start_s, version]),
    );
    const superseded = found.filter(({ start_s, version }) => version < (newest.get(start_s) ?? 0n));
    const isOld = ({ start_s }: { start_s: number }) => versionTime(newest.get(start_s) ?? 0n) < now_ms - SUPERSEDED_MS;
    const old = superseded.filter(isOld);
    if (old.length > 0) await this.#engine.define(`ALTER TABLE ${this.#table} DELETE WHERE ${pairs(old)}`);
    const cut = found.length === VERSIONS_A_LOOK;
    // The first look is complete when it finds fewer versions than its limit. Until then it is repeated.
    if (this.#rebuilt === undefined && cut) return;
    this.#rebuilt ??= new Set();
    for (const start_s of looked ?? []) if (!cut || start_s < last_s) this.#rebuilt.delete(start_s);
    for (const piece of superseded) if (!isOld(piece)) this.#rebuilt.add(piece.start_s);
  }

  /** The versions in the table, oldest piece first. @param starts of pieces; undefined: all since `from_s` */
  async #versions(from_s: number, starts: readonly number[] | undefined): Promise<{ start_s: number; version: bigint }[]> {
    const where = starts
      ? `start IN (${starts.map((start_s) => `toDateTime(${start_s}, 'UTC')`).join(', ')})`
      : "start >= toDateTime({from_s:UInt32}, 'UTC')";
    const found = await this.#engine.query<{ start_s: number; of: string }>(
      `SELECT DISTINCT toUnixTimestamp(start) AS start_s, toString(version) AS of FROM ${this.#table} WHERE ${where}
ORDER BY start_s, of LIMIT ${VERSIONS_A_LOOK}`,
      { from_s },
      VERSIONS_A_LOOK,
    );
    return found.map(({ start_s, of }) => ({ start_s, version: BigInt(of) }));
  }
}
