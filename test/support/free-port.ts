// A free port for a program that cannot choose one by itself, or that has to be at the same port after a restart.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** Below the ports that the kernel gives to connects: it stays free while the program starts, and while it is away. */
const FIRST = 10_000;
const [GIVEN = 32_768] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/).map(Number);
const LAST = Math.max(GIVEN, FIRST + 1000);

/** A TCP port of 127.0.0.1 that is free now, and that the kernel gives to no connect. */
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
