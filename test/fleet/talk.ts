// One host's part of the traffic: listens on a port, and makes so many connections to the next host, each with a request and an answer.
// Prints "listening", connects when a line comes, prints "done", and ends when its input does.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

const [port = '0', peer = '', count = '0'] = process.argv.slice(2);

const server = createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => undefined);
  void text(socket).then((said) => socket.end(said));
});
server.listen(Number(port), '0.0.0.0');
await once(server, 'listening');
process.stdout.write('listening\n');
for await (const _ of createInterface(process.stdin)) {
  for (let made = 0; made < Number(count); made++) {
    const socket = connect({ host: peer, port: Number(port) });
    socket.end(`request ${made}`);
    if ((await text(socket)) !== `request ${made}`) throw new Error(`${peer} answered something else`);
  }
  process.stdout.write('done\n');
}
server.close();
