// The cookies that a browser gets: none is seen by scripts or sent with requests of other sites' pages.
import type { FastifyRequest } from 'fastify';

type Asked = Pick<FastifyRequest, 'protocol' | 'headers'>;
/** `lax`: also sent when another site's page leads here, as an identity provider does. Without `max_age_s` it goes when the browser is closed. */
export type CookieOptions = { max_age_s?: number; lax?: boolean };

/**
 * Over TLS its name begins with `__Host-`: a browser takes such a cookie from this very host only, and only encrypted. On plain HTTP every
 * port of the host sees it.
 */
const fullName = (name: string, { protocol }: Pick<Asked, 'protocol'>) => (protocol === 'https' ? `__Host-${name}` : name);

/** The value of a Set-Cookie header. */
export function newCookie(request: Asked, name: string, value: string, { max_age_s, lax = false }: CookieOptions = {}): string {
  return [
    `${fullName(name, request)}=${value}`,
    'Path=/',
    'HttpOnly',
    `SameSite=${lax ? 'Lax' : 'Strict'}`,
    ...(request.protocol === 'https' ? ['Secure'] : []),
    ...(max_age_s === undefined ? [] : [`Max-Age=${max_age_s}`]),
  ].join('; ');
}

/** What a browser has sent; undefined where it has none of this name. */
export function cookieIn(request: Asked, name: string): string | undefined {
  const start = `${fullName(name, request)}=`;
  const found = (request.headers.cookie ?? '').split(/; */).find((one) => one.startsWith(start));
  return found?.slice(start.length);
}
