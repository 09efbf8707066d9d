// Corrects losses: rows that were counted as lost although they are stored. The collector took the batch but its acknowledgement was lost,
// or another collector, with another clock, quarantined the rows. Whoever counts a loss cannot know that, so the tables are asked. Of a
// batch no more rows are lost than it has, less those that are stored. `found` only grows, so it does not matter who looks, and how often.
import { AGENT_LOSSES, lossesAt } from '../../agent/contract/outcome.ts';
import { KIND, type Kind } from '../../bpf/rows/rows.gen.ts';
import { quote } from './columns.ts';
import type { Engine } from './engine.ts';

/** Entries in a page: the ranges of their batches have to fit into one statement. */
const PAGE = 100;
/** Limit of pages in a pass. The next pass goes on behind them. */
const PAGES_A_PASS = 100;
/** Losses of the last day are checked this often, and all losses once a day: their rows may arrive much later. */
const RECENT_MS = 10 * 60_000;
const ALL_MS = 24 * 3_600_000;

const listed = (names: readonly string[]) => names.map(quote).join(', ');
const COLLECTOR_LOSSES = listed(lossesAt('collector'));
/** Losses of collectors come first: a row of an agent's loss is also found if a collector has counted it as lost. */
const STAGES = [COLLECTOR_LOSSES, listed(AGENT_LOSSES)] as const;

/** An entry of `lost`: `rows` rows of some batches were counted as lost; `found` of them are not lost. Ids in decimal, `minute` in s. */
type Entry = {
  host_id: string;
  epoch: string;
  kind: Kind;
  sequence: string;
  outcome: string;
  minute: number;
  sequences: [first: string, last: string][];
  rows: number;
  sent_rows: number;
  found: number;
};
/** The rest of a look at the losses since `from_s`: from `stage` on, entries after `after`. */
type Sweep = { from_s: number; stage: number; after: Entry | undefined };

export class FoundLosses {
  readonly #engine: Pick<Engine, 'query' | 'insertObjects'>;
  #sweep: Sweep | undefined;
  #all_ms = Number.NEGATIVE_INFINITY;
  #recent_ms = Number.NEGATIVE_INFINITY;

  constructor(engine: Pick<Engine, 'query' | 'insertObjects'>) {
    this.#engine = engine;
  }

  /** Runs a pass if one is due. @returns number of entries of which more rows were found */
  async run(now_ms: number): Promise<number> {
    this.#sweep ??= this.#due(now_ms);
    let changed = 0;
    for (let page = 0; this.#sweep !== undefined && page < PAGES_A_PASS; page++) {
      const { stage, from_s } = this.#sweep;
      const { entries, after } = await this.#page(this.#sweep);
      const found = stage === 0 ? await this.#ofCollectors(entries) : await this.#ofAgents(entries);
      const grown = found.filter((entry, index) => entry.found > (entries[index]?.found ?? 0));
      if (grown.length > 0) await this.#engine.insertObjects('lost', grown);
      changed += grown.length;
      if (after !== undefined) this.#sweep = { from_s, stage, after };
      else this.#sweep = stage + 1 < STAGES.length ? { from_s, stage: stage + 1, after } : undefined;
    }
    return changed;
  }

  #due(now_ms: number): Sweep | undefined {
    const all = now_ms - this.#all_ms >= ALL_MS;
    if (!all && now_ms - this.#recent_ms < RECENT_MS) return undefined;
    this.#recent_ms = now_ms;
    if (all) this.#all_ms = now_ms;
    return { from_s: all ? 0 : Math.floor((now_ms - ALL_MS) / 1000), stage: 0, after: undefined };
  }

