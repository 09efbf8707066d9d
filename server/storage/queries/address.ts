// Writes addresses as people do.

/** From the engine's text of an IPv6 column; a mapped IPv4 address is written as IPv4. */
export function plainAddress(text: string): string {
  return /^::ffff:[0-9.]+$/.test(text) ? text.slice('::ffff:'.length) : text;
}

/** From a peer network of the rollup, with its prefix length: "10.1.2.0/24", "2001:db8:0:1::/64". */
export function plainNetwork(text: string): string {
  const address = plainAddress(text);
  return `${address}/${address.includes(':') ? 64 : 24}`;
}
