// The real disk, with faults on request: full, short writes, I/O errors, and a process that is gone.
import { type Disk, type DiskFile, REAL_DISK } from '../../../agent/spool/disk.ts';

/** `short`: half of a write happens, then the disk is full. `dead`: nothing of this process happens any more. */
export type Fault = 'none' | 'full' | 'short' | 'io' | 'no_sync' | 'no_read' | 'no_rename' | 'dead';

export type FaultyDisk = Disk & { fault: Fault; writes: number; syncs: number; kill(): Promise<void> };

export function faultyDisk(): FaultyDisk {
  const files = new Set<DiskFile>();
  const disk: FaultyDisk = {
    fault: 'none',
    writes: 0,
    syncs: 0,
    async open(path, how) {
      refuse(how === 'read' ? ['dead', 'no_read'] : ['dead', 'full', 'io']);
      const file = await REAL_DISK.open(path, how);
      files.add(file);
      return faulty(disk, file, refuse, files);
    },
    list(path) {
      refuse(['dead']);
      return REAL_DISK.list(path);
    },
    async rename(from, to) {
      refuse(['dead', 'io', 'no_rename']);
      await REAL_DISK.rename(from, to);
    },
    async remove(path) {
      refuse(['dead', 'io']);
      await REAL_DISK.remove(path);
    },
    async syncDirectory(path) {
      refuse(['dead', 'io', 'no_sync']);
      await REAL_DISK.syncDirectory(path);
    },
    async kill() {
      disk.fault = 'dead';
      for (const file of files) await file.close();
      files.clear();
    },
  };
  return disk;

  function refuse(faults: readonly Fault[]): void {
    if (faults.includes(disk.fault)) throw Object.assign(new Error(`told to fail: ${disk.fault}`), { code: 'EIO' });
  }
}

/** A file of the disk, with the disk's faults. */
function faulty(disk: FaultyDisk, file: DiskFile, refuse: (faults: readonly Fault[]) => void, files: Set<DiskFile>): DiskFile {
  return {
    async read(into, position) {
      refuse(['dead', 'no_read']);
      return file.read(into, position);
    },
    async write(parts, position) {
      refuse(['dead', 'full', 'io']);
      disk.writes++;
      if (disk.fault === 'short') {
        const all = Buffer.concat(parts);
        await file.write([all.subarray(0, all.length / 2)], position);
      }
      refuse(['short']);
      await file.write(parts, position);
    },
    async truncate(length) {
      refuse(['dead', 'io', 'short']);
      await file.truncate(length);
    },
    async sync() {
      refuse(['dead', 'io', 'no_sync']);
      disk.syncs++;
      await file.sync();
    },
    size: () => file.size(),
    async close() {
      if (files.delete(file)) await file.close();
    },
  };
}
