// Requests of people to one collector, with the cookies that it sets.
import { ask as send } from './enrolled.ts';

export type Asked = { headers?: Record<string, string>; body?: object };
/** `cookie`: the part of `setCookie` that a browser sends back; both '' if none was set. */
export type Answer = { status: number; body: Record<string, unknown>; setCookie: string; cookie: string; location: string };

export async function ask(url: string, method: string, path: string, asked: Asked = {}): Promise<Answer> {
  const { status, body, headers } = await send(url + path, { method, ...asked });
  const setCookie = headers['set-cookie']?.[0] ?? '';
  return { status, body, setCookie, cookie: setCookie.split(';', 1)[0] ?? '', location: headers.location ?? '' };
}

/** Headers that a browser sends from the collector's own page. */
export const samePage = (url: string): Record<string, string> => ({ origin: new URL(url).origin, 'sec-fetch-site': 'same-origin' });
