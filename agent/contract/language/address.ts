// Addresses as 128-bit numbers. As in rows, IPv4 addresses are those of ::ffff/96.
import { readAddress } from '../../../bpf/rows/rows.gen.ts';
import type { Range } from './ranges.ts';

const MAPPED = 0xffff_0000_0000n;
export const IPV4: Range = [MAPPED, MAPPED | 0xffff_ffffn];

const BYTE = /^(0|[1-9]\d{0,2})$/;
const GROUP = /^[0-9a-f]{1,4}$/i;

/** Undefined where the text is no address, as with a zone ("%eth0"), which rows do not have. */
export function parseAddress(text: string): bigint | undefined {
  const low = parseIPv4(text);
  if (low !== undefined) return MAPPED | low;
  const halves = text.split('::');
  const [head = [], tail = []] = halves.map(groupsOf);
  if (halves.length > 2 || head === 'wrong' || tail === 'wrong') return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array<bigint>(missing).fill(0n), ...tail];
  // Dotted bytes are the last 32 bits: nothing follows them.
  if (/\..*:/.test(text)) return undefined;
  return groups.reduce((number, group) => (number << 16n) | group, 0n);
}

/** The 16-bit groups of one side of "::". The last 32 bits may be written as an IPv4 address. */
function groupsOf(text: string): bigint[] | 'wrong' {
  if (text === '') return [];
  const groups: bigint[] = [];
  for (const part of text.split(':')) {
    const dotted = part.includes('.') ? parseIPv4(part) : undefined;
    if (dotted !== undefined) groups.push(dotted >> 16n, dotted & 0xffffn);
    else if (GROUP.test(part)) groups.push(BigInt(`0x${part}`));
    else return 'wrong';
  }
  return groups;
}

function parseIPv4(text: string): bigint | undefined {
  const bytes = text.split('.');
  if (bytes.length !== 4 || !bytes.every((byte) => BYTE.test(byte) && Number(byte) <= 255)) return undefined;
  return bytes.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

/** The addresses of a prefix such as "10.0.0.0/8"; a string says what is wrong with it. */
export function parsePrefix(text: string): Range | string {
  const [address = '', length = ''] = text.split('/');
  const number = parseAddress(address);
  const most = parseIPv4(address) === undefined ? 128 : 32;
  if (number === undefined || !/^\d{1,3}$/.test(length) || Number(length) > most) return `"${text}" is no prefix: write it like 10.0.0.0/8`;
  const rest = (1n << BigInt(most - Number(length))) - 1n;
  if ((number & rest) === 0n) return [number, number | rest];
  return `"${text}" has bits behind its prefix: write ${formatAddress(number & ~rest)}/${length}, or ${address} for the one address`;
}

export function formatAddress(number: bigint): string {
  const view = new DataView(new ArrayBuffer(16));
  view.setBigUint64(0, number >> 64n);
  view.setBigUint64(8, number & 0xffff_ffff_ffff_ffffn);
  return readAddress(view, 0);
}
