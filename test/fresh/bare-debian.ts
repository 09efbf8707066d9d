// A Debian with no more on it than debootstrap, `make` and `git` bring, in a folder of this machine, on its kernel.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { missingCommand, runCommand } from '../support/run-command.ts';
import { environment, handOver, mirror } from './handed-over.ts';

/** Who runs a command there. `clone` is a folder of theirs with a clone of the project; a folder's name may have a space in it. */
export type Person = { id: number; home: string; clone: string };
export const ADMIN: Person = { id: 0, home: '/opt', clone: '/opt/a clone' };
export const USER: Person = { id: 1000, home: '/srv/user', clone: '/srv/user/tcplens' };

export type StartOptions = { offline?: boolean };
export type Ended = { code: number | null; said: string };

/** Not /tmp: the system and two installations take some 4 GB, more than there may be of memory. */
const PLACE = '/var/tmp/tcplens-fresh-';
/** Neither /usr/sbin, as after `su`, nor a locale, nor anything else from whoever runs the tests. */
const PATH = '/usr/local/bin:/usr/bin:/bin';
/** The system is thrown away: dpkg need not wait for the disk after every file. */
const DPKG = { DPKG_FORCE: 'unsafe-io' };
const BUNDLE = '/srv/tcplens.bundle';

/** Why no such system can be made here; empty where it can. */
export function whyNoSystem(): string {
  if (process.getuid?.() !== 0) return 'needs root: debootstrap';
  const missing = missingCommand(['debootstrap', 'unshare', 'nsenter', 'ip', 'bpftool', 'git']);
  if (missing !== undefined) return `${missing} is not installed`;
  const refused = runCommand('unshare', ['--mount', '--net', 'true']);
  if (refused.code !== 0) return `this machine allows no namespace of mounts: ${refused.stderr.trim()}`;
  return runCommand('git', ['rev-parse', 'HEAD']).code === 0 ? '' : 'this is no clone: what is committed is what is tried';
}

export class BareDebian {
  /** of all that is done there: 077 leaves new files to their owner alone, with 022 everybody may read them */
  readonly #umask: string;
  readonly folder = mkdtempSync(PLACE);
  readonly #sweeper = spawn('sh', [join(import.meta.dirname, 'sweep-up.sh'), this.folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  });

  constructor(umask: '022' | '077') {
    this.#umask = umask;
  }

  /** Fetches and installs it. Returns why there is none to be had; empty if there is. */
  async make(suite: string): Promise<string> {
    chmodSync(this.folder, 0o755);
    const source = mirror('Debian');
    if (source === undefined) return 'apt knows no mirror of Debian here';
    // It mounts /proc while it works: that, too, nobody else is to see.
    const command = ['--mount', '--propagation', 'private', 'debootstrap', '--variant=minbase'];
    const secure = source.startsWith('https:') ? ['--include=ca-certificates'] : [];
    const made = await ended(
      spawn('unshare', [...command, ...secure, suite, this.folder, source], {
        env: { ...process.env, ...DPKG },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
    const unavailable = /^E: (Failed getting release file|No such script).*/m.exec(made.said)?.[0];
    if (unavailable !== undefined) return `no Debian ${suite} from ${source}: ${unavailable}`;
    if (made.code !== 0) throw new Error(`debootstrap: ${made.said.slice(-2000)}`);
    handOver(this.folder, suite);
    await this.mustRun('apt-get update -qq && apt-get install -y -qq --no-install-recommends make git');
    await this.mustRun(`useradd --uid ${USER.id} --create-home --home-dir ${USER.home} user`);
    const bundled = runCommand('git', ['bundle', 'create', join(this.folder, BUNDLE), 'HEAD']);
    if (bundled.code !== 0) throw new Error(bundled.stderr);
    for (const person of [ADMIN, USER]) await this.mustRun(`git clone -q ${BUNDLE} '${person.clone}'`, person);
    return '';
  }

  /** Starts a shell command without a terminal, in a process group of its own, as a terminal would. */
  start(command: string, { id, home }: Person, { offline = false }: StartOptions = {}): ChildProcess {
    const own = ['--mount', '--propagation', 'private', ...(offline ? ['--net'] : [])];
    const variables = Object.entries({ PATH, HOME: home, ...DPKG, ...environment() }).map(([name, value]) => `${name}=${value}`);
    const become = ['setpriv', `--reuid=${id}`, `--regid=${id}`, '--clear-groups', 'env', '-i', ...variables];
    return spawn(
      'unshare',
      [...own, join(import.meta.dirname, 'enter.sh'), this.folder, ...become, 'sh', '-c', `umask ${this.#umask}; ${command}`],
      {
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
  }

  run(command: string, person: Person, options?: StartOptions): Promise<Ended> {
    return ended(this.start(command, person, options));
  }

  /** As root with root's whole PATH, as who sets a machine up. */
  async mustRun(command: string, person = ADMIN): Promise<void> {
    const { code, said } = await this.run(`PATH=${PATH}:/usr/sbin:/sbin; ${command}`, person);
    if (code !== 0) throw new Error(`${command}: ${said}`);
  }

  /** The processes in it, wherever they came from. */
  processes(): number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && this.#hasInside(`/proc/${name}/root/`))
      .map(Number);
  }

  #hasInside(rootOfProcess: string): boolean {
    try {
      const [own, its] = [statSync(this.folder), statSync(rootOfProcess)];
      return own.dev === its.dev && own.ino === its.ino;
    } catch {
      // It has ended meanwhile, or shields itself even from root, as nothing in there does.
      return false;
    }
  }

  /** The BPF programs that these processes hold. */
  programs(): number[] {
    return this.processes().flatMap((pid) => heldBy(pid));
  }

  /** Ends what a failed test has left running. */
  endAll(): void {
    for (const pid of this.processes()) process.kill(pid, 'SIGKILL');
  }

  async remove(): Promise<void> {
    const exit = once(this.#sweeper, 'exit');
    this.#sweeper.stdin.end();
    await exit;
  }
}

async function ended(child: ChildProcess): Promise<Ended> {
  const streams = [child.stdout, child.stderr].map((stream) => (stream ? text(stream) : ''));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said: (await Promise.all(streams)).join('') };
}

function heldBy(pid: number): number[] {
  try {
    const descriptors = readdirSync(`/proc/${pid}/fd`).filter((name) => readlinkSync(`/proc/${pid}/fd/${name}`).includes('bpf-prog'));
    return descriptors.map((name) => Number(/^prog_id:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/fdinfo/${name}`, 'utf8'))?.[1]));
  } catch {
    // It has ended meanwhile, with all that it held.
    return [];
  }
}
