// A port for a program that takes none by itself, or that is to be found where it was when it starts again.
import { type AddressInfo, createServer } from 'node:net';

/** A TCP port of 127.0.0.1 that nobody has now. */
export function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    server.close(() => resolve(port));
  });
  return promise;
}
