// A thin HTTP front over the embedded engine, for tests: no ClickHouse server can be installed here, and this is not one. It
// speaks as much of ClickHouse's HTTP interface as the client uses: SQL in the body or `query`, `param_…`, `database`, an
// INSERT's rows in the body, exceptions and the summary header. Started as a process of its own, since an engine takes one
// data directory a process: `node http-front.ts DIRECTORY [PORT]`, prints its port.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { createChdbConnection } from 'chdb/connection';

const [directory, port = '0'] = process.argv.slice(2);
if (directory === undefined) throw new Error('usage: http-front.ts DIRECTORY [PORT]');
const bodies = join(directory, 'bodies');
mkdirSync(bodies, { recursive: true });
const open = () => createChdbConnection({ path: join(directory, 'engine') });
let engine = open();
let requests = 0;
let last: Promise<unknown> = Promise.resolve();

async function run(sql: string, params: Record<string, string> = {}): Promise<Buffer> {
  try {
    const { stream } = await engine.query({ query: sql, query_params: params });
    return Buffer.concat(await stream.toArray());
  } catch (error) {
    // A server begins no answer with what a statement that failed had given; a connection of the engine does.
    const broken = engine;
    engine = open();
    await broken.close();
    throw error;
  }
}

async function insertedRows(): Promise<number> {
  return Number(await run("SELECT sum(value) FROM system.events WHERE event = 'InsertedRows' FORMAT TSV"));
}

/** The statement with its rows: binary ones in a file in place of `input()`, text behind the statement as it came. */
function withBody(sql: string, body: Buffer): { sql: string; file?: string } {
  const binary = /FROM input\(('(?:[^'\\]|\\.)*')\) FORMAT RowBinary\s*$/.exec(sql);
  if (!binary) return { sql: `${sql}\n${body.toString('utf8')}` };
  const file = join(bodies, `${requests}.rows`);
  writeFileSync(file, body);
  return { sql: `${sql.slice(0, binary.index)}FROM file('${file}', RowBinary, ${binary[1]})`, file };
}

/** Parameters come escaped as in TSV, and the engine's own binding escapes them again. */
function plain(value: string): string {
  const escapes: Record<string, string> = { t: '\t', n: '\n', r: '\r', '\\': '\\', "'": "'" };
  return value.replaceAll(/\\(.)/g, (_, letter: string) => escapes[letter] ?? letter);
}

async function answer(url: URL, body: Buffer): Promise<{ text: Buffer; written: number }> {
  requests++;
  await run(`USE ${url.searchParams.get('database') ?? 'default'}`);
  const query = url.searchParams.get('query');
  const { sql, file } = query === null ? { sql: body.toString('utf8'), file: undefined } : withBody(query, body);
  const params = [...url.searchParams].filter(([name]) => name.startsWith('param_'));
  const before = await insertedRows();
  const text = await run(sql, Object.fromEntries(params.map(([name, value]) => [name.slice('param_'.length), plain(value)])));
  if (file !== undefined) rmSync(file);
  // A server refreshes its dictionaries by itself.
  if (query !== null && file === undefined) await run('SYSTEM RELOAD DICTIONARIES');
  return { text, written: (await insertedRows()) - before };
}

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://front');
  try {
    // A client that dies before its body is here has asked nothing; one that dies later is answered in vain.
    const body = Buffer.concat(await request.toArray());
    if (url.pathname === '/ping') return void response.end('Ok.\n');
    const mine = last.then(() => answer(url, body));
    last = mine.catch(() => undefined);
    const { text, written } = await mine;
    response.setHeader('X-ClickHouse-Summary', JSON.stringify({ written_rows: String(written) }));
    response.end(text);
  } catch (error) {
    if (response.destroyed) return;
    const { code, type, message } = error as { code?: string; type?: string; message: string };
    response.setHeader('X-ClickHouse-Exception-Code', code ?? '1');
    response.writeHead(500).end(`Code: ${code ?? 1}. DB::Exception: ${message} (${type ?? 'UNKNOWN'})`);
  }
}

const server = createServer((request, response) => void respond(request, response));
server.listen(Number(port), '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
/** An exit would run the engine's own, which may wait for ever for threads of it that still work. */
const end = () => process.kill(process.pid, 'SIGKILL');
process.on('SIGTERM', () => server.close(() => void engine.close().finally(end)));
process.on('disconnect', end);
server.on('error', (error) => {
  console.error(error);
  end();
});
