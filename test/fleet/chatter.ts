// Connections that never fall silent: listens on a port, or keeps so many connections to a peer, and on each sends a little every so many ms,
// one after the other: what all of them send has no gaps and no bursts.
// `node chatter.ts PORT` or `node chatter.ts PORT PEER COUNT EVERY_MS`; prints "talking".
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import process from 'node:process';

const [port = '0', peer, count = '1', every_ms = '100'] = process.argv.slice(2);
if (peer === undefined) {
  const server = createServer((socket) => socket.on('error', () => socket.destroy()).pipe(socket));
  server.listen(Number(port), '0.0.0.0');
  await once(server, 'listening');
} else
  for (let made = 0; made < Number(count); made++) {
    const socket = connect({ host: peer, port: Number(port), noDelay: true });
    await once(socket, 'connect');
    socket.resume();
    const turn_ms = (made * Number(every_ms)) / Number(count);
    setTimeout(() => setInterval(() => socket.write('x'), Number(every_ms)), turn_ms);
  }
process.stdout.write('talking\n');
