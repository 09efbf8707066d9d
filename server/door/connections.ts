// Limits the number of connections from one address.
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { LIMITS } from '../limits.ts';

/** @param isProxy addresses without the limit: a proxy carries many clients. @param refused is called for each connection that is closed */
export function limitConnections(server: Server, isProxy: (address: string) => boolean, refused: () => void): void {
  const open = new Map<string, number>();
  // With HTTPS, too, this event is that of the TCP connection, before the handshake.
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    if (isProxy(address)) return;
    const count = open.get(address) ?? 0;
    if (count >= LIMITS.connections.number) {
      refused();
      socket.destroy();
      return;
    }
    open.set(address, count + 1);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left > 0) open.set(address, left);
      else open.delete(address);
    });
  });
}
