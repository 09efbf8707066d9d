// HTTP by hand over a socket, for requests that no client library would send.
import { connect, type Socket } from 'node:net';

export type RawHttp = {
  socket: Socket;
  /** All that was received so far. */
  answer: () => string;
  /** Resolves with all that was received when the connection has ended. */
  ended: Promise<string>;
};

/** @param text is sent as it is, beginning with the request line */
export function rawHttp(url: string, text: string | Buffer): RawHttp {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    answer += chunk;
  });
  // A reset ends the connection too.
  socket.on('error', () => undefined);
  const ended = new Promise<string>((resolve) => {
    socket.on('close', () => resolve(answer));
  });
  socket.write(text);
  return { socket, answer: () => answer, ended };
}

/** The head of a request. By default `host` is the collector's own. */
export function headOf(url: string, line: string, headers: Record<string, string | number> = {}): string {
  const all = { host: new URL(url).host, ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `${[`${line} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n`;
}

/** The status of the first answer in `text`; NaN if there is none. */
export function statusOf(text: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1] ?? Number.NaN);
}

/** The Problem in the body of an answer after which the connection was closed. */
export function problemOf(text: string): { code: string; message: string } {
  return JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as { code: string; message: string };
}
