/** 64 bits as ids (of hosts, epochs, connections, investigations) are written in messages and in the store: 16 hex digits. */
export function hex64(bits: bigint): string {
  return bits.toString(16).padStart(16, '0');
}
