// Connections whose holder is known: the programs in holders/, and what the kernel shows of them beside tcplens.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { compileC } from './compile-c.ts';
import { root } from './project-files.ts';

export const SERVERS = ['single', 'fork', 'prefork', 'reuse_port', 'activated', 'passed', 'thread', 'uring', 'silent'] as const;
export type Server = (typeof SERVERS)[number];
export const CLIENTS = ['plain', 'thread', 'nonblocking', 'forked', 'forked_shared', 'exec'] as const;
export type Client = (typeof CLIENTS)[number];

/** Both also under another name: a process that starts another program has another name afterwards. */
export type Programs = { server: string; service: string; client: string; other: string };

export function buildHolders(directory: string): Programs {
  const compiled = (source: string) => compileC(join(root, 'test/support/holders', source), directory);
  const [server, client] = [compiled('server.c'), compiled('client.c')];
  const [service, other] = [join(directory, 'service'), join(directory, 'other')] as const;
  copyFileSync(server, service);
  copyFileSync(client, other);
  return { server, service, client, other };
}

/** One program and the lines it prints, taken one after the other. */
class Lines {
  readonly process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(command: string, args: readonly string[]) {
    this.process = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.process.stdout === null) throw new Error('a child without an output');
    this.#lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }

  /** The words after the first one of the next line, which must be `word`. */
  async next(word: string): Promise<number[]> {
    const line = (await this.#lines.next()).value ?? 'nothing';
    const [first, ...numbers] = line.split(' ');
    if (first !== word) throw new Error(`${this.process.spawnargs.join(' ')} says ${line}, not ${word}`);
    return numbers.map(Number);
  }

  /** Ends it by the end of its input, and waits for its last line. */
  async end(): Promise<void> {
    this.process.stdin?.end();
    while (!(await this.#lines.next()).done);
  }
}

export type Holder = { pid: number; port: number };

export type ServerOptions = { accept_delay_ms?: number; think_ms?: number };
export type ClientOptions = { turns?: number; idle_ms?: number };

export class HoldingServer {
  readonly #lines: Lines;
  port = 0;
  /** what it needs and the kernel does not give; else empty */
  refused = '';

  private constructor(lines: Lines) {
    this.#lines = lines;
  }

  static async start(programs: Programs, how: Server, { accept_delay_ms = 0, think_ms = 0 }: ServerOptions = {}): Promise<HoldingServer> {
    const args = [how, String(accept_delay_ms), String(think_ms), programs.service];
    const server = new HoldingServer(new Lines(programs.server, args));
    try {
      [server.port = 0] = await server.#lines.next('port');
    } catch (error) {
      if (!String(error).includes('io_uring_setup')) throw error;
      server.refused = String(error);
    }
    return server;
  }

  get pid(): number {
    return this.#lines.process.pid ?? 0;
  }

  /** Who holds the connection of the client that came next. */
  async holder(): Promise<Holder> {
    const [pid = 0, port = 0] = await this.#lines.next('holds');
    return { pid, port };
  }

  end(): Promise<void> {
    return this.#lines.end();
  }
}

export class HoldingClient {
  readonly #lines: Lines;

  constructor(programs: Programs, how: Client, port: number, { turns = 1, idle_ms = 0 }: ClientOptions = {}) {
    this.#lines = new Lines(programs.client, [how, String(port), String(turns), String(idle_ms), programs.other]);
  }

  async holder(): Promise<Holder> {
    const [pid = 0, port = 0] = await this.#lines.next('holds');
    return { pid, port };
  }

  /** Resolves when all its turns are over. */
  async done(): Promise<void> {
    await this.#lines.next('done');
  }

  end(): Promise<void> {
    return this.#lines.end();
  }
}

const run = promisify(execFile);

/**
 * Sockets from `local_port` to `peer_port` as `ss` has them, without those in TIME_WAIT, which nobody holds. Asynchronous: rings have to be
 * drained meanwhile.
 */
async function socketsBySs(local_port: number, peer_port: number): Promise<string> {
  const { stdout } = await run('ss', ['-tnpH', 'state', 'big', `sport = :${local_port} and dport = :${peer_port}`]);
  return stdout;
}

/** Pids that `ss` finds holding that socket. */
export async function holdersBySs(local_port: number, peer_port: number): Promise<number[]> {
  return [...(await socketsBySs(local_port, peer_port)).matchAll(/pid=(\d+)/g)].map(([, pid]) => Number(pid));
}

/** Neither end of the connection is open any more. */
export async function isOver(one_port: number, other_port: number): Promise<boolean> {
  return (await socketsBySs(one_port, other_port)) === '' && (await socketsBySs(other_port, one_port)) === '';
}
