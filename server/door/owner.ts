// The data directory's owner: tools show the token of the directory. A browser gets a session by a link that such a tool has asked for.
import { Type } from 'typebox';
import { digestOf, newSecret } from '../../agent/contract/secret.ts';
import type { Sessions } from '../access/sessions.ts';
import { Refusal } from '../errors.ts';
import type { App } from '../http.ts';
import { LIMITS } from '../limits.ts';
import type { Audit } from './audit.ts';
import { addressOf } from './peer.ts';
import type { Identify, Principal } from './principal.ts';
import { bearerOf, isSame } from './secrets.ts';

export const OPEN_PATH = '/open';
const OWNER: Principal = { kind: 'owner', name: 'owner', role: 'admin' };

export class Owner {
  readonly #token: string;
  /** Links that were not opened yet: digest of the key, and when the link was made; oldest first. */
  readonly #links = new Map<string, number>();

  constructor(token: string) {
    this.#token = token;
  }

  /** The owner, if the request shows the token. */
  readonly identify: Identify = ({ headers: { authorization } }) => {
    const shown = bearerOf(authorization);
    return shown !== undefined && isSame(shown, this.#token) ? OWNER : undefined;
  };

  /** The path of a link that gives one browser the owner's rights. It works once. */
  newLink(now_ms: number): string {
    const key = newSecret();
    this.#links.set(digestOf(key), now_ms);
    for (const old of [...this.#links.keys()].slice(0, -LIMITS.links.number)) this.#links.delete(old);
    return `${OPEN_PATH}?key=${key}`;
  }

  /** Uses up the link with this key and does `work`; the link stays usable if that fails. @throws Refusal `link_used` */
  async open<Result>(shown: string, now_ms: number, work: () => Promise<Result>): Promise<Result> {
    const key = digestOf(shown);
    const made_ms = this.#links.get(key);
    this.#links.delete(key);
    if (made_ms === undefined || now_ms - made_ms >= LIMITS.link_ms.number)
      throw new Refusal('link_used', 'this link has been opened before, or is too old: "tcplens admin link" prints another');
    try {
      return await work();
    } catch (error) {
      this.#links.set(key, made_ms);
      throw error;
    }
  }
}

/** Opens a link: the browser gets its cookie and is sent to the page. */
export function registerOpen(app: App, owner: Owner, { sessions, audit }: { sessions: Sessions; audit: Audit }): void {
  app.get(OPEN_PATH, {
    // No HEAD route: a program that previews links must not use the link up.
    exposeHeadRoute: false,
    schema: { hide: true, querystring: Type.Object({ key: Type.String({ maxLength: 64 }) }, { additionalProperties: false }) },
    handler: async (request, reply) => {
      const now_ms = Date.now();
      const asked = { name: OWNER.name, role: 'admin', by: 'link', address: addressOf(request) } as const;
      const cookie = await audit.of(request, { action: 'link_open', target: OWNER.name }, () =>
        owner.open(request.query.key, now_ms, () => sessions.make(request, asked, now_ms)),
      );
      return reply.header('set-cookie', cookie).header('cache-control', 'no-store').redirect('/', 303);
    },
  });
}
