// Other addresses: prefixes that were shared are shared, what an address is for stays visible, and the key decides the rest.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Anonymizer } from '../../../agent/recording/anonymize.ts';
import { HEAD_AT, readAddress } from '../../../bpf/rows/rows.gen.ts';
import { rowBytes } from '../../support/row-bytes.ts';

const anonymizer = new Anonymizer(Buffer.from('one key'));

const bytesOf = (address: string) => rowBytes('sample', { local_addr: address }).subarray(HEAD_AT.local_addr, HEAD_AT.local_addr + 16);
const textOf = (bytes: Uint8Array) => readAddress(new DataView(bytes.buffer, bytes.byteOffset, 16), 0);

function shared(one: Uint8Array, other: Uint8Array): number {
  for (let bit = 0; bit < 128; bit++) {
    const differ = ((one[bit >> 3] ?? 0) ^ (other[bit >> 3] ?? 0)) & (0x80 >> (bit & 7));
    if (differ !== 0) return bit;
  }
  return 128;
}

const ipv4 = fc
  .uint8Array({ minLength: 4, maxLength: 4 })
  .map((octets) => Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...octets]));
const ipv6 = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes));
/** An address and one that differs from it first at some bit. */
const pair = fc.tuple(fc.oneof(ipv4, ipv6), ipv6, fc.nat(128)).map(([one, noise, length]) => {
  const other = Buffer.from(one);
  for (let bit = length; bit < 128; bit++) {
    const mask = 0x80 >> (bit & 7);
    const flip = bit === length ? mask : (noise[bit >> 3] ?? 0) & mask;
    other[bit >> 3] = (other[bit >> 3] ?? 0) ^ flip;
  }
  return [one, other] as const;
});

test('two addresses share exactly as many bits as before', () => {
  fc.assert(fc.property(pair, ([one, other]) => shared(anonymizer.address(one), anonymizer.address(other)) === shared(one, other)));
});

test.each(['0.0.0.0', '127.0.0.1', '00000000000000000000000000000000', '00000000000000000000000000000001'])(
  '%s stays what it is',
  (address) => {
    expect(Buffer.from(anonymizer.address(bytesOf(address)))).toEqual(bytesOf(address));
  },
);

const within = (first: string, length: number) => ({ first: bytesOf(first), length });
test.each([
  ['10.0.0.0', 104],
  ['100.64.0.0', 106],
  ['127.0.0.0', 104],
  ['169.254.0.0', 112],
  ['172.16.0.0', 108],
  ['192.168.0.0', 112],
  ['224.0.0.0', 100],
  ['fe800000000000000000000000000000', 10],
  ['fc000000000000000000000000000000', 7],
  ['ff000000000000000000000000000000', 8],
  ['0.0.0.0', 96],
])('what is in %s/%i stays in it, what is not stays out', (first, length) => {
  const range = within(first, length);
  fc.assert(
    fc.property(fc.oneof(ipv4, ipv6), fc.boolean(), (address, inside) => {
      const real = inside ? Buffer.concat([range.first]) : address;
      if (inside)
        for (let bit = length; bit < 128; bit++) real[bit >> 3] = (real[bit >> 3] ?? 0) | ((address[bit >> 3] ?? 0) & (0x80 >> (bit & 7)));
      return shared(anonymizer.address(real), range.first) >= length === shared(real, range.first) >= length;
    }),
  );
});

test('another key, other addresses; the same key, the same', () => {
  const real = ['93.184.216.34', '10.1.2.3', '20010db8000000000000000000000001'].map(bytesOf);
  const [one, again, other] = ['one key', 'one key', 'another'].map((key) =>
    real.map((address) => textOf(new Anonymizer(Buffer.from(key)).address(address))),
  );
  expect(again).toEqual(one);
  for (const [index, text] of (one ?? []).entries()) expect(text).not.toBe(other?.[index]);
});

test('most hosts of a subnet move', () => {
  const subnet = Array.from({ length: 256 }, (_, host) => bytesOf(`192.168.7.${host}`));
  const moved = subnet.filter((real) => textOf(real) !== textOf(anonymizer.address(real)));
  expect(new Set(subnet.map((real) => textOf(anonymizer.address(real)))).size).toBe(256);
  expect(moved.length).toBeGreaterThan(200);
});
