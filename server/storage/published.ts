// The table rollup_version says which version of each piece (five minutes, an hour, a day) is to be read. A piece is published by one row,
// so either the whole piece is read or nothing of it.
import { quote } from './columns.ts';
import type { Engine, Queryable } from './engine.ts';
import type { Tier } from './tiers.ts';

/** A tier of the rollup, the hours of the accounting or of the map, or minutes in pieces of five. */
export type PublishedTier = Tier | 'accounting' | 'map' | 'minutes';

/** `rolled_rows`: how many rows were behind the piece when it was built. */
export type Published = { start_s: number; version: bigint; rolled_rows: number };

/** Limit of pieces in an answer: the longest range of a question has as many hours. */
const PAGE = 5000;

/**
 * A version is a time in ms, followed by so many random bits: two collectors that build a piece at the same time have different versions.
 */
const RANDOM_BITS = 20n;

/** A new version: larger than those `before` it, whatever the clock says. */
export function newVersion(now_ms: number, before: readonly bigint[]): bigint {
  let version = (BigInt(now_ms) << RANDOM_BITS) | BigInt(Math.floor(Math.random() * 2 ** Number(RANDOM_BITS)));
  for (const other of before) if (other >= version) version = other + 1n;
  return version;
}

/** The time in ms at which the building of this version began. */
export const versionTime = (version: bigint) => Number(version >> RANDOM_BITS);

/** The pieces of a tier that begin within [from_s, to_s), oldest first. */
export async function published(engine: Queryable, tier: PublishedTier, from_s: number, to_s: number): Promise<Published[]> {
  const pieces: Published[] = [];
  for (let next_s = from_s; ; ) {
    const page = await engine.query<Omit<Published, 'version'> & { newest: string }>(
      `SELECT toUnixTimestamp(start) AS start_s, toString(max(version)) AS newest, argMax(rolled_rows, version) AS rolled_rows FROM rollup_version
WHERE tier = {tier:String} AND start >= toDateTime({from_s:UInt32}, 'UTC') AND start < toDateTime({to_s:UInt32}, 'UTC')
GROUP BY start ORDER BY start LIMIT ${PAGE}`,
      { tier, from_s: next_s, to_s },
      PAGE,
    );
    for (const { newest, ...piece } of page) pieces.push({ ...piece, version: BigInt(newest) });
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return pieces;
    next_s = last.start_s + 1;
  }
}

/** Publishes pieces, all at once. */
export async function publish(engine: Pick<Engine, 'command'>, tier: PublishedTier, pieces: readonly Published[]): Promise<void> {
  const values = pieces.map(
    ({ start_s, version, rolled_rows }) => `(${quote(tier)}, toDateTime(${start_s}, 'UTC'), ${version}, ${rolled_rows})`,
  );
  await engine.command(`INSERT INTO rollup_version (tier, start, version, rolled_rows) VALUES ${values.join(', ')}`);
}

/**
 * A condition over `(start, version)` for these pieces. Plain numbers are one literal to the engine. With a function call for each piece it
 * would take longer to plan than to read a month of hours. The numbers come from this program only.
 */
export function pairs(pieces: readonly Pick<Published, 'start_s' | 'version'>[]): string {
  return `(start, version) IN (${pieces.map(({ start_s, version }) => `(${start_s}, ${version})`).join(', ')})`;
}
