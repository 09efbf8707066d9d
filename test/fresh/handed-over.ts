// What a new machine on this network would be told by whoever sets it up: how it reaches Debian's mirror and npm's registry. It is
// taken from this machine's own configuration.
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { root } from '../support/project-files.ts';
import { runCommand } from '../support/run-command.ts';

/** Where Debian keeps what an administrator trusts beyond its own list, and the list with both. */
const OWN_AUTHORITIES = '/usr/local/share/ca-certificates';
const ALL_AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Settings of npm that say how it reaches its registry. */
const NPM_SETTINGS = ['registry', 'proxy', 'https-proxy', 'noproxy', 'strict-ssl'] as const;

/** The mirror that apt uses here, of an archive by its label; undefined if there is none. */
export function mirror(label: 'Debian' | 'Debian-Security'): string | undefined {
  const { stdout } = runCommand('apt-get', ['indextargets', '--format', '$(LABEL) $(REPO_URI)', 'Created-By: Packages']);
  return new RegExp(`^${label} (\\S+)$`, 'm').exec(stdout)?.[1];
}

/** Proxies are found by these names in the environment. */
export function environment(): Record<string, string> {
  const proxies = Object.entries(process.env).filter(([name]) => /^(https?|all|no)_proxy$/i.test(name));
  return Object.fromEntries(proxies.map(([name, value]) => [name, value ?? '']));
}

/** Puts into the system in `folder` what programs read from files. Its archives are those of an installed Debian. */
export function handOver(folder: string, suite: string): void {
  for (const path of ['/etc/resolv.conf', '/etc/hosts']) cpSync(path, join(folder, path), { dereference: true });
  const npm = npmSettings();
  const archives = [
    [mirror('Debian'), suite],
    [mirror('Debian'), `${suite}-updates`],
    [mirror('Debian-Security'), `${suite}-security`],
  ];
  write(folder, '/etc/apt/sources.list', archives.flatMap(([uri, name]) => (uri ? `deb ${uri} ${name} main\n` : [])).join(''));
  write(folder, '/etc/apt/apt.conf.d/99-handed-over', aptSettings());
  // Where Debian's npm keeps the settings for everybody.
  write(folder, '/etc/npmrc', NPM_SETTINGS.flatMap((name) => line(name, npm[name])).join(''));
  const pem = [String(npm['cafile'] ?? ''), process.env['NODE_EXTRA_CA_CERTS'] ?? ''].filter((path) => path && path !== ALL_AUTHORITIES);
  const trusted = [...pem, ...globSync(`${OWN_AUTHORITIES}/**/*.crt`)].filter(existsSync);
  const certificates = trusted.flatMap((path) => readFileSync(path, 'utf8').match(CERTIFICATE) ?? []);
  for (const [index, text] of certificates.entries()) write(folder, `${OWN_AUTHORITIES}/handed-over-${index}.crt`, `${text}\n`);
}

function write(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** How apt fetches; which of its indexes it fetches is each machine's own matter. */
function aptSettings(): string {
  const { stdout } = runCommand('apt-config', ['dump', 'Acquire']);
  return stdout.replaceAll(/^Acquire::IndexTargets.*\n/gm, '');
}

/** Settings of the machine's npm, not of the one that the project installed: that one has no folder for everybody's settings. */
function npmSettings(): Record<string, unknown> {
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((entry) => !entry.startsWith(root));
  const { stdout } = runCommand('npm', ['config', 'ls', '--json'], { cwd: '/', env: { ...process.env, PATH: path.join(delimiter) } });
  return JSON.parse(stdout || '{}') as Record<string, unknown>;
}

function line(name: string, value: unknown): string[] {
  const text = Array.isArray(value) ? value.join(',') : String(value ?? '');
  return text === '' ? [] : [`${name}=${text}\n`];
}
