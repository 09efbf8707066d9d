// Slows down guessing of passwords: after some failed log-ins of a name, or from an address, each further one doubles the delay.
import { isIPv6 } from 'node:net';
import { Refusal } from '../errors.ts';
import { LIMITS } from '../limits.ts';

/** So many failures cause no delay. */
const FREE = 5;
const FIRST_MS = 1000;
/** After so long without a failure, the earlier ones are forgotten. */
const FORGOTTEN_MS = 3600_000;

type Failures = { count: number; last_ms: number };

export class LoginDelays {
  /** In the order of the last failure, the oldest first. */
  readonly #failures = new Map<string, Failures>();

  /**
   * A log-in begins. It counts as failed until `succeeded` is called: otherwise many attempts at once would all be let through.
   * @throws Refusal `too_many_logins`
   */
  begin(name: string, address: string, now_ms: number): void {
    const keys = keysOf(name, address);
    const wait_ms = Math.max(...keys.map((key) => this.#waitOf(key, now_ms)));
    if (wait_ms > 0) {
      const retry_after_s = Math.ceil(wait_ms / 1000);
      throw new Refusal('too_many_logins', `too many log-ins have failed: try again in ${retry_after_s} s`, { retry_after_s });
    }
    for (const key of keys) this.#count(key, this.#countOf(key, now_ms) + 1, now_ms);
  }

  /**
   * Clears the failures of the name. Of the address only this log-in is taken back: otherwise the owner of one account could reset the
   * address's delay by own log-ins between guesses at other accounts.
   */
  succeeded(name: string, address: string, now_ms: number): void {
    const [ofName, ofAddress] = keysOf(name, address);
    this.#failures.delete(ofName);
    this.#count(ofAddress, this.#countOf(ofAddress, now_ms) - 1, now_ms);
  }

  #waitOf(key: string, now_ms: number): number {
    const count = this.#countOf(key, now_ms);
    if (count <= FREE) return 0;
    const delay_ms = Math.min(LIMITS.login_delay_ms.number, FIRST_MS * 2 ** (count - FREE - 1));
    return (this.#failures.get(key)?.last_ms ?? 0) + delay_ms - now_ms;
  }

  #countOf(key: string, now_ms: number): number {
    const { count, last_ms } = this.#failures.get(key) ?? { count: 0, last_ms: now_ms };
    return now_ms - last_ms < FORGOTTEN_MS ? count : 0;
  }

  #count(key: string, count: number, now_ms: number): void {
    this.#failures.delete(key);
    if (count <= 0) return;
    this.#failures.set(key, { count, last_ms: now_ms });
    for (const oldest of this.#failures.keys()) {
      if (this.#failures.size <= LIMITS.login_failures.number) break;
      this.#failures.delete(oldest);
    }
  }
}

function keysOf(name: string, address: string): [ofName: string, ofAddress: string] {
  return [`name ${name}`, `address ${networkOf(address)}`];
}

/** An IPv6 client can use any address of its /64, so the /64 is counted. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [before = '', after] = address.split('%', 1)[0]?.split('::') ?? [];
  const groups = (text = '') => (text === '' ? [] : text.split(':'));
  const [left, right] = [groups(before), groups(after)];
  const zeros = after === undefined ? [] : new Array(Math.max(0, 8 - left.length - right.length)).fill('0');
  return [...left, ...zeros, ...right].slice(0, 4).join(':');
}
