// A port for a program that takes none by itself, or that is to be found where it was when it starts again.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** Below those that the kernel gives to whoever connects: it stays free while the program starts, and while it is away. */
const FIRST = 10_000;
const [GIVEN = 32_768] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/).map(Number);
const LAST = Math.max(GIVEN, FIRST + 1000);

/** A TCP port of 127.0.0.1 that nobody has now, and that nobody is given. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer()
    .on('error', () => resolve(false))
    .listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  return promise;
}
