// The cgroup2 hierarchy as names for the cgroup ids in rows. A cgroup's id is its directory's inode number.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { CgroupEntity } from '../agent-report.ts';
import { nameCgroup } from './cgroup-name.ts';
import { mountsOf } from './mountinfo.ts';

const CGROUPS_MAX = 10_000;
const PATH_CHARS_MAX = 4096;

/** Where the cgroup2 hierarchy is mounted, from the text of /proc/self/mountinfo; undefined without one. */
export function cgroup2Mount(mountinfo: string): string | undefined {
  return mountsOf(mountinfo, 'cgroup2')[0]?.path;
}

export function readCgroup2Mount(): string | undefined {
  return cgroup2Mount(readFileSync('/proc/self/mountinfo', 'utf8'));
}

/** The id of the cgroup at `path` below the mount; 0 when it is gone. */
export function cgroupId(mount: string, path: string): bigint {
  return statSync(join(mount, path), { bigint: true, throwIfNoEntry: false })?.ino ?? 0n;
}

/** Every cgroup below the mount, parents first, at most CGROUPS_MAX. */
export function readCgroups(mount: string): CgroupEntity[] {
  const found: CgroupEntity[] = [];
  const paths = ['/'];
  for (let path = paths.shift(); path !== undefined && found.length < CGROUPS_MAX; path = paths.shift()) {
    const id = cgroupId(mount, path);
    if (id === 0n) continue;
    found.push({ cgroup_id: String(id), path: path.slice(0, PATH_CHARS_MAX), ...nameCgroup(path) });
    paths.push(...childrenOf(mount, path));
  }
  return found;
}

function childrenOf(mount: string, path: string): string[] {
  try {
    const entries = readdirSync(join(mount, path), { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => join(path, entry.name));
  } catch {
    return []; // removed meanwhile
  }
}
