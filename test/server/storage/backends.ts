// The stores that the contract is checked on.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Kind } from '../../../bpf/rows/rows.gen.ts';
import { openClickHouse } from '../../../server/storage/clickhouse-store.ts';
import { openEmbedded } from '../../../server/storage/embedded.ts';
import type { Segment } from '../../../server/storage/engine.ts';
import type { Store } from '../../../server/storage/store.ts';
import { type BatchOf, segmentBytes } from '../../support/segment-bytes.ts';
import { type Front, startFront } from './front-process.ts';

export type Fixture = {
  store: Store;
  /** Writes rows to a file, as one batch that nobody else has sent unless it is named; inserting it is the caller's. */
  segment(kind: Kind, rows: readonly Buffer[], batch?: BatchOf): Segment;
  /** Writes rows and inserts them. */
  put(kind: Kind, rows: readonly Buffer[], batch?: BatchOf): Promise<Segment>;
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
  const segment: Fixture['segment'] = (kind, rows, batch = { epoch: '00000000000000e1', sequence: ++segments }) => {
    const path = join(directory, `${++segments}.rows`);
    writeFileSync(path, segmentBytes(rows, batch));
    return { kind, path, rows: rows.length };
  };
  return {
    store,
    segment,
    put: async (kind, rows, batch) => {
      const written = segment(kind, rows, batch);
      await store.insertSegment(written);
      await store.noteLate([written]);
      return written;
    },
    close: async () => {
      await store.close();
      rmSync(directory, { recursive: true });
    },
  };
}

/** As a server: with its own settings. */
export async function openFront(): Promise<Fixture> {
  let front: Front | undefined;
  const opened = await fixture(async (directory) => {
    front = await startFront(directory);
    return openClickHouse({ url: front.url, database: 'tcplens' });
  });
  const close = async () => {
    await front?.end('SIGTERM');
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
