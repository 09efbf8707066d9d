// The stores that the contract is checked on.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Kind } from '../../../bpf/rows.gen.ts';
import { openClickHouse } from '../../../server/storage/clickhouse.ts';
import { openEmbedded } from '../../../server/storage/embedded.ts';
import type { Segment, Store } from '../../../server/storage/store.ts';

export type Fixture = {
  store: Store;
  /** Writes rows to a file; inserting it is the caller's. */
  segment(kind: Kind, rows: readonly Buffer[], token?: string): Segment;
  /** Writes rows and inserts them. */
  put(kind: Kind, rows: readonly Buffer[], token?: string): Promise<Segment>;
  close(): Promise<void>;
};

export type Backend = { name: string; skip?: string; open(): Promise<Fixture> };

const url = process.env['CLICKHOUSE_URL'];

export const BACKENDS: readonly Backend[] = [
  { name: 'embedded engine', open: async () => fixture((directory) => openEmbedded({ path: join(directory, 'engine') })) },
  { name: 'HTTP front over the embedded engine', open: openFront },
  {
    name: 'ClickHouse server',
    ...(url === undefined ? { skip: 'CLICKHOUSE_URL names no server' } : {}),
    open: async () => {
      const database = `tcplens_test_${process.pid}_${Date.now()}`;
      const opened = await fixture(() => openClickHouse(withoutLogin(url ?? '', database)));
      // A database's name cannot be a parameter; this one is made of digits.
      return { ...opened, close: async () => dropping(opened, database) };
    },
  },
];

/** A store and a directory of its own for segments. */
export async function fixture(open: (directory: string) => Promise<Store>): Promise<Fixture> {
  const directory = mkdtempSync(join(tmpdir(), 'tcplens-store-'));
  const store = await open(directory);
  await store.migrate();
  let segments = 0;
  const segment = (kind: Kind, rows: readonly Buffer[], token = `${kind}/${++segments}`): Segment => {
    const path = join(directory, `${++segments}.rows`);
    writeFileSync(path, Buffer.concat(rows));
    return { kind, path, rows: rows.length, token };
  };
  return {
    store,
    segment,
    put: async (kind, rows, token) => {
      const written = segment(kind, rows, token);
      await store.insertSegment(written);
      return written;
    },
    close: async () => {
      await store.close();
      rmSync(directory, { recursive: true });
    },
  };
}

async function openFront(): Promise<Fixture> {
  let front: ChildProcess | undefined;
  const opened = await fixture(async (directory) => {
    front = spawn(process.execPath, [join(import.meta.dirname, 'http-front.ts'), directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [port] = (await once(front.stdout ?? front, 'data')) as [Buffer];
    return openClickHouse({ url: `http://127.0.0.1:${port.toString().trim()}`, database: 'tcplens' });
  });
  const close = async () => {
    front?.kill('SIGTERM');
    if (front && front.exitCode === null) await once(front, 'exit');
    await opened.close();
  };
  return { ...opened, close };
}

function withoutLogin(text: string, database: string): Parameters<typeof openClickHouse>[0] {
  const { username, password, origin } = new URL(text);
  return { url: origin, database, ...(username ? { username: decodeURIComponent(username), password: decodeURIComponent(password) } : {}) };
}

async function dropping(opened: Fixture, database: string): Promise<void> {
  const { createClient } = await import('@clickhouse/client');
  const client = createClient({ url: url ?? '' });
  await client.command({ query: `DROP DATABASE IF EXISTS ${database}` });
  await client.close();
  await opened.close();
}
