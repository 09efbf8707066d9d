// The collectors of a run, and the engine behind them where that is a process of its own.
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../support/project-files.ts';
import { Actor } from './actor.ts';

const READY_MS = 240_000;
/** How long a store may take until it is ready: tables are made statement by statement, perhaps on a busy machine. */
const FILLING_MS = 300_000;

export class CollectorProcess {
  readonly actor: Actor;
  readonly data: string;
  readonly url: string;
  readonly #args: string[];
  readonly #env: Record<string, string>;

  /** @param clickhouse URL of its engine; '' for the one inside it */
  constructor(options: { index: number; port: number; directory: string; data: string; clickhouse: string; env: Record<string, string> }) {
    const { index, port, directory, data, clickhouse, env } = options;
    this.actor = new Actor(`collector ${index}`, join(directory, `collector-${index}.log`));
    this.data = data;
    this.url = `http://127.0.0.1:${port}`;
    const engine = clickhouse === '' ? [] : ['--clickhouse', `${clickhouse}/tcplens`];
    this.#args = ['serve', '--listen', `127.0.0.1:${port}`, '--data', data, ...engine, '--exit-with-parent'];
    this.#env = env;
  }

  start(): void {
    this.actor.start({ file: join(root, 'tcplens'), args: this.#args, env: this.#env });
  }

  /** @throws Error if it does not get so far that it takes batches */
  async ready(): Promise<void> {
    const timer = setTimeout(() => void this.actor.kill(), READY_MS);
    const message = await this.actor.message();
    clearTimeout(timer);
    if (message === undefined) throw new Error(`${this.actor.name} does not start`);
  }

  /** Waits until its store is there and takes rows. */
  async filling(): Promise<void> {
    for (const end = Date.now() + FILLING_MS; Date.now() < end; await sleep(50)) {
      const answer = await fetch(`${this.url}/readyz`).catch(() => undefined);
      if (answer?.ok) return;
    }
    throw new Error(`${this.actor.name} finds no store`);
  }

  /** Segments that wait for the store. */
  get waiting(): number {
    return readdirSync(join(this.data, 'log'), { recursive: true, encoding: 'utf8' }).filter(
      (path) => path.endsWith('.rows') && !path.startsWith('aside'),
    ).length;
  }
}

/** The engine as a process that speaks HTTP: test/server/storage/http-front.ts. Its port is another with every start. */
export class EngineProcess {
  readonly actor: Actor;
  readonly directory: string;
  url = '';

  constructor(directory: string) {
    this.directory = join(directory, 'front');
    mkdirSync(this.directory, { recursive: true });
    this.actor = new Actor('engine', join(directory, 'engine.log'));
  }

  async start(): Promise<void> {
    const front = join(root, 'test', 'server', 'storage', 'http-front.ts');
    const child = this.actor.start({ file: process.execPath, args: ['--disable-warning=ExperimentalWarning', front, this.directory] });
    const port = Promise.withResolvers<string>();
    child.stdout?.once('data', (chunk: Buffer) => port.resolve(chunk.toString().trim()));
    child.once('exit', () => port.resolve(''));
    const found = await port.promise;
    if (found === '') throw new Error('the engine does not start');
    this.url = `http://127.0.0.1:${found}`;
  }
}
