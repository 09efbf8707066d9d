// Tasks and open files that hold a network namespace, as the walks in the kernel find them: decodes bpf/rows/netns-holder.h.

/** sizeof(struct netns_holder) */
export const HOLDER_BYTES = 88;
const HOSTNAME_AT = 24;

export type NetnsHolder = {
  /** the namespace; 0 for an open file, which may also be a namespace of another type */
  cookie: bigint;
  inode: number;
  /** a task in the namespace, or a process that has its file open */
  pid: number;
  /** the open file's descriptor; undefined: the task is in the namespace */
  fd: number | undefined;
  /** the host name of a task in a UTS namespace of its own, else empty */
  hostname: string;
};

export function readHolders(bytes: Buffer): NetnsHolder[] {
  const holders: NetnsHolder[] = [];
  for (let at = 0; at + HOLDER_BYTES <= bytes.length; at += HOLDER_BYTES) {
    const fd = bytes.readInt32LE(at + 16);
    holders.push({
      cookie: bytes.readBigUInt64LE(at),
      inode: bytes.readUInt32LE(at + 8),
      pid: bytes.readUInt32LE(at + 12),
      fd: fd < 0 ? undefined : fd,
      hostname: bytes.toString('utf8', at + HOSTNAME_AT, at + HOLDER_BYTES).replace(/\0.*$/s, ''),
    });
  }
  return holders;
}
