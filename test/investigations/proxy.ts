// A proxy as a process: accepts connections and opens one of its own for each. `node proxy.ts PORT ADDRESS`: listens on PORT, connects to
// ADDRESS:PORT.
import { connect, createServer } from 'node:net';
import process from 'node:process';

const [port, address] = process.argv.slice(2);
const server = createServer({ allowHalfOpen: true }, (taken) => {
  const made = connect({ port: Number(port), host: address ?? '', allowHalfOpen: true });
  taken.pipe(made);
  made.pipe(taken);
  const giveUp = () => {
    taken.destroy();
    made.destroy();
  };
  taken.on('error', giveUp);
  made.on('error', giveUp);
});
server.listen({ port: Number(port), host: '::' }, () => process.stdout.write('listens\n'));
