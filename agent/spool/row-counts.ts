// Counts of rows by the agent's run and by kind.

export type RowCount = { epoch: string; kind: string; rows: number };

export class RowCounts implements Iterable<RowCount> {
  readonly #counts = new Map<string, RowCount>();

  constructor(counts: Iterable<RowCount> = []) {
    for (const { epoch, kind, rows } of counts) this.add(epoch, kind, rows);
  }

  add(epoch: string, kind: string, rows: number): void {
    const key = `${epoch} ${kind}`;
    const count = this.#counts.get(key);
    if (count === undefined) this.#counts.set(key, { epoch, kind, rows });
    else count.rows += rows;
    if (count?.rows === 0) this.#counts.delete(key);
  }

  of(epoch: string, kind: string): number {
    return this.#counts.get(`${epoch} ${kind}`)?.rows ?? 0;
  }

  addAll(counts: Iterable<RowCount>, sign: 1 | -1 = 1): void {
    for (const { epoch, kind, rows } of counts) this.add(epoch, kind, sign * rows);
  }

  [Symbol.iterator](): Iterator<RowCount> {
    return this.#counts.values();
  }
}
