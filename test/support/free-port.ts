// A port for a program that takes none by itself, or that is to be found where it was when it starts again.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

const LOWEST = 10_000;

/** Below the ports that the kernel gives by itself: nobody who asks for any port gets this one while its program is away. */
function somePort(): number {
  const [first = 0] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split('\t').map(Number);
  return first < 2 * LOWEST ? 0 : LOWEST + Math.floor(Math.random() * (first - LOWEST));
}

/** A TCP port that nobody has now. */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer();
    try {
      server.listen(somePort(), '0.0.0.0');
      await once(server, 'listening');
    } catch {
      continue; // somebody has it
    }
    const bound = server.address();
    server.close();
    await once(server, 'close');
    if (typeof bound === 'object' && bound !== null) return bound.port;
  }
}
