// Random text, numbers and JSON, without regard to what is expected.
import fc from 'fast-check';

/** Any UTF-16 code units, including lone surrogates, NUL, control and bidirectional characters, also in long texts. */
export const anyText = fc.oneof(
  fc
    .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.constantFrom(0, 0x1b, 0x9b, 0x202e, 0xd83d, 0xde00, 0xfffe)), { maxLength: 80 })
    .map((units) => String.fromCharCode(...units)),
  fc.constantFrom(
    '',
    '0',
    '00',
    '-1',
    '1e21',
    '18446744073709551615',
    '18446744073709551616',
    '\ud83d'.repeat(3),
    'x'.repeat(5000),
    '😀'.repeat(512),
  ),
);
const anyNumber = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.maxSafeInteger(),
  fc.constantFrom(-0, -1, 0.5, 1e20, 1e21, 1.5e300, 2 ** 32, 2 ** 53, 2 ** 63, 2 ** 64, 9e15, 4_294_967_295_000, 10_413_792_000_000),
);
export const anything = fc.oneof(
  anyText,
  anyNumber,
  fc.constantFrom(null, true, undefined, [], {}),
  fc.json().map((text) => JSON.parse(text) as unknown),
);