  /** The next entries with rows that were not found so far; a batch's entries are in one page. `after`: undefined at the end. */
  async #page({ from_s, stage, after }: Sweep): Promise<{ entries: Entry[]; after: Entry | undefined }> {
    const behind =
      'l.host_id >= {host:UInt64} AND (l.host_id, l.epoch, toString(l.kind), l.sequence, toString(outcome)) > ({host:UInt64}, {epoch:UInt64}, {kind:String}, {sequence:UInt64}, {outcome:String})';
    const { host_id: host, epoch, kind, sequence, outcome } = after ?? {};
    const entries = await this.#engine.query<Entry>(
      `SELECT toString(l.host_id) AS host_id, toString(l.epoch) AS epoch, toString(l.kind) AS kind, toString(l.sequence) AS sequence,
  toString(l.outcome) AS outcome, toUnixTimestamp(l.minute) AS minute, arrayMap(r -> [toString(r.1), toString(r.2)], l.sequences) AS sequences,
  l.rows AS rows, l.sent_rows AS sent_rows, l.found AS found
FROM lost AS l FINAL
WHERE l.sequence > 0 AND reporter = '' AND l.rows > l.found AND l.minute >= toDateTime({from_s:UInt32}, 'UTC')
  AND l.kind IN (${listed(KIND)}) AND l.outcome IN (${STAGES[stage]})${after === undefined ? '' : ` AND ${behind}`}
ORDER BY l.host_id, l.epoch, toString(l.kind), l.sequence, toString(l.outcome) LIMIT ${PAGE}`,
      { from_s, host, epoch, kind, sequence, outcome },
      PAGE,
    );
    if (entries.length < PAGE) return { entries, after: undefined };
    const last = entries.findLastIndex((entry) => batchOf(entry) !== batchOf(entries[PAGE - 1]));
    const whole = entries.slice(0, last + 1);
    return { entries: whole, after: whole.at(-1) };
  }

  /**
   * Of a batch no more rows are lost than were sent and are not stored. With several outcomes, the first has as many of these as it
   * counted.
   */
  async #ofCollectors(entries: readonly Entry[]): Promise<Entry[]> {
    const batches = [...Map.groupBy(entries, batchOf).values()];
    const stored = await this.#rowsOf(
      batches.flatMap((batch) => batch.slice(0, 1)),
      () => '',
    );
    return batches.flatMap((batch, index) => {
      const sent_rows = Math.max(...batch.map((entry) => entry.sent_rows));
      let left = sent_rows === 0 ? Number.POSITIVE_INFINITY : Math.max(0, sent_rows - (stored[index] ?? 0));
      return batch.map((entry) => {
        const lost = Math.min(left, entry.rows);
        left -= lost;
        return { ...entry, found: entry.rows - lost };
      });
    });
  }

  /** An agent loses whole batches. Rows of these that are stored, or that a collector has counted as lost, were not lost by the agent. */
  async #ofAgents(entries: readonly Entry[]): Promise<Entry[]> {
    const named = (kind: Kind) => `UNION ALL
SELECT l.host_id, l.epoch, l.sequence, toUInt64(l.rows - l.found) AS n FROM lost AS l FINAL
WHERE l.host_id IN {hosts:Array(UInt64)} AND l.epoch IN {epochs:Array(UInt64)} AND l.kind = ${quote(kind)} AND l.sequence > 0 AND l.rows > l.found
  AND l.outcome IN (${COLLECTOR_LOSSES})`;
    const found = await this.#rowsOf(entries, named);
    return entries.map((entry, index) => ({ ...entry, found: Math.min(entry.rows, found[index] ?? 0) }));
  }

  /** Number of distinct stored rows of each entry's batches. @param also a further part of the union, with other rows that count */
  async #rowsOf(entries: readonly Entry[], also: (kind: Kind) => string): Promise<number[]> {
    const rows: number[] = [];
    const kinds = Map.groupBy(entries.keys(), (index) => entries[index]?.kind);
    for (const [kind, indices] of kinds) {
      if (kind === undefined) continue;
      const ranges = indices.flatMap((index) => rangesOf(entries[index]).map((range) => ({ ...range, index })));
      const of = (name: 'host_id' | 'epoch' | 'first' | 'last') => ranges.map((range) => BigInt(range[name]));
      const counted = await this.#engine.query<{ entry: number; n: number }>(
        `SELECT entry, sum(n) AS n
FROM (
  SELECT host_id, epoch, sequence, uniqExact(batch_row) AS n FROM ${kind}
  WHERE host_id IN {hosts:Array(UInt64)} AND epoch IN {epochs:Array(UInt64)} AND sequence BETWEEN arrayMin({firsts:Array(UInt64)}) AND arrayMax({lasts:Array(UInt64)})
  GROUP BY host_id, epoch, sequence
  ${also(kind)}
) AS batch
ASOF JOIN (
  SELECT r.1 AS host_id, r.2 AS epoch, r.3 AS first, r.4 AS last, r.5 AS entry
  FROM (SELECT arrayJoin(arrayZip({hosts:Array(UInt64)}, {epochs:Array(UInt64)}, {firsts:Array(UInt64)}, {lasts:Array(UInt64)}, {entries:Array(UInt32)})) AS r)
) AS range
ON batch.host_id = range.host_id AND batch.epoch = range.epoch AND batch.sequence >= range.first
WHERE batch.sequence <= range.last
GROUP BY entry`,
        {
          hosts: of('host_id'),
          epochs: of('epoch'),
          firsts: of('first'),
          lasts: of('last'),
          entries: ranges.map(({ index }) => index),
        },
        indices.length,
      );
      for (const { entry, n } of counted) rows[entry] = n;
    }
    return rows;
  }
}

type BatchRange = Pick<Entry, 'host_id' | 'epoch'> & { first: string; last: string };

function rangesOf(entry: Entry | undefined): BatchRange[] {
  if (entry === undefined) return [];
  const { host_id, epoch, sequence, sequences } = entry;
  const ranges = sequences.length === 0 ? ([[sequence, sequence]] as const) : sequences;
  return ranges.map(([first, last]) => ({ host_id, epoch, first, last }));
}

const batchOf = (entry: Entry | undefined) => `${entry?.host_id} ${entry?.epoch} ${entry?.kind} ${entry?.sequence}`;
