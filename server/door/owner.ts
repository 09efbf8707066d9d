// The data directory's owner: a tool shows the token in it, a browser a cookie that it was given for a link.
// Cookies know no ports, so what is on another port of this machine may see one: it is made from the token and does not tell it.
import { createHmac } from 'node:crypto';
import { Type } from 'typebox';
import { Refusal } from '../errors.ts';
import type { App } from '../http.ts';
import { LIMITS } from '../limits.ts';
import type { Identify, Principal } from './principal.ts';
import { bearerOf, isSame, newSecret } from './secrets.ts';

export const OPEN_PATH = '/open';
const COOKIE = 'tcplens_owner';
const OWNER: Principal = { kind: 'owner', name: 'owner', role: 'admin' };

export class Owner {
  readonly #token: string;
  readonly #session: string;
  /** Keys of links that nobody has opened, and when each was made; oldest first. */
  readonly #links = new Map<string, number>();

  constructor(token: string) {
    this.#token = token;
    this.#session = createHmac('sha256', token).update('browser').digest('hex');
  }

  /** Who can read the token, or has opened a link of who can. */
  readonly identify: Identify = ({ headers: { authorization, cookie = '' } }) => {
    const shown = bearerOf(authorization);
    if (shown !== undefined && isSame(shown, this.#token)) return OWNER;
    return cookie.split(/; */).some((one) => isSame(one, `${COOKIE}=${this.#session}`)) ? OWNER : undefined;
  };

  /** The path of a link that makes a browser the owner's, once. */
  newLink(now_ms: number): string {
    const key = newSecret();
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
  setCookie(secure: boolean): string {
    return `${COOKIE}=${this.#session}; Path=/; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`;
  }
}

/** Where a link of `tcplens admin link` leads: the browser gets its cookie, and the page. */
export function registerOpen(app: App, owner: Owner): void {
  app.get(OPEN_PATH, {
    // Whoever looks where a link leads must not use it up.
    exposeHeadRoute: false,
    schema: { hide: true, querystring: Type.Object({ key: Type.String({ maxLength: 64 }) }, { additionalProperties: false }) },
    handler: async ({ query: { key }, protocol }, reply) => {
      if (!owner.opens(key, Date.now()))
        throw new Refusal('link_used', 'this link has been opened before, or is too old: "tcplens admin link" prints another');
      return reply
        .header('set-cookie', owner.setCookie(protocol === 'https'))
        .header('cache-control', 'no-store')
        .redirect('/', 303);
    },
  });
}
