// Frees the memory of buffers at once. It lies outside of the heap, so garbage collection would free it late, and it makes collections more
// frequent.

/** Frees the memory of a large buffer that shares it with no other. The buffer is empty afterwards. */
export function giveBack({ buffer, byteOffset }: Buffer): void {
  if (buffer instanceof ArrayBuffer && byteOffset === 0 && buffer.byteLength > Buffer.poolSize) buffer.transfer(0);
}
