// Which of several collectors to ask. Each host prefers one, and hosts prefer different ones; while its collector does not answer, it asks
// the next.
import { digestOf } from '../contract/secret.ts';

/** A collector that did not answer is asked again after so long, while others do. */
const AWAY_MS = 10_000;

export class Addresses {
  readonly #urls: readonly string[];
  readonly #away = new Map<string, number>();

  /** @param key differs from host to host: hosts spread evenly over the collectors, and few move when one is added (rendezvous hashing) */
  constructor(urls: readonly string[], key = '') {
    const weight = (url: string) => digestOf(`${key} ${url}`);
    this.#urls = urls.toSorted((a, b) => weight(b).localeCompare(weight(a)));
  }

  /** The first collector that is not away; where all are, the one that has been away for longest. */
  current(now_ms: number): string {
    const since = (url: string) => this.#away.get(url) ?? Number.NEGATIVE_INFINITY;
    const there = this.#urls.find((url) => since(url) + AWAY_MS <= now_ms);
    return there ?? this.#urls.toSorted((a, b) => since(a) - since(b))[0] ?? '';
  }

  /** The collector did not answer, or something else answered in its place. */
  failed(url: string, now_ms: number): void {
    this.#away.set(url, now_ms);
  }

  answered(url: string): void {
    this.#away.delete(url);
  }
}
