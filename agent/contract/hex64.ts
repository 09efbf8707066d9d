/** 64 bits as the line and the store spell ids (hosts, epochs, connections, investigations): 16 digits. */
export function hex64(bits: bigint): string {
  return bits.toString(16).padStart(16, '0');
}
