// A server and clients of known behaviour, run as their own processes: `node traffic.ts MODE …`.
// A client prints one JSON line: what it wrote and read, by connection. A request is a 4-byte length of the answer
// it wants, then filler; the server answers and waits for the client to close.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import process from 'node:process';

export type Exchange = { local_port: number; peer_port: number; sent: number; received: number; error: string };

/** What the server does with a connection. */
export function answer(socket: Socket): void {
  let head: Buffer | undefined = Buffer.alloc(0);
  let wanted = 0;
  let seen = 0;
  let request = 0;
  socket.on('error', () => socket.destroy());
  socket.on('end', () => socket.end());
  socket.on('data', (chunk) => {
    seen += chunk.length;
    if (head) {
      head = Buffer.concat([head, chunk]);
      if (head.length < 8) return;
      wanted = head.readUInt32LE(0);
      request = head.readUInt32LE(4);
      head = undefined;
    }
    if (seen === request && wanted > 0) socket.write(Buffer.alloc(wanted, 'a'));
  });
}

async function serve(host: string, port: number): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, answer).listen(port, host);
  await once(server, 'listening');
  const bound = server.address();
  process.stdout.write(`${typeof bound === 'object' ? bound?.port : port}\n`);
}

/** One connection: `request` bytes there, `response` bytes back, then the client closes. */
export async function exchange(host: string, port: number, request: number, response: number): Promise<Exchange> {
  const socket = connect({ host, port, noDelay: true });
  let received = 0;
  let local_port = 0;
  try {
    await once(socket, 'connect');
    local_port = socket.localPort ?? 0;
    const body = Buffer.alloc(request, 'q');
    body.writeUInt32LE(response, 0);
    body.writeUInt32LE(request, 4);
    socket.write(body);
    while (received < response) {
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      received += chunk.length;
    }
    // Everything must be acknowledged before the FIN, or its loss would be the FIN's.
    if (response === 0) while (socket.writableLength > 0) await once(socket, 'drain');
    socket.end();
    socket.resume();
    await once(socket, 'close');
    return { local_port, peer_port: port, sent: request, received, error: '' };
  } catch (error) {
    return { local_port, peer_port: port, sent: 0, received, error: (error as NodeJS.ErrnoException).code ?? String(error) };
  } finally {
    socket.destroy();
  }
}

async function client(host: string, port: number, count: number, request: number, response: number): Promise<void> {
  const done: Exchange[] = [];
  for (let i = 0; i < count; i++) done.push(await exchange(host, port, request, response));
  process.stdout.write(`${JSON.stringify(done)}\n`);
}

if (import.meta.main) {
  const [mode, host = '', ...numbers] = process.argv.slice(2);
  const [port = 0, count = 1, request = 8, response = 0] = numbers.map(Number);
  if (mode === 'serve') await serve(host, port);
  else if (mode === 'client') await client(host, port, count, request, response);
  else throw new Error(`traffic: no mode ${mode}`);
}
