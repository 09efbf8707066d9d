// Hosts whose rows this collector has lately refused, since the version of their agent is too old or too new.
import type { VersionRefusal } from './state.ts';

/** A refused agent tries again once a minute, so a refusal is repeated well within this time. */
const REMEMBERED_MS = 5 * 60_000;
const HOSTS_MAX = 100_000;

export class VersionRefusals {
  readonly #refused = new Map<string, { code: VersionRefusal; at_ms: number }>();

  note(host_id: bigint, code: VersionRefusal, at_ms: number): void {
    const id = host_id.toString();
    this.#refused.delete(id);
    this.#refused.set(id, { code, at_ms });
    const [oldest] = this.#refused.keys();
    if (this.#refused.size > HOSTS_MAX && oldest !== undefined) this.#refused.delete(oldest);
  }

  /** @param host_id in decimal */
  of(host_id: string, now_ms: number): VersionRefusal | undefined {
    const found = this.#refused.get(host_id);
    return found !== undefined && now_ms - found.at_ms < REMEMBERED_MS ? found.code : undefined;
  }
}
