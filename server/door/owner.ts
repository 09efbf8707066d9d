// Who of all that reach the port is the data directory's owner: a tool shows the token, a browser a cookie that it was given for a link.
// Cookies know no ports, so what is on another port of this machine may see one: it is made from the token and does not tell it.
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { LIMITS } from '../limits.ts';

export const OPEN_PATH = '/open';
const COOKIE = 'tcplens_owner';

export class Owner {
  readonly #token: string;
  readonly #session: string;
  /** Keys of links that nobody has opened, and when each was made; oldest first. */
  readonly #links = new Map<string, number>();

  constructor(token: string) {
    this.#token = token;
    this.#session = createHmac('sha256', token).update('browser').digest('hex');
  }

  /** Whether who sent these can read the token, or has opened a link of who can. */
  isShownBy({ authorization = '', cookie = '' }: IncomingHttpHeaders): boolean {
    if (isSame(authorization, `Bearer ${this.#token}`)) return true;
    return cookie.split(/; */).some((one) => isSame(one, `${COOKIE}=${this.#session}`));
  }

  /** The path of a link that makes a browser the owner's, once. */
  newLink(now_ms: number): string {
    const key = randomBytes(32).toString('hex');
    this.#links.set(key, now_ms);
    for (const old of [...this.#links.keys()].slice(0, -LIMITS.links.number)) this.#links.delete(old);
    return `${OPEN_PATH}?key=${key}`;
  }

  /** Whether the link with this key may be opened; it is used up. */
  opens(key: string, now_ms: number): boolean {
    const made_ms = this.#links.get(key);
    this.#links.delete(key);
    return made_ms !== undefined && now_ms - made_ms < LIMITS.link_ms.number;
  }

  /** The header that gives a browser its cookie, until it is closed. */
  get setCookie(): string {
    return `${COOKIE}=${this.#session}; Path=/; HttpOnly; SameSite=Strict`;
  }
}

/** In a time that says nothing of where they differ. */
function isSame(shown: string, right: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(shown), digest(right));
}
