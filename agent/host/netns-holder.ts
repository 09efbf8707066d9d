// The ways to network namespaces that the kernel's walks find, from the bytes of bpf/rows/netns-holder.h.

/** sizeof(struct netns_holder) */
export const HOLDER_BYTES = 88;
const HOSTNAME_AT = 24;

export type NetnsHolder = {
  /** 0 of an open file, which may also be a namespace of another kind */
  cookie: bigint;
  inode: number;
  /** a task that is in it, or a process that has it open */
  pid: number;
  /** undefined: the task is in it */
  fd: number | undefined;
  /** of a task in a UTS namespace of its own, else empty */
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
