// Requests as a browser or a tool sends them: fetch() has ideas of its own about Host, Origin and cookies.
import { request as plain } from 'node:http';
import { request as encrypted } from 'node:https';

export type Asked = { headers?: Record<string, string>; body?: object };
/** `cookie`: the Set-Cookie header, and its first part to be sent back; both empty where there is none. */
export type Answer = { status: number; body: Record<string, unknown>; text: string; setCookie: string; cookie: string; location: string };

export async function ask(url: string, method: string, path: string, { headers = {}, body }: Asked = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const text = body && JSON.stringify(body);
  const ofBody = text === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) };
  const send = url.startsWith('https:') ? encrypted : plain;
  // What certificate it has is for the tests of TLS.
  send(url + path, { method, headers: { ...ofBody, ...headers }, rejectUnauthorized: false }, async (response) => {
    let came = '';
    for await (const chunk of response.setEncoding('utf8')) came += chunk;
    const setCookie = response.headers['set-cookie']?.[0] ?? '';
    resolve({
      status: response.statusCode ?? 0,
      body: came.startsWith('{') ? (JSON.parse(came) as Record<string, unknown>) : {},
      text: came,
      setCookie,
      cookie: setCookie.split(';', 1)[0] ?? '',
      location: response.headers.location ?? '',
    });
  })
    .on('error', reject)
    .end(text);
  return promise;
}

/** Headers of the browser on the collector's own page. */
export const samePage = (url: string): Record<string, string> => ({ origin: new URL(url).origin, 'sec-fetch-site': 'same-origin' });
