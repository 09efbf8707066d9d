// A collector for a test: the real one with the embedded engine, with its own directory and port.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { type Logger, pino } from 'pino';
import { addOptions, argumentsOf } from '../../../agent/process/options.ts';
import { Collector } from '../../../server/collector.ts';
import { COLLECTOR_OPTIONS, type Config } from '../../../server/config.ts';
import { openEmbedded } from '../../../server/storage/embedded.ts';
import type { Store } from '../../../server/storage/store.ts';
import { waitFor } from '../../support/wait.ts';

/** Limit of time of each step of stopping. It is generous: the test that waits has a limit of its own. */
const STOP_MS_MAX = 100_000;

export const TEST_VERSION = '0.0.0-test';

export type TestDirectory = { path: string; remove: () => Promise<void> };

export async function testDirectory(): Promise<TestDirectory> {
  const path = await mkdtemp(join(tmpdir(), 'tcplens-collector-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

export type TestCollector = { url: string; stop: () => Promise<boolean> };

/** @param options as on the command line, camelCase */
export function newCollector(
  data: string,
  options: Record<string, string> = {},
  dashboards = '/nonexistent',
  logger: Logger = pino({ level: 'silent' }),
): Collector {
  const args = argumentsOf(COLLECTOR_OPTIONS, { listen: '127.0.0.1:0', data, ...options });
  const config = addOptions(new Command(), COLLECTOR_OPTIONS).parse(args, { from: 'user' }).opts<Config>();
  return new Collector(config, { version: TEST_VERSION, logger, dashboards });
}

/** Resolves when the collector is ready. Its `stop` throws if a step of stopping does not end in time. */
export async function startCollector(
  data: string,
  options?: Record<string, string>,
  dashboards?: string,
  logger?: Logger,
): Promise<TestCollector> {
  const errors: string[] = [];
  const kept = pino({ level: 'error' }, { write: (line) => void errors.push(line) });
  const collector = newCollector(data, options, dashboards, logger ?? kept);
  const url = await collector.start();
  await collector.fill();
  const stop = async () => {
    const ended = await collector.stop(STOP_MS_MAX);
    if (errors.some((line) => line.includes('gave up'))) throw new Error(`the collector did not stop: ${errors.join('')}`);
    return ended;
  };
  return { url, stop };
}

/** Opens the store that a stopped collector has left. */
export async function withStore<Result>(data: string, ask: (store: Store) => Promise<Result>): Promise<Result> {
  const store = await openEmbedded({ path: join(data, 'engine') });
  try {
    return await ask(store);
  } finally {
    await store.close();
  }
}

export async function countRows(store: Store, table: string): Promise<number> {
  const [row] = await store.query<{ rows: number }>(`SELECT count() AS rows FROM ${table} FINAL`);
  return Number(row?.rows);
}

/** Calls `look` until `holds` is true of its result. The test's own limit of time ends it. */
export async function until<Seen>(look: () => Promise<Seen> | Seen, holds: (seen: Seen) => boolean): Promise<Seen> {
  return waitFor(`what ${look} gives`, look, holds, 25);
}
