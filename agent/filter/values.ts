// Parsers of values in a filter: from text to ranges of numbers.
import type { Kind } from '../../bpf/rows/rows.gen.ts';
import { IPV4, parseAddress, parsePrefix } from './address.ts';
import { type Fact, factLayout } from './facts.ts';
import type { Names } from './names.ts';
import { nearest } from './nearest.ts';
import { complement, includes, type Range, type Ranges, union } from './ranges.ts';

export type Reading = {
  text: string;
  /** the fact that is compared with the value */
  fact: Fact;
  names: Names;
  /** Throws: the text is no value of the field. `problem` says why, and what would be one. */
  refuse: (problem: string) => never;
};
export type ReadValue = (reading: Reading) => Ranges;

const NUMBER = /^\d{1,20}$/;
const US = { us: 1, µs: 1, ms: 1000, s: 1_000_000 } as const;

function only(number: bigint): Ranges {
  return [[number, number]];
}

/** One value, or a range: two values with a dash between them. */
function span({ text, fact, refuse }: Reading, what: string, parse: (text: string) => bigint | undefined): Ranges {
  const [min, max] = factLayout(fact).domain;
  const ends = text.split('-').map(parse);
  const [from, to = from] = ends;
  if (ends.length > 2 || from === undefined || to === undefined) return refuse(`"${text}" is not ${what}`);
  if (from > to) return refuse(`"${text}" is empty: its first end is the larger one`);
  if (from < min || to > max) return refuse(`"${text}" is not from ${min} to ${max}`);
  return [[from, to]];
}

export const readNumber: ReadValue = (reading) => span(reading, 'a whole number', (text) => (NUMBER.test(text) ? BigInt(text) : undefined));

export const readDuration: ReadValue = (reading) =>
  span(reading, 'a duration: write it like 100ms, with the unit us, ms or s', (text) => {
    const [, number, unit] = /^(\d+(?:\.\d+)?)(us|µs|ms|s)$/.exec(text) ?? [];
    const us = Number(number) * (US[unit as keyof typeof US] ?? Number.NaN);
    return Number.isFinite(us) ? BigInt(Math.round(us)) : undefined;
  });

/** An address, a prefix, or a range of addresses. */
export const readAddress: ReadValue = (reading) => {
  if (!reading.text.includes('/')) return span(reading, 'an address: write it like 10.0.0.1, 10.0.0.0/8 or 2001:db8::/32', parseAddress);
  const prefix = parsePrefix(reading.text);
  return typeof prefix === 'string' ? reading.refuse(prefix) : [prefix];
};

export const readFamily: ReadValue = ({ text, fact, refuse }) => {
  if (text === 'ipv4') return [IPV4];
  if (text === 'ipv6') return complement([IPV4], factLayout(fact).domain);
  return refuse(`"${text}" is none of ipv4, ipv6`);
};

/** A name of an enumeration; `instead` says why some of its names cannot be tested. */
export function readName(list: readonly string[], instead: Record<string, string> = {}): ReadValue {
  const offered = list.filter((name) => !Object.hasOwn(instead, name));
  return ({ text, refuse }) => {
    if (Object.hasOwn(instead, text)) return refuse(instead[text] ?? '');
    const index = list.indexOf(text);
    if (index >= 0) return only(BigInt(index));
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

/** The name of a process, or a prefix with a star behind it. */
export const readProcess: ReadValue = ({ text, refuse }) => {
  const isPrefix = text.endsWith('*');
  const bytes = Buffer.from(isPrefix ? text.slice(0, -1) : text);
  if (bytes.length === 0 && !isPrefix) return refuse('a process has a name');
  if (bytes.length > COMM_CHARACTERS_MAX) {
    const kept = bytes
      .subarray(0, COMM_CHARACTERS_MAX)
      .toString()
      .replace(/\ufffd+$/, '');
    return refuse(`"${text}" has ${bytes.length} bytes and the kernel keeps ${COMM_CHARACTERS_MAX} of a name: write "${kept}"`);
  }
  const end = Buffer.alloc(COMM_BYTES, isPrefix ? 0xff : 0);
  const start = Buffer.alloc(COMM_BYTES);
  bytes.copy(start);
  bytes.copy(end);
  const [min] = factLayout('comm').domain;
  const first = number(start);
  return [[first === 0n ? min : first, number(end)]];
};

/** Ids as ranges. */
function identities({ fact, refuse }: Reading, ids: readonly bigint[], problem: string): Ranges {
  const { domain } = factLayout(fact);
  const known = ids.filter((id) => includes([domain], id));
  return known.length === 0 ? refuse(problem) : union(known.map((id): Range => [id, id]));
}

export const readCgroup: ReadValue = (reading) => {
  const { text, names } = reading;
  if (NUMBER.test(text)) return readNumber(reading);
  return identities(reading, names.cgroups(text), `no cgroup with the path, unit or container "${text}" is known here`);
};

/** A number is an inode if a namespace has that inode, else a cookie. */
export const readNetns: ReadValue = (reading) => {
  const { text, names } = reading;
  const ids = names.netns(text);
  if (ids.length === 0 && NUMBER.test(text)) return readNumber(reading);
  return identities(
    reading,
    ids,
    `no network namespace "${text}" is known here: give the name that \`ip netns\` shows, an inode or a cookie`,
  );
};

const REASON_KIND = { reset_reason: 'reset', drop_reason: 'drop' } as const satisfies Partial<Record<Fact, Kind>>;

/** A reason has one number in resets and another in drops; a name may be known in only one of the two. */
export const readReason: ReadValue = ({ text, fact, names, refuse }) => {
  const known = Object.values(REASON_KIND).map((kind) => names.reason(kind, text));
  if (known.every((code) => code === undefined)) {
    const meant = nearest(text, names.reasons());
    return refuse(`this kernel has no reason "${text}"${meant === undefined ? '' : `: did you mean ${meant}?`}`);
  }
  const kind = REASON_KIND[fact as keyof typeof REASON_KIND];
  const code = names.reason(kind, text);
  return code === undefined ? [] : only(BigInt(code));
};
