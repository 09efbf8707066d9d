// Figures of the last minutes and hours in bounded memory: inserts, free space on the disk, clocks of hosts.

const INSERTS_MS = 10 * 60_000;
const INSERTS_MAX = 20_000;
const SLOWEST = 5;

export type Insert = { kind: string; rows: number; seconds: number; at_ms: number };

export class RecentInserts {
  #done: Insert[] = [];
  #failed: { at_ms: number; reason: string }[] = [];

  inserted(insert: Insert): void {
    this.#done.push(insert);
    if (this.#done.length > INSERTS_MAX) this.#done = this.#done.slice(INSERTS_MAX / 2);
  }

  failed(at_ms: number, reason: string): void {
    this.#failed.push({ at_ms, reason });
    if (this.#failed.length > INSERTS_MAX) this.#failed = this.#failed.slice(INSERTS_MAX / 2);
  }

  figures(now_ms: number) {
    const from_ms = now_ms - INSERTS_MS;
    this.#done = this.#done.filter(({ at_ms }) => at_ms >= from_ms);
    this.#failed = this.#failed.filter(({ at_ms }) => at_ms >= from_ms);
    const rows = this.#done.reduce((sum, insert) => sum + insert.rows, 0);
    return {
      inserts: this.#done.length,
      rows,
      seconds: this.#done.reduce((sum, insert) => sum + insert.seconds, 0),
      rows_per_s: rows / (INSERTS_MS / 1000),
      rows_per_insert: this.#done.length === 0 ? 0 : rows / this.#done.length,
      slowest: this.#done.toSorted((a, b) => b.seconds - a.seconds).slice(0, SLOWEST),
      failed: this.#failed.length,
      last_failure: this.#failed.at(-1)?.reason ?? '',
    };
  }
}

/** Over a shorter time the rate would show only a merge or a pause. */
const WATCHED_MS_MIN = 10 * 60_000;
const WATCHED_MS_MAX = 6 * 3_600_000;

export class DiskRoom {
  #seen: { at_ms: number; free_bytes: number }[] = [];

  note(at_ms: number, free_bytes: number): void {
    this.#seen.push({ at_ms, free_bytes });
    this.#seen = this.#seen.filter((one) => at_ms - one.at_ms <= WATCHED_MS_MAX);
  }

  /** Growth of the free space; below 0 while the disk fills. Null until it was watched for WATCHED_MS_MIN. */
  bytesPerS(): number | null {
    const [first, last] = [this.#seen[0], this.#seen.at(-1)];
    if (!first || !last || last.at_ms - first.at_ms < WATCHED_MS_MIN) return null;
    return (last.free_bytes - first.free_bytes) / ((last.at_ms - first.at_ms) / 1000);
  }
}

const FLOODS_MAX = 1000;
const FLOODS_MS = 10 * 60_000;

/** Hosts whose requests were refused by the limit of rates. */
export class Floods {
  readonly #last = new Map<string, { requests: number; at_ms: number }>();

  note(host: string, now_ms: number): void {
    const requests = (this.#last.get(host)?.requests ?? 0) + 1;
    this.#last.delete(host);
    this.#last.set(host, { requests, at_ms: now_ms });
    const [oldest] = this.#last.keys();
    if (this.#last.size > FLOODS_MAX && oldest !== undefined) this.#last.delete(oldest);
  }

  /** Hosts that were refused within the last ten minutes, with their number of refused requests; the worst first. */
  worst(limit: number, now_ms: number): { host: string; requests: number }[] {
    for (const [host, { at_ms }] of this.#last) if (now_ms - at_ms > FLOODS_MS) this.#last.delete(host);
    const all = [...this.#last].map(([host, { requests }]) => ({ host, requests }));
    return all.toSorted((a, b) => b.requests - a.requests).slice(0, limit);
  }
}

const HOSTS_MAX = 100_000;
/** A report can take this long through a busy collector, so a smaller difference proves nothing about the clock. */
const AHEAD_MS_MIN = 5000;

/** By how much the clocks of hosts are off, from their newest reports. */
export class HostClocks {
  readonly #ahead = new Map<string, number>();

  note(host_id: bigint, ahead_ms: number): void {
    const id = host_id.toString();
    this.#ahead.delete(id);
    if (Math.abs(ahead_ms) < AHEAD_MS_MIN) return;
    this.#ahead.set(id, Math.round(ahead_ms));
    const [oldest] = this.#ahead.keys();
    if (this.#ahead.size > HOSTS_MAX && oldest !== undefined) this.#ahead.delete(oldest);
  }

  /** ms by which the host's clock is ahead; null where it is off by less than AHEAD_MS_MIN, or where the host has not reported. */
  of(host_id: string): number | null {
    return this.#ahead.get(host_id) ?? null;
  }

  /** The clocks that are off the most, the worst first. */
  worst(limit: number): { host_id: string; ahead_ms: number }[] {
    return [...this.#ahead]
      .map(([host_id, ahead_ms]) => ({ host_id, ahead_ms }))
      .sort((a, b) => Math.abs(b.ahead_ms) - Math.abs(a.ahead_ms))
      .slice(0, limit);
  }
}
