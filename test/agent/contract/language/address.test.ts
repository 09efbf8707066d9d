import { BlockList, isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatAddress, parseAddress, parsePrefix } from '../../../../agent/contract/language/address.ts';
import { tries } from '../../../support/tries.ts';

const MAPPED = 0xffff_0000_0000n;

test.each([
  ['10.0.0.1', MAPPED | 0x0a00_0001n],
  ['::ffff:10.0.0.1', MAPPED | 0x0a00_0001n],
  ['::FFFF:a00:1', MAPPED | 0x0a00_0001n],
  ['0:0:0:0:0:ffff:10.0.0.1', MAPPED | 0x0a00_0001n],
  ['2001:DB8:0:0::1', 0x20010db8_00000000_00000000_00000001n],
  ['::', 0n],
  ['::1', 1n],
  ['1::', 1n << 112n],
  ['2001:db8::ff00:42:8329', 0x20010db8_00000000_0000ff00_00428329n],
  ['64:ff9b::192.0.2.33', 0x0064ff9b_00000000_00000000_c0000221n],
  ['1:2:3:4:5:6:7:8', 0x00010002_00030004_00050006_00070008n],
])('%s', (text, number) => {
  expect(parseAddress(text)).toBe(number);
});

test.each(['', '10.0.0', '10.0.0.256', ':::', 'localhost', 'fe80::1%eth0', '10.0.0.1/8'])('%s is no address', (text) => {
  expect(parseAddress(text)).toBeUndefined();
});

test('what is formatted is parsed to the same number', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, (1n << 128n) - 1n), (number) => {
      expect(parseAddress(formatAddress(number))).toBe(number);
    }),
  );
});

test("a prefix holds the addresses that Node's own list holds", () => {
  const address = fc.oneof(fc.ipV4(), fc.ipV6());
  fc.assert(
    fc.property(address, address, fc.nat(128), (base, other, length) => {
      const isV4 = base.includes('.') && !base.includes(':');
      const bits = Math.min(length, isV4 ? 32 : 128);
      const network = parseAddress(base) ?? 0n;
      const start = formatAddress(network & ~((1n << BigInt((isV4 ? 32 : 128) - bits)) - 1n));
      // Node tells mapped addresses from IPv4 ones, rows do not.
      fc.pre([start, other].every((text) => isV4 === !text.includes(':')));
      const list = new BlockList();
      list.addSubnet(start, bits, isV4 ? 'ipv4' : 'ipv6');
      const range = parsePrefix(`${start}/${bits}`);
      if (typeof range === 'string') throw new Error(range);
      for (const each of [base, other, start]) {
        const number = parseAddress(each) ?? 0n;
        expect(range[0] <= number && number <= range[1], each).toBe(list.check(each, isV4 ? 'ipv4' : 'ipv6'));
      }
    }),
    tries(500),
  );
});

/** Text that is nearly an address, so that both answers are frequent. */
const almost = fc
  .array(fc.constantFrom('0', '1', 'ff', 'ffff', '255', '256', '01', ':', ':', ':', '::', '.', '.', '10.0.0.1', 'g'), { maxLength: 14 })
  .map((parts) => parts.join(''));
const address = fc.oneof(almost, fc.ipV4(), fc.ipV6(), fc.string());

test('what Node takes for an address is one, and nothing else is', () => {
  fc.assert(
    fc.property(address, (text) => {
      expect(parseAddress(text) !== undefined).toBe((isIPv4(text) || isIPv6(text)) && !text.includes('%'));
    }),
    tries(5000),
  );
});
