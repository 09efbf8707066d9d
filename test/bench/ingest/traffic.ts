// Traffic for `bytes.ts`, in a network namespace: `serve ADDRESS` answers each request with as many bytes as it asks for;
// `ask ADDRESS SECONDS` keeps some connections that ask now and then, and opens others for a request or a few.
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

const PORTS = [5432, 6379, 8080, 9092];
const KEPT = 300;
const OPENED_A_SECOND = 300;
/** Of a request, and on average of an answer. */
const BYTES = { request: 200, answer: 6000 } as const;
const THINK_MS = 700;

/** Exponentially distributed around `mean`: most are small, few are large. */
const around = (mean: number) => Math.ceil(-Math.log(1 - Math.random()) * mean);

function serve(address: string): void {
  for (const port of PORTS) {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.on('data', (request) => socket.write(Buffer.alloc(request.length >= 4 ? request.readUInt32LE(0) % 1_000_000 : 1)));
    });
    server.listen(port, address, () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
  }
}

async function ask(address: string, seconds: number): Promise<void> {
  const end_ms = Date.now() + seconds * 1000;
  const kept = Array.from({ length: KEPT }, () => converse(address, end_ms, Number.POSITIVE_INFINITY, THINK_MS));
  while (Date.now() < end_ms) {
    void converse(address, end_ms, around(2), 20);
    await sleep(around(1000 / OPENED_A_SECOND));
  }
  await Promise.all(kept);
}

async function converse(address: string, end_ms: number, requests: number, think_ms: number): Promise<void> {
  const port = PORTS[Math.floor(Math.random() * PORTS.length)] ?? 0;
  const socket = connect(port, address);
  socket.on('error', () => socket.destroy());
  for (let turn = 0; turn < requests && Date.now() < end_ms && !socket.destroyed; turn++) {
    await exchange(socket);
    await sleep(around(think_ms));
  }
  if (Math.random() < 0.02) socket.resetAndDestroy();
  else socket.end();
}

/** One request; resolves when its answer is there or the connection has ended. */
function exchange(socket: Socket): Promise<void> {
  const bytes = around(BYTES.answer);
  const request = Buffer.alloc(around(BYTES.request) + 4);
  request.writeUInt32LE(bytes, 0);
  socket.write(request);
  return new Promise((resolve) => {
    let received = 0;
    const take = (chunk: Buffer) => {
      received += chunk.length;
      if (received >= bytes) done();
    };
    const done = () => {
      socket.off('data', take).off('close', done);
      resolve();
    };
    socket.on('data', take).on('close', done);
  });
}

const [, , role, address = '', seconds = '0'] = process.argv;
if (role === 'serve') serve(address);
else await ask(address, Number(seconds));
if (role !== 'serve') process.exit(0);
