// Parsers of values: from text to ranges of numbers. They need neither a kernel nor a store.
import { IPV4, parseAddress, parsePrefix } from './address.ts';
import type { FactLayout } from './facts.ts';
import { nearest } from './nearest.ts';
import { complement, type Range, type Ranges } from './ranges.ts';

export type Reading = {
  text: string;
  /** what the compared fact can be */
  domain: FactLayout['domain'];
  /** Throws: the text is no value of the field. `problem` says why, and what would be one. */
  refuse: (problem: string) => never;
};
export type ReadValue = (reading: Reading) => Ranges;

const NUMBER = /^\d{1,20}$/;
const US = { us: 1, µs: 1, ms: 1000, s: 1_000_000, m: 60_000_000, h: 3_600_000_000 } as const;
const BYTES = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const;

/** Whether the text is a plain number, where names may stand too. */
export const isNumber = (text: string): boolean => NUMBER.test(text);

/** How to write values that are not words of a list. */
export const WRITTEN = {
  duration: 'a duration: write it like 100ms, with the unit us, ms, s, m or h',
  bytes: 'a number of bytes: write it like 1500, 64kB or 10MiB',
  address: 'an address: write it like 10.0.0.1, 10.0.0.0/8 or 2001:db8::/32',
} as const;

/** One value, or a range: two values with a dash between them. */
function span({ text, domain: [min, max], refuse }: Reading, what: string, parse: (text: string) => bigint | undefined): Ranges {
  const ends = text.split('-').map(parse);
  const [from, to = from] = ends;
  if (ends.length > 2 || from === undefined || to === undefined) return refuse(`"${text}" is not ${what}`);
  if (from > to) return refuse(`"${text}" is empty: its first end is the larger one`);
  if (from < min || to > max) return refuse(`"${text}" is not from ${min} to ${max}`);
  return [[from, to]];
}

/** A number with one of these units behind it. */
function scaled(text: string, units: Readonly<Record<string, number>>): bigint | undefined {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([a-zµ]+)$/i.exec(text) ?? [];
  const found = Number(number) * (Object.hasOwn(units, unit) ? (units[unit] ?? Number.NaN) : Number.NaN);
  return Number.isFinite(found) ? BigInt(Math.round(found)) : undefined;
}

export const readNumber: ReadValue = (reading) => span(reading, 'a whole number', (text) => (isNumber(text) ? BigInt(text) : undefined));

/** In µs. */
export const readDuration: ReadValue = (reading) => span(reading, WRITTEN.duration, (text) => scaled(text, US));

export const readBytes: ReadValue = (reading) =>
  span(reading, WRITTEN.bytes, (text) => (isNumber(text) ? BigInt(text) : scaled(text, BYTES)));

/** An address, a prefix, or a range of addresses. */
export const readAddress: ReadValue = (reading) => {
  if (!reading.text.includes('/')) return span(reading, WRITTEN.address, parseAddress);
  const prefix = parsePrefix(reading.text);
  return typeof prefix === 'string' ? reading.refuse(prefix) : [prefix];
};

export const readFamily: ReadValue = ({ text, domain, refuse }) => {
  if (text === 'ipv4') return [IPV4];
  if (text === 'ipv6') return complement([IPV4], domain);
  return refuse(`"${text}" is none of ipv4, ipv6`);
};

/** A name of an enumeration; `instead` says why some of its names cannot be tested. */
export function readName(list: readonly string[], instead: Readonly<Record<string, string>> = {}): ReadValue {
  const offered = list.filter((name) => !Object.hasOwn(instead, name));
  return ({ text, refuse }) => {
    if (Object.hasOwn(instead, text)) return refuse(instead[text] ?? '');
    const index = list.indexOf(text);
    if (index >= 0) return [[BigInt(index), BigInt(index)]];
    const meant = nearest(text, offered);
    return refuse(meant === undefined ? `"${text}" is none of ${offered.join(', ')}` : `"${text}" is none of them: did you mean ${meant}?`);
  };
}

const COMM_BYTES = 16;
/** Bytes of a name without its final zero. */
const COMM_CHARACTERS_MAX = COMM_BYTES - 1;

function number(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

const padded = (bytes: Uint8Array): bigint => number(Uint8Array.of(...bytes, ...new Uint8Array(COMM_BYTES - bytes.length)));

/** The fact of a process's name, of at most 15 bytes. */
export const processNumber = (name: string): bigint => padded(new TextEncoder().encode(name).subarray(0, COMM_BYTES));

/** The name of a process, or a prefix with a star behind it. */
export const readProcess: ReadValue = ({ text, domain: [min], refuse }) => {
  const isPrefix = text.endsWith('*');
  const bytes = new TextEncoder().encode(isPrefix ? text.slice(0, -1) : text);
  if (bytes.length === 0 && !isPrefix) return refuse('a process has a name');
  if (bytes.length > COMM_CHARACTERS_MAX) {
    const kept = new TextDecoder().decode(bytes.subarray(0, COMM_CHARACTERS_MAX)).replace(/\ufffd+$/, '');
    return refuse(`"${text}" has ${bytes.length} bytes and the kernel keeps ${COMM_CHARACTERS_MAX} of a name: write "${kept}"`);
  }
  const end = new Uint8Array(COMM_BYTES).fill(isPrefix ? 0xff : 0);
  const start: Range[0] = padded(bytes);
  end.set(bytes);
  return [[start === 0n ? min : start, number(end)]];
};
