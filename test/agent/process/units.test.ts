import { expect, test } from 'vitest';
import { parseCount, parseDuration, parseEndpoint, parseHostId, parseSize, parseUrl } from '../../../agent/process/units.ts';

function check(parse: (text: string) => unknown, text: string, expected: unknown): void {
  if (expected instanceof RegExp) expect(() => parse(text)).toThrow(expected);
  else expect(parse(text)).toEqual(expected);
}

test.each([
  { parse: parseDuration, text: '250ms', expected: 250 },
  { parse: parseDuration, text: '1.5s', expected: 1500 },
  { parse: parseDuration, text: '2m', expected: 120_000 },
  { parse: parseDuration, text: '1h', expected: 3_600_000 },
  { parse: parseDuration, text: '10', expected: /not a duration: .*like 10s/ },
  { parse: parseDuration, text: '10 s', expected: /not a duration/ },
  { parse: parseDuration, text: '-1s', expected: /not a duration/ },
  { parse: parseDuration, text: '10sec', expected: /not a duration/ },
  { parse: parseDuration, text: '0.3ms', expected: /not a duration/ },
  { parse: parseSize, text: '64MiB', expected: 67_108_864 },
  { parse: parseSize, text: '512B', expected: 512 },
  { parse: parseSize, text: '64MB', expected: /not a size: .*like 64MiB/ },
  { parse: parseSize, text: '64', expected: /not a size/ },
  { parse: parseSize, text: '999999999999GiB', expected: /not a size/ },
  { parse: parseUrl, text: 'http://[::1]:8600/', expected: 'http://[::1]:8600' },
  { parse: parseUrl, text: 'https://collector/tcp', expected: 'https://collector/tcp' },
  { parse: parseUrl, text: 'localhost:8600', expected: /not a URL/ },
  { parse: parseUrl, text: 'ftp://x', expected: /not a URL/ },
  { parse: parseEndpoint, text: '127.0.0.1:8601', expected: { host: '127.0.0.1', port: 8601 } },
  { parse: parseEndpoint, text: '[::1]:0', expected: { host: '::1', port: 0 } },
  { parse: parseEndpoint, text: 'none', expected: 'none' },
  { parse: parseEndpoint, text: ':8601', expected: /not an address/ },
  { parse: parseEndpoint, text: '127.0.0.1:70000', expected: /not an address/ },
  { parse: parseHostId, text: '00000000000000ff', expected: 255n },
  { parse: parseHostId, text: 'ff', expected: /not a host id/ },
  { parse: parseHostId, text: '0000000000000000', expected: /not a host id/ },
  { parse: parseCount(0, 10), text: '10', expected: 10 },
  { parse: parseCount(0, 10), text: '11', expected: /from 0 to 10/ },
  { parse: parseCount(0, 10), text: '1.5', expected: /from 0 to 10/ },
])('$parse.name $text', ({ parse, text, expected }) => check(parse, text, expected));
