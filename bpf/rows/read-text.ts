// The two members of a row that are bytes in C and text for people.

/** IPv6 as RFC 5952 has it, an IPv4-mapped address as IPv4. */
export function readAddress(view: DataView, at: number): string {
  if (view.getBigUint64(at) === 0n && view.getUint32(at + 8) === 0xffff) {
    return `${view.getUint8(at + 12)}.${view.getUint8(at + 13)}.${view.getUint8(at + 14)}.${view.getUint8(at + 15)}`;
  }
  const groups = Array.from({ length: 8 }, (_, index) => view.getUint16(at + index * 2).toString(16));
  const text = groups.join(':');
  // The longest run of at least two zero groups, the first of equals, becomes "::".
  const run = text.match(/\b0(?::0)+\b/g)?.reduce((longest, other) => (other.length > longest.length ? other : longest));
  if (!run) return text;
  const start = text.search(new RegExp(`(?:^|:)${run}(?:$|:)`));
  const from = text.charAt(start) === ':' ? start + 1 : start;
  return `${text.slice(0, from).replace(/:$/, '')}::${text.slice(from + run.length).replace(/^:/, '')}`;
}

const utf8 = new TextDecoder();

/** Up to `room` bytes, to the first zero. What is not UTF-8 becomes U+FFFD. */
export function readText(view: DataView, at: number, room: number): string {
  let length = 0;
  while (length < room && view.getUint8(at + length) !== 0) length++;
  return utf8.decode(new Uint8Array(view.buffer, view.byteOffset + at, length));
}
