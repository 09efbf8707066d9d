// Names for the cgroup ids in rows, from the cgroup2 hierarchy. A cgroup's id is the inode number of its directory.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { CgroupEntity } from '../contract/agent-report.ts';
import { reportText, TEXT_CHARS_MAX } from '../contract/report-text.ts';
import { nameCgroup } from './cgroup-name.ts';
import { mountsOf } from './mountinfo.ts';

const CGROUPS_MAX = 10_000;
const SLASH = Buffer.from('/');

/** Where the cgroup2 hierarchy is mounted, from the text of /proc/self/mountinfo; undefined without one. */
export function cgroup2Mount(mountinfo: string): string | undefined {
  return mountsOf(mountinfo, 'cgroup2')[0]?.path;
}

export function readCgroup2Mount(): string | undefined {
  return cgroup2Mount(readFileSync('/proc/self/mountinfo', 'utf8'));
}

/** The id of the cgroup at `path` below the mount; 0 when it is gone. */
export function cgroupId(mount: string, path: string): bigint {
  return inodeOf(Buffer.from(join(mount, path)));
}

/** Every cgroup below the mount, parents first, at most CGROUPS_MAX. A name can be any bytes, so paths are bytes until they are reported. */
export function readCgroups(mount: string): CgroupEntity[] {
  const root = Buffer.from(mount);
  const found: CgroupEntity[] = [];
  const paths = [SLASH];
  for (let path = paths.shift(); path !== undefined && found.length < CGROUPS_MAX; path = paths.shift()) {
    const directory = Buffer.concat([root, path]);
    const id = inodeOf(directory);
    if (id === 0n) continue;
    const text = path.toString();
    found.push({ cgroup_id: String(id), path: reportText(text, TEXT_CHARS_MAX.cgroup_path), ...nameCgroup(text) });
    const parent = path.length === SLASH.length ? path : Buffer.concat([path, SLASH]);
    paths.push(...childrenOf(directory).map((name) => Buffer.concat([parent, name])));
  }
  return found;
}

function inodeOf(path: Buffer): bigint {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino ?? 0n;
}

function childrenOf(directory: Buffer): Buffer[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true, encoding: 'buffer' });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch {
    return []; // removed meanwhile
  }
}
