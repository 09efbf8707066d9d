// Unpacks a body while memory of certain sizes is refused (no-memory.c, preloaded), and again once it is there. Arguments: the body as
// base64, and the sizes. Prints what became of both.
import process from 'node:process';
import { unpack } from '../../../server/ingest/unpack.ts';

const [body = '', sizes] = process.argv.slice(2);
const outcome = () =>
  unpack(Buffer.from(body, 'base64')).then(
    ({ length }) => ({ length }),
    ({ code, status, cause }) => ({ code, status, cause: cause?.code }),
  );

process.env['TCPLENS_NO_MEMORY'] = sizes;
const starved = await outcome();
delete process.env['TCPLENS_NO_MEMORY'];
process.stdout.write(JSON.stringify({ starved, fed: await outcome() }));
