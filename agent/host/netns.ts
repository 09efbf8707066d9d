// The network namespaces of this host: those that tasks live in, that mounts keep (`ip netns`, container runtimes), and
// that are kept by an open file only. Each with the paths by which it can be entered, and a name that people know it by.
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename } from 'node:path';
import { nameCgroup, tellingPath } from './cgroup-name.ts';
import { mountsOf } from './mountinfo.ts';
import type { NetnsHolder } from './netns-holder.ts';

/** A namespace by the paths that setns() accepts, the one to try first first; `name` is empty where nothing names it. */
export type Netns = { inode: number; name: string; paths: string[] };

/** What it can be named by: where it is mounted, a task in it, and the host name of that task if it has its own. */
type Naming = { mounts: string[]; pid?: number; hostname: string };
type Found = Naming & { inode: number; paths: string[] };

const NETNS_LINK = /^\/?net:\[(\d+)\]$/;
const OWN = '/proc/self/ns/net';
/** `ip netns` keeps names here; container networks put theirs beside them, under a UUID. */
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
    return ''; // not there, not any more, or not for us
  }
}

/** Mounts that this process sees, and those that init sees: an agent in a container reaches them through init's root. */
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

/** What people call it: by `ip netns`, by a host name of its own (a pod's is the pod's name), container, pod or unit. */
export function nameOf({ mounts, pid, hostname }: Naming, known: { host_name: string; nameOfTask(pid: number): string }): string {
  if (pid === 1) return 'host';
  const named = mounts.map((mount) => NAMED.exec(mount)?.[1]).find((name) => name !== undefined);
  if (named !== undefined) return named;
  // A new UTS namespace has its maker's host name until another is set.
  if (hostname !== '' && hostname !== known.host_name) return hostname;
  return (pid === undefined ? '' : known.nameOfTask(pid)) || basename(mounts[0] ?? '');
}

function nameOfCgroup(pid: number): string {
  const { container_id, pod_uid, unit } = nameCgroup(tellingPath(readOr(() => readFileSync(`/proc/${pid}/cgroup`, 'utf8'))));
  return container_id.slice(0, CONTAINER_DIGITS) || pod_uid || unit;
}

/** Remembers, between the walks over files, the namespaces that were met there. */
export class HostNetns {
  #open: { inode: number; path: string }[] = [];

  /** Takes what a walk over all open files met. */
  walked(open: readonly NetnsHolder[]): void {
    this.#open = open.flatMap(({ pid, fd }) => {
      const path = `/proc/${pid}/fd/${fd}`;
      const inode = inodeOf(path);
      return inode === undefined ? [] : [{ inode, path }];
    });
  }

  /**
   * Every namespace once, the own first.
   * @param lived - of all tasks, each namespace by one of them
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
    // A mount outlives the tasks, and a task is in its namespace longer than a file is open.
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
