// HTTP by hand over a socket of its own: what no client library would send.
import { connect, type Socket } from 'node:net';

export type RawHttp = {
  socket: Socket;
  /** All that has come back so far. */
  answer: () => string;
  /** Resolves when the connection has ended, with all that came back. */
  ended: Promise<string>;
};

/** @param text begins with the request line; sent as it is */
export function rawHttp(url: string, text: string | Buffer): RawHttp {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    answer += chunk;
  });
  // A connection that is reset has ended as well.
  socket.on('error', () => undefined);
  const ended = new Promise<string>((resolve) => {
    socket.on('close', () => resolve(answer));
  });
  socket.write(text);
  return { socket, answer: () => answer, ended };
}

/** A request's head: `host` is the collector's own unless told otherwise. */
export function headOf(url: string, line: string, headers: Record<string, string | number> = {}): string {
  const all = { host: new URL(url).host, ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `${[`${line} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n`;
}

/** Status of the first answer in `text`; NaN where there is none. */
export function statusOf(text: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1] ?? Number.NaN);
}

/** The body of an answer that ended its connection, where it is a Problem. */
export function problemOf(text: string): { code: string; message: string } {
  return JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as { code: string; message: string };
}
