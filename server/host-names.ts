import { hex64 } from '../agent/contract/hex64.ts';
// The newest name that each host reported, for rows that are shown before the store has them.

/** Far more hosts than one collector serves. A name that was dropped is learned again from the host's next report. */
export const HOSTS_MAX = 100_000;

export class HostNames {
  readonly #names = new Map<bigint, string>();

  set(hostId: bigint, name: string): void {
    this.#names.delete(hostId);
    this.#names.set(hostId, name);
    if (this.#names.size <= HOSTS_MAX) return;
    const [oldest] = this.#names.keys();
    if (oldest !== undefined) this.#names.delete(oldest);
  }

  /** The host's name; its id in 16 hex digits while no name is known. */
  get(hostId: bigint): string {
    return this.#names.get(hostId) ?? hex64(hostId);
  }
}
