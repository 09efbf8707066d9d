// Addresses as 128-bit numbers. As in rows, IPv4 addresses are those of ::ffff/96.
import { isIPv4, isIPv6 } from 'node:net';
import { readAddress } from '../../bpf/rows/rows.gen.ts';
import type { Range } from './ranges.ts';

const MAPPED = 0xffff_0000_0000n;
export const IPV4: Range = [MAPPED, MAPPED | 0xffff_ffffn];

/** Undefined where the text is no address. */
export function parseAddress(text: string): bigint | undefined {
  if (isIPv4(text)) return MAPPED | v4(text);
  if (!isIPv6(text) || text.includes('%')) return undefined;
  // The last 32 bits may be written as an IPv4 address.
  const dotted = /[^:]+\.[^:]+$/.exec(text)?.[0];
  const low = dotted === undefined ? undefined : v4(dotted);
  const plain =
    low === undefined ? text : `${text.slice(0, -(dotted ?? '').length)}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`;
  const [head = [], tail = []] = plain.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  const groups = [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail];
  return groups.reduce((number, group) => (number << 16n) | BigInt(`0x${group}`), 0n);
}

function v4(text: string): bigint {
  return text.split('.').reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

/** The addresses of a prefix such as "10.0.0.0/8"; a string says what is wrong with it. */
export function parsePrefix(text: string): Range | string {
  const [address = '', length = ''] = text.split('/');
  const number = parseAddress(address);
  const most = isIPv4(address) ? 32 : 128;
  if (number === undefined || !/^\d{1,3}$/.test(length) || Number(length) > most) return `"${text}" is no prefix: write it like 10.0.0.0/8`;
  const rest = (1n << BigInt(most - Number(length))) - 1n;
  if ((number & rest) === 0n) return [number, number | rest];
  return `"${text}" has bits behind its prefix: write ${formatAddress(number & ~rest)}/${length}, or ${address} for the one address`;
}

export function formatAddress(number: bigint): string {
  const view = new DataView(new ArrayBuffer(16));
  view.setBigUint64(0, number >> 64n);
  view.setBigUint64(8, number);
  return readAddress(view, 0);
}
