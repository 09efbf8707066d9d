// Cookies of the collector: scripts cannot read them, and requests from other sites' pages do not carry them.
import type { FastifyRequest } from 'fastify';

type Asked = Pick<FastifyRequest, 'protocol' | 'headers'>;
/**
 * `lax`: also sent when another site leads the browser here, as an identity provider does. Without `max_age_s` the browser drops it when it
 * closes.
 */
export type CookieOptions = { max_age_s?: number; lax?: boolean };

/**
 * Over TLS its name begins with `__Host-`: a browser accepts such a cookie only over TLS and sends it only to this host. On plain HTTP all
 * ports of the host get the cookie.
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

/** The value that the browser has sent; undefined where there is no cookie of this name. */
export function cookieIn(request: Asked, name: string): string | undefined {
  const start = `${fullName(name, request)}=`;
  const found = (request.headers.cookie ?? '').split(/; */).find((one) => one.startsWith(start));
  return found?.slice(start.length);
}
