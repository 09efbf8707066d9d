// The network namespaces of this host: those with tasks, those kept by mounts (`ip netns`, container runtimes), and those kept only by an
// open file. Each with the paths by which it can be entered, and the name by which people know it.
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename } from 'node:path';
import { nameCgroup, tellingPath } from './cgroup-name.ts';
import { mountsOf } from './mountinfo.ts';
import type { NetnsHolder } from './netns-holder.ts';

/** `paths`: files for setns(), in the order in which to try them. `name` is empty where nothing names the namespace. */
export type Netns = { inode: number; name: string; paths: string[] };

/** What a name can be made from: the namespace's mount, a task in it, and that task's own host name. */
type Naming = { mounts: string[]; pid?: number; hostname: string };
type Found = Naming & { inode: number; paths: string[] };

const NETNS_LINK = /^\/?net:\[(\d+)\]$/;
const OWN = '/proc/self/ns/net';
/** `ip netns` keeps its names here; container networks also mount namespaces here, named by a UUID. */
const NAMED = /^\/(?:var\/)?run\/netns\/(?!(?:cni-|netns-)?[0-9a-f]{8}-[0-9a-f]{4}-)([^/]+)$/;
const CONTAINER_DIGITS = 12;

function inodeOf(path: string): number | undefined {
  return inodeIn(readOr(() => readlinkSync(path)));
}

function inodeIn(link: string): number | undefined {
  const inode = NETNS_LINK.exec(link)?.[1];
  return inode === undefined ? undefined : Number(inode);
}

function readOr(read: () => string): string {
  try {
    return read();
  } catch {
    return ''; // it does not exist any more, or may not be read
  }
}

/** The mounts of this process, and those of init: an agent in a container reaches these through /proc/1/root. */
function mounted(): { inode: number; mount: string; path: string }[] {
  const seen = (pid: string, prefix: string) =>
    mountsOf(
      readOr(() => readFileSync(`/proc/${pid}/mountinfo`, 'utf8')),
      'nsfs',
    ).flatMap(({ root, path }) => {
      const inode = inodeIn(root);
      return inode === undefined ? [] : [{ inode, mount: path, path: `${prefix}${path}` }];
    });
  const mine = readOr(() => readlinkSync('/proc/self/ns/mnt'));
  const inits = readOr(() => readlinkSync('/proc/1/ns/mnt'));
  return [...seen('self', ''), ...(inits === '' || inits === mine ? [] : seen('1', '/proc/1/root'))];
}

/** The first there is of: name in `ip netns`, own host name (a pod's is the pod's name), container, pod, unit. */
export function nameOf({ mounts, pid, hostname }: Naming, known: { host_name: string; nameOfTask(pid: number): string }): string {
  if (pid === 1) return 'host';
  const named = mounts.map((mount) => NAMED.exec(mount)?.[1]).find((name) => name !== undefined);
  if (named !== undefined) return named;
  // A new UTS namespace inherits the host name until another is set.
  if (hostname !== '' && hostname !== known.host_name) return hostname;
  return (pid === undefined ? '' : known.nameOfTask(pid)) || basename(mounts[0] ?? '');
}

function nameOfCgroup(pid: number): string {
  const { container_id, pod_uid, unit } = nameCgroup(tellingPath(readOr(() => readFileSync(`/proc/${pid}/cgroup`, 'utf8'))));
  return container_id.slice(0, CONTAINER_DIGITS) || pod_uid || unit;
}

/** Remembers the namespaces that the last walk over open files found. */
export class HostNetns {
  #open: { inode: number; path: string }[] = [];

  /** Takes the result of a walk over all open files. */
  walked(open: readonly NetnsHolder[]): void {
    this.#open = open.flatMap(({ pid, fd }) => {
      const path = `/proc/${pid}/fd/${fd}`;
      const inode = inodeOf(path);
      return inode === undefined ? [] : [{ inode, path }];
    });
  }

  /**
   * Every namespace once, the agent's own first.
   * @param lived - the namespaces of all tasks, each by one task
   */
  list(lived: readonly NetnsHolder[]): Netns[] {
    const found = new Map<number, Found>();
    const of = (inode: number) => {
      const known = found.get(inode) ?? { inode, mounts: [], paths: [], hostname: '' };
      found.set(inode, known);
      return known;
    };
    const own = inodeOf(OWN);
    if (own !== undefined) of(own).paths.push(OWN);
    // Paths through mounts come first, since they outlive tasks; those through open files last, since these close soonest.
    for (const { inode, mount, path } of mounted()) {
      of(inode).mounts.push(mount);
      of(inode).paths.push(path);
    }
    for (const task of lived) {
      const lives_in = of(task.inode);
      lives_in.pid = task.pid;
      lives_in.hostname = task.hostname;
      lives_in.paths.push(`/proc/${task.pid}/ns/net`);
    }
    for (const { inode, path } of this.#open) of(inode).paths.push(path);
    const known = { host_name: hostname(), nameOfTask: nameOfCgroup };
    return [...found.values()].map((each) => ({ inode: each.inode, name: nameOf(each, known), paths: each.paths }));
  }
}
