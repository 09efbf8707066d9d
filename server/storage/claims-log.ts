// The table of claims in SQL: what is written at a position, and what is asked of it.
import { CLAIMS_TOKENS } from './claims-tables.ts';
import { quote } from './columns.ts';
import type { Engine } from './store.ts';

/** One agent's run and kind, which number their batches together. Ids as 16 hex digits. */
export type Run = { kind: string; host_id: string; epoch: string };
/** Batches `first` to `last` of a run are stored out of this segment. */
export type Claim = Run & { segment: string; first: number; last: number };
type Placed = Claim & { position: number };

/** Batches that one claim may cover: so much of the sorting key has to be read to know whether a batch is covered. */
export const RANGE_MAX = 1000;
/** Claims that follow the position that is read. A collector that has missed more begins anew. */
const FOLLOWED_MAX = 50_000;
/** Claims in one answer. */
const PAGE = 20_000;
/** Conditions in one statement. */
const CONDITIONS_MAX = 200;

const COLUMNS = `position, segment, kind, lower(leftPad(hex(host_id), 16, '0')) AS host, lower(leftPad(hex(epoch), 16, '0')) AS run,
  first_sequence AS first, last_sequence AS last`;
type Row = { position: number; segment: string; kind: string; host: string; run: string; first: number; last: number };

export class ClaimsLog {
  readonly #engine: Pick<Engine, 'command' | 'query'>;

  constructor(engine: Pick<Engine, 'command' | 'query'>) {
    this.#engine = engine;
  }

  /** A position with all before it in the table; 0 if nothing has been claimed yet. */
  async head(): Promise<number> {
    const [row] = await this.#engine.query<{ head: number }>('SELECT max(position) AS head FROM claims_head', {}, 1);
    return row?.head ?? 0;
  }

  /** Adds nothing if the position has been written. Nothing says so: read it. */
  async write(position: number, claims: readonly Claim[]): Promise<void> {
    const rows = claims.map(
      ({ segment, kind, host_id, epoch, first, last }) =>
        `(${position}, ${quote(segment)}, ${quote(kind)}, ${decimal(host_id)}, ${decimal(epoch)}, ${first}, ${last})`,
    );
    await this.#engine.command(`INSERT INTO claims (position, segment, kind, host_id, epoch, first_sequence, last_sequence)
SETTINGS async_insert = 0, insert_deduplicate = 1, insert_deduplication_token = ${quote(`${CLAIMS_TOKENS}/${position}`)},
  input_format_parallel_parsing = 0, max_insert_block_size = 10000000, min_insert_block_size_rows = 10000000, min_insert_block_size_bytes = 0
VALUES ${rows.join(', ')}`);
  }

  /** All from a position on, by position. The first one's block is whole, however many batches it is of. */
  async from(position: number): Promise<Placed[] | 'too_many'> {
    const found: Placed[] = [];
    let following = 0;
    for await (const page of this.#pages(`position >= ${position}`)) {
      following += page.filter((claim) => claim.position > position).length;
      if (following > FOLLOWED_MAX) return 'too_many';
      found.push(...page.map(placed));
    }
    return found;
  }

  /** The highest sequence that anybody has claimed of each run, by `keyOf`. */
  async lastOf(runs: readonly Run[]): Promise<Map<string, number>> {
    const lasts = new Map<string, number>();
    for (const some of chunks(runs)) {
      const keys = some.map(({ kind, host_id, epoch }) => `(${quote(kind)}, ${decimal(host_id)}, ${decimal(epoch)})`);
      const rows = await this.#engine.query<Row>(
        `SELECT kind, lower(leftPad(hex(host_id), 16, '0')) AS host,
  lower(leftPad(hex(epoch), 16, '0')) AS run, max(last_sequence) AS last
FROM claims WHERE (kind, host_id, epoch) IN (${keys.join(', ')}) GROUP BY kind, host_id, epoch`,
        {},
        some.length,
      );
      for (const { kind, host, run, last } of rows) lasts.set(keyOf({ kind, host_id: host, epoch: run }), last);
    }
    return lasts;
  }

  /** Whoever's claims that cover a batch of these. */
  async overlapping(asked: readonly Omit<Claim, 'segment'>[]): Promise<Placed[]> {
    const found: Placed[] = [];
    for (const some of chunks(asked)) {
      const conditions = some.map(
        ({ kind, host_id, epoch, first, last }) =>
          `(kind = ${quote(kind)} AND host_id = ${decimal(host_id)} AND epoch = ${decimal(epoch)} AND ` +
          `last_sequence BETWEEN ${first} AND ${last + RANGE_MAX} AND first_sequence <= ${last})`,
      );
      for await (const page of this.#pages(conditions.join(' OR '))) found.push(...page.map(placed));
    }
    return found;
  }

  /** By their positions, of which each may have many. */
  async *#pages(condition: string): AsyncGenerator<Row[]> {
    const key = 'position, toString(kind), host_id, epoch, last_sequence';
    for (let after = "(0, '', 0, 0, 0)"; ; ) {
      const rows = await this.#engine.query<Row>(
        `SELECT ${COLUMNS} FROM claims WHERE (${condition}) AND (${key}) > ${after} ORDER BY ${key} LIMIT ${PAGE}`,
        {},
        PAGE,
      );
      yield rows;
      const end = rows.at(-1);
      if (end === undefined || rows.length < PAGE) return;
      after = `(${end.position}, ${quote(end.kind)}, ${decimal(end.host)}, ${decimal(end.run)}, ${end.last})`;
    }
  }
}

/** A run as a key of maps. */
export function keyOf({ kind, host_id, epoch }: Run): string {
  return `${kind}/${host_id}/${epoch}`;
}

function placed({ host, run, ...claim }: Row): Placed {
  return { ...claim, host_id: host, epoch: run };
}

function decimal(hex: string): string {
  return BigInt(`0x${hex}`).toString();
}

function chunks<Item>(items: readonly Item[]): Item[][] {
  return Array.from({ length: Math.ceil(items.length / CONDITIONS_MAX) }, (_, index) =>
    items.slice(index * CONDITIONS_MAX, (index + 1) * CONDITIONS_MAX),
  );
}
