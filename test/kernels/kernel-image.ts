// Kernels to boot: Debian's, from packages that are unpacked and not installed, or one that a person has unpacked.
import { globSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import process from 'node:process';
import { root } from '../support/project-files.ts';
import { missingCommand, runCommand } from '../support/run-command.ts';

export type Kernel = {
  /** like 6.1 */
  series: string;
  release: string;
  vmlinuz: string;
  /** files of the modules that the guest wants */
  modules: string[];
};
/** A kernel, or why there is none. */
export type Found = { kernel: Kernel } | { missing: string };

const CACHE = join(root, 'node_modules/.cache/tcplens/kernels');

/** Each depends on the newest kernel of a series; of which one is up to the release of Debian. */
const META_PACKAGES = ['linux-image-cloud-amd64', 'linux-image-6.12-cloud-amd64'];

/** The kernel in a folder laid out as packages of kernels are: boot/vmlinuz-* or lib/modules/…/vmlinuz, and the modules. */
export function kernelIn(folder: string): Kernel | undefined {
  const [vmlinuz] = globSync(['boot/vmlinuz-*', '{,usr/}lib/modules/*/vmlinuz'], { cwd: folder });
  const release = vmlinuz && (/^boot\/vmlinuz-(.+)$/.exec(vmlinuz)?.[1] ?? vmlinuz.split('/').at(-2));
  if (!vmlinuz || !release) return undefined;
  const modules = globSync(`{,usr/}lib/modules/${release}/kernel/net/sched/sch_netem.ko*`, { cwd: folder });
  const series = /^\d+\.\d+/.exec(release)?.[0] ?? release;
  return { series, release, vmlinuz: join(folder, vmlinuz), modules: modules.map((name) => join(folder, name)) };
}

/** Debian's newest kernel of a series, in its build for virtual machines. */
export function debianKernel(series: string): Found {
  const missing = missingCommand(['apt-cache', 'apt-get', 'dpkg-deb']);
  if (missing !== undefined) return { missing: `no package of Debian can be fetched: ${missing} is not installed` };
  const found = fetchKernel(series);
  if ('kernel' in found || process.getuid?.() !== 0) return found;
  // Lists that are missing, or older than the archive, offer what is not there.
  apt('update');
  return fetchKernel(series);
}

function apt(...args: string[]) {
  return runCommand('apt-get', ['-qq', '-o', 'APT::Sandbox::User=root', ...args]);
}

function fetchKernel(series: string): Found {
  const names = runCommand('apt-cache', ['depends', '--important', ...META_PACKAGES]).stdout.match(/linux-image-\S+/g) ?? [];
  const name = names.find((each) => each.startsWith(`linux-image-${series}.`));
  if (name === undefined) return { missing: `apt offers no kernel ${series} for clouds` };
  const file = /' (\S+\.deb) /.exec(apt('download', '--print-uris', name).stdout)?.[1];
  if (file === undefined) return { missing: `apt has no file of ${name}` };
  const folder = join(CACHE, basename(file, '.deb'));
  const why = kernelIn(folder) ? '' : download(name, folder);
  const kernel = kernelIn(folder);
  return kernel ? { kernel } : { missing: `${name} could not be fetched: ${why}` };
}

/** Unpacks of a package what a guest needs. Returns why that failed, and nothing where it did not. */
function download(name: string, folder: string): string {
  mkdirSync(CACHE, { recursive: true });
  const made = mkdtempSync(join(CACHE, 'new-'));
  const script = `cd "$0" && apt-get -qq -o APT::Sandbox::User=root download "$1" && mkdir root &&
    dpkg-deb --fsys-tarfile *.deb | tar -x -C root --wildcards './boot/vmlinuz-*' '*/sch_netem.ko*'`;
  try {
    const { code, stderr } = runCommand('sh', ['-c', script, made, name]);
    if (code === 0) renameSync(join(made, 'root'), folder);
    return stderr.trim();
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}
