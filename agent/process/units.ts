// Parsers of option values. They are strict: a number without its unit, or with a wrong one, is an error and not a guess.
import { ConfigError } from './errors.ts';

const DURATIONS_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const SIZES = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;

function parse(text: string, units: Record<string, number>, what: string, example: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([A-Za-z]+)$/.exec(text) ?? [];
  const scale = unit === undefined ? undefined : units[unit];
  const value = Number(number) * (scale ?? Number.NaN);
  if (!Number.isSafeInteger(value)) {
    throw new ConfigError(
      'bad_value',
      `"${text}" is not a ${what}: write a number and one of ${Object.keys(units).join(', ')}, like ${example}`,
    );
  }
  return value;
}

/** Milliseconds in "250ms", "10s", "5m", "1h", "7d". */
export function parseDuration(text: string): number {
  return parse(text, DURATIONS_MS, 'duration', '10s');
}

const MOMENT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/;

/** Milliseconds since 1970 of "2026-01-31T10:00Z", "2026-01-31T10:00:30.5+01:00", or "2026-01-31" where that day begins in UTC. */
export function parseMoment(text: string): number {
  const at_ms = MOMENT.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at_ms)) throw new ConfigError('bad_value', `"${text}" is not a time: write it like 2026-01-31T10:00Z`);
  return at_ms;
}

/** Bytes in "512KiB", "64MiB", "1GiB". */
export function parseSize(text: string): number {
  return parse(text, SIZES, 'size', '64MiB');
}

/** A share in (0, 1] from "2%", "0.5%". */
export function parsePercent(text: string): number {
  const share = Number(/^(\d+(?:\.\d+)?)%$/.exec(text)?.[1]) / 100;
  if (!(share > 0 && share <= 1)) throw new ConfigError('bad_value', `"${text}" is not a share: write it like 2%`);
  return share;
}

/** A whole number in [min, max]. */
export function parseCount(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) throw new ConfigError('bad_value', `"${text}" is not a whole number from ${min} to ${max}`);
    return value;
  };
}

/** An http or https URL without its trailing slash. */
export function parseUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new ConfigError('bad_value', `"${text}" is not a URL: write it like http://127.0.0.1:8600`);
  }
  return url.href.replace(/\/$/, '');
}

/** One or several, with commas. */
export function parseUrls(text: string): string[] {
  return text.split(',').map((one) => parseUrl(one.trim()));
}

export type Endpoint = { host: string; port: number };

/** A local address to listen on: "127.0.0.1:8601", "[::1]:8601". */
export function parseAddress(text: string): Endpoint {
  const [, v6, v4, port] = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = v6 ?? v4;
  if (host === undefined || Number(port) > 65535)
    throw new ConfigError('bad_value', `"${text}" is not an address to listen on: write it like 127.0.0.1:8601`);
  return { host, port: Number(port) };
}

/** An address, or "none". That stays a word, since commander turns undefined into ''. */
export function parseEndpoint(text: string): Endpoint | 'none' {
  return text === 'none' ? text : parseAddress(text);
}

/** A host id: 16 hex digits, not all zero. */
export function parseHostId(text: string): bigint {
  const value = /^[0-9a-f]{16}$/.test(text) ? BigInt(`0x${text}`) : 0n;
  if (value === 0n) throw new ConfigError('bad_value', `"${text}" is not a host id: write 16 hex digits, not all zero`);
  return value;
}

/** One of a few words. */
export function oneOf<const Words extends readonly string[]>(words: Words): (text: string) => Words[number] {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    if (word === undefined) throw new ConfigError('bad_value', `"${text}" is none of ${words.join(', ')}`);
    return word;
  };
}
