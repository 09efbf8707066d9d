// Requests of people at one collector, and the cookies that it gives them.
import { ask as send } from './enrolled.ts';

export type Asked = { headers?: Record<string, string>; body?: object };
/** `cookie`: what a browser sends back of `setCookie`; both empty where there is none. */
export type Answer = { status: number; body: Record<string, unknown>; setCookie: string; cookie: string; location: string };

export async function ask(url: string, method: string, path: string, asked: Asked = {}): Promise<Answer> {
  const { status, body, headers } = await send(url + path, { method, ...asked });
  const setCookie = headers['set-cookie']?.[0] ?? '';
  return { status, body, setCookie, cookie: setCookie.split(';', 1)[0] ?? '', location: headers.location ?? '' };
}

/** Headers of the browser on the collector's own page. */
export const samePage = (url: string): Record<string, string> => ({ origin: new URL(url).origin, 'sec-fetch-site': 'same-origin' });
