// Several byte strings as one input: each after its length, the last to the end. What is cut short is empty.
export function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    parts.flatMap((part, index) => {
      if (index === parts.length - 1) return [part];
      const length = Buffer.alloc(4);
      length.writeUInt32LE(part.length);
      return [length, part];
    }),
  );
}

export function splitParts(input: Uint8Array, count: number): Buffer[] {
  const bytes = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
  const parts: Buffer[] = [];
  let at = 0;
  while (parts.length < count - 1) {
    const length = at + 4 <= bytes.length ? bytes.readUInt32LE(at) : 0;
    const end = Math.min(at + 4 + length, bytes.length);
    parts.push(bytes.subarray(Math.min(at + 4, end), end));
    at = end;
  }
  parts.push(bytes.subarray(at));
  return parts;
}
