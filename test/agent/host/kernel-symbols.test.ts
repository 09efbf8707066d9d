// The function that a place in the kernel lies in, whatever the order of the list, beside a look at every line of it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { KernelSymbols } from '../../../agent/host/kernel-symbols.ts';
import { tries } from '../../support/tries.ts';

const directory = mkdtempSync(join(tmpdir(), 'tcplens-symbols-'));
afterAll(() => rmSync(directory, { recursive: true }));

const BEGIN = 0xffff_8000_0000_0000n;
/** Close together, and at both ends of the kernel's half of the addresses. */
const place = fc
  .oneof(fc.bigInt({ min: 0n, max: 300n }), fc.bigInt({ min: 0x7fff_ffff_ff00n, max: 0x7fff_ffff_ffffn }))
  .map((far) => BEGIN + far);
const line = fc.record({
  address: place,
  type: fc.constantFrom('T', 't', 'D', 'b', 'r'),
  name: fc.stringMatching(/^[a-z_.0-9]{1,40}$/),
  module: fc.constantFrom('', '\t[nf_tables]'),
});

function symbolsOf(text: string): KernelSymbols {
  const path = join(directory, 'kallsyms');
  writeFileSync(path, text);
  return new KernelSymbols(path);
}
const named = (symbols: KernelSymbols, address: bigint) => Buffer.from(symbols.nameOf(address)).toString('latin1').replace(/\0+$/, '');

test('the last function at or before a place, of any list', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 30 }), fc.array(place, { minLength: 1, maxLength: 20 }), (lines, places) => {
      const text = lines.map(({ address, type, name, module }) => `${address.toString(16)} ${type} ${name}${module}\n`).join('');
      const symbols = symbolsOf(text);
      for (const asked of places) {
        let best: (typeof lines)[number] | undefined;
        for (const each of lines)
          if ('Tt'.includes(each.type) && each.address <= asked && each.address >= (best?.address ?? 0n)) best = each;
        expect(named(symbols, asked)).toBe((best?.name ?? '').slice(0, 32));
      }
    }),
    tries(300),
  );
});

test('addresses that are hidden, are none of the kernel’s, or have no list stay unnamed', () => {
  const hidden = symbolsOf('0000000000000000 T one\n0000000000000000 t two\n');
  expect(named(hidden, BEGIN + 5n)).toBe('');
  const known = symbolsOf(`${BEGIN.toString(16)} T first\n`);
  expect([named(known, BEGIN), named(known, 5n), named(known, 0x7fff_0000_0000n)]).toEqual(['first', '', '']);
  expect(named(new KernelSymbols(join(directory, 'none')), BEGIN)).toBe('');
});
