// What the page says of a scenario: its rows go into a real store, each side as a host of its own, and are asked for as the page does.

import { HEAD_AT, KIND } from '../../bpf/rows/rows.gen.ts';
import { VERDICTS } from '../../dashboards/verdicts.ts';
import type { Finding } from '../../dashboards/views/connection/findings/finding.ts';
import { findingsOf } from '../../dashboards/views/connection/findings.ts';
import type { Connection, Edge, Overview } from '../../server/api.ts';
import { connection } from '../../server/storage/queries/connection.ts';
import { edges } from '../../server/storage/queries/edges.ts';
import { overview } from '../../server/storage/queries/overview.ts';
import { BACKENDS, type Fixture } from '../server/storage/backends.ts';
import { filterOf } from '../server/storage/filter-of.ts';
import type { Observed } from './observe.ts';
import { type Scenario, SIDES, type Side } from './scenario.ts';

/** The page of one side. */
export type Page = {
  overview: Overview;
  /** what the tiles say in words, by their names */
  words: Record<keyof typeof VERDICTS, string>;
  severity: Record<keyof typeof VERDICTS, string>;
  edges: Edge[];
  stories: { connection: Connection; findings: Finding[] }[];
};
export type Pages = Record<Side, Page>;

/** The range that the page asks for; where a slow machine takes longer than that, all of the run. */
const RANGE_MS = 15 * 60_000;
const STORIES_MAX = 6;

/** Stores all that was collected. @returns how to ask for a scenario's pages */
export async function openPages(scenarios: readonly Scenario[], { seen, collected, began_ms }: Observed) {
  const [backend] = BACKENDS;
  if (!backend) throw new Error('there is no engine');
  const fixture = await backend.open();
  const hosts = new Map<bigint, bigint>();
  for (const scenario of scenarios) {
    const each = seen.get(scenario.id);
    if (!each || each instanceof Error) continue;
    for (const side of SIDES) hosts.set(each[side].cookie, BigInt(hosts.size + 1));
  }
  for (const kind of KIND) {
    const rows = collected.raw[kind].flatMap((bytes) => {
      const row = Buffer.from(bytes);
      const host_id = hosts.get(row.readBigUInt64LE(HEAD_AT.netns));
      if (host_id === undefined) return [];
      row.writeBigUInt64LE(host_id, HEAD_AT.host_id);
      return [row];
    });
    if (rows.length > 0) await fixture.put(kind, rows);
  }
  const ask = async (id: string): Promise<Pages> => {
    const each = seen.get(id);
    if (!each || each instanceof Error) throw each ?? new Error('it was not run');
    const of = (side: Side) =>
      pageOf(
        fixture,
        hosts.get(each[side].cookie) ?? 0n,
        each[side].rows.connection.map((row) => row.connection_id),
        began_ms,
      );
    return { client: await of('client'), server: await of('server') };
  };
  return { ask, close: () => fixture.close() };
}

async function pageOf({ store }: Fixture, host: bigint, ids: readonly bigint[], began_ms: number): Promise<Page> {
  const host_id = String(host);
  const now_ms = Date.now();
  const range = { filter: filterOf(`host = ${host_id}`), from: Math.min(began_ms, now_ms - RANGE_MS) };
  const figures = await overview(store, range, now_ms);
  const told = Object.entries(VERDICTS).map(([name, verdict]) => [name, verdict(figures)] as const);
  const stories = await Promise.all([...new Set(ids)].slice(0, STORIES_MAX).map((id) => connection(store, host_id, String(id))));
  return {
    overview: figures,
    words: Object.fromEntries(told.map(([name, { words }]) => [name, plain(words)])) as Page['words'],
    severity: Object.fromEntries(told.map(([name, { severity }]) => [name, severity])) as Page['severity'],
    edges: (await edges(store, range, { sort: 'bytes', limit: 50 }, now_ms)).edges,
    stories: stories
      .filter((story) => story !== undefined)
      .map((story) => ({ connection: story, findings: findingsOf(story).map((one) => ({ ...one, words: plain(one.words) })) })),
  };
}

/** The words with ordinary spaces. */
const plain = (words: string) => words.replaceAll('\u202f', ' ');
