// Memory of buffers that are no longer needed, at once: it lies outside of the heap, where it waits long for garbage collections, and brings
// them about.

/** Frees a large buffer's memory, if all of it is the buffer's own. The buffer is empty afterwards. */
export function giveBack({ buffer, byteOffset }: Buffer): void {
  if (buffer instanceof ArrayBuffer && byteOffset === 0 && buffer.byteLength > Buffer.poolSize) buffer.transfer(0);
}
