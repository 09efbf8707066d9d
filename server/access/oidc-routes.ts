// Logging in at an identity provider: the browser is sent there, and comes back with a code.
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { OIDC_PATHS } from '../api/people.ts';
import type { Audit } from '../door/audit.ts';
import { cookieIn, newCookie } from '../door/cookie.ts';
import { addressOf } from '../door/peer.ts';
import { Refusal, type RefusalCode } from '../errors.ts';
import type { App } from '../http.ts';
import type { IdentityProvider } from './identity-provider.ts';
import type { Sessions } from './sessions.ts';

export type OidcParts = {
  /** undefined: no identity provider is configured */
  provider: IdentityProvider | undefined;
  sessions: Sessions;
  audit: Audit;
  /** the origin under which the browser of this request reaches the page */
  originOf: (request: FastifyRequest) => string;
};

/** The flow's secrets are in a cookie and not in memory, so that the browser may come back to another collector. */
const COOKIE = 'tcplens-oidc';
const COOKIE_S = 600;
const Search = Type.String({ maxLength: 2000, pattern: '^(\\?[\\x21-\\x7e]*)?$' });
const Kept = Compile(Type.Object({ state: Type.String(), nonce: Type.String(), verifier: Type.String(), to: Search }));

export function registerOidc(app: App, { provider, sessions, audit, originOf }: OidcParts): void {
  app.get(OIDC_PATHS.start, {
    exposeHeadRoute: false,
    schema: { hide: true, querystring: Type.Object({ to: Type.Optional(Search) }, { additionalProperties: false }) },
    handler: async (request, reply) => {
      const { to = '' } = request.query;
      return leading(request, to, async () => {
        const { url, flow } = await known(provider).start(originOf(request) + OIDC_PATHS.back);
        const kept = Buffer.from(JSON.stringify({ ...flow, to })).toString('base64url');
        return { to: url, cookie: newCookie(request, COOKIE, kept, { max_age_s: COOKIE_S, lax: true }) };
      }).then((led) => send(reply, led));
    },
  });
  app.get(OIDC_PATHS.back, {
    exposeHeadRoute: false,
    schema: { hide: true },
    handler: async (request, reply) => {
      const kept = keptBy(request);
      return leading(request, kept?.to ?? '', () =>
        audit.of(request, { action: 'login', target: '', detail: 'oidc' }, async () => {
          if (kept === undefined)
            throw new Refusal('oidc_failed', 'the browser came back without its cookie: it waited for too long, or never left');
          const person = await known(provider).finish(new URL(originOf(request) + request.url), kept);
          request.who = { kind: 'user', ...person };
          const cookie = await sessions.make(request, { ...person, by: 'oidc', address: addressOf(request) }, Date.now());
          return { to: `/${kept.to}`, cookie };
        }),
      ).then((led) => send(reply, led));
    },
  });
}

type Led = { to: string; cookie?: string };

function send(
  reply: { header(name: string, value: string): typeof reply; redirect(url: string, code: number): unknown },
  { to, cookie }: Led,
): unknown {
  if (cookie !== undefined) reply.header('set-cookie', cookie);
  return reply.header('cache-control', 'no-store').redirect(to, 303);
}

/** On failure the page is opened with the code of the refusal. What the provider said goes only to the log. */
async function leading(request: FastifyRequest, search: string, work: () => Promise<Led>): Promise<Led> {
  try {
    return await work();
  } catch (error) {
    const code: RefusalCode = error instanceof Refusal ? error.code : 'oidc_failed';
    request.log.warn({ err: error, code }, 'somebody could not log in at the identity provider');
    return { to: `/${search}#${code}` };
  }
}

function known(provider: IdentityProvider | undefined): IdentityProvider {
  if (provider === undefined) throw new Refusal('oidc_failed', 'this collector has no identity provider (--oidc-issuer)');
  return provider;
}

function keptBy(request: FastifyRequest) {
  try {
    const kept: unknown = JSON.parse(Buffer.from(cookieIn(request, COOKIE) ?? '', 'base64url').toString('utf8'));
    return Kept.Check(kept) ? kept : undefined;
  } catch {
    return undefined;
  }
}
