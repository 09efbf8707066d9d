// The network namespaces of this host: those that a process lives in, and those that `ip netns` or a container
// runtime keeps by a mount.
import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { basename } from 'node:path';

/** A namespace by a path that setns() accepts; `name` is empty where only processes hold it. */
export type NetnsPath = { path: string; inode: number; name: string };

const MOUNT_DIRECTORIES = ['/run/netns', '/run/docker/netns'] as const;

function mounted(): NetnsPath[] {
  return MOUNT_DIRECTORIES.flatMap((directory) => {
    let names: string[];
    try {
      names = readdirSync(directory);
    } catch {
      return []; // no such runtime here
    }
    return names.flatMap((name) => {
      const path = `${directory}/${name}`;
      try {
        return [{ path, inode: statSync(path).ino, name: basename(path) }];
      } catch {
        return []; // gone meanwhile
      }
    });
  });
}

function ofProcesses(): NetnsPath[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    const path = `/proc/${pid}/ns/net`;
    try {
      const inode = Number(readlinkSync(path).match(/\[(\d+)\]/)?.[1]);
      return Number.isInteger(inode) ? [{ path, inode, name: '' }] : [];
    } catch {
      return []; // the process ended, or is a zombie
    }
  });
}

/** Every namespace once, the one of this process first. Named mounts are preferred: a process may end before it is entered. */
export function listNetns(): NetnsPath[] {
  const own: NetnsPath = { path: '/proc/self/ns/net', inode: statSync('/proc/self/ns/net').ino, name: '' };
  const byInode = new Map([[own.inode, own]]);
  for (const netns of [...mounted(), ...ofProcesses()]) {
    if (!byInode.has(netns.inode)) byInode.set(netns.inode, netns);
  }
  return [...byInode.values()];
}
