// The IP and TCP headers of a packet row as bytes, for tools that read packets. What rows do not have (payload, TCP's checksum, urgent pointer) is
// left out or zero.
import type { PacketRow } from '../../bpf/rows/rows.gen.ts';
import { parseAddress } from '../contract/language/address.ts';

const MAPPED = 0xffffn;
const IPPROTO_TCP = 6;
/** The most that the length field of an IP header holds; a larger packet, as some devices take, has this in it. */
const LENGTH_MAX = 0xffff;

export type Headers = {
  bytes: Buffer;
  /** with the payload, which the row does not have */
  packet_bytes: number;
};

/** The headers as they were on this host, from sender to receiver. */
export function headersOf(row: PacketRow): Headers {
  const received = row.direction === 'received';
  const local = { address: parseAddress(row.local_addr) ?? 0n, port: row.local_port };
  const peer = { address: parseAddress(row.peer_addr) ?? 0n, port: row.peer_port };
  const [from, to] = received ? [peer, local] : [local, peer];
  const tcp = tcpHeader(row, from.port, to.port);
  const of_tcp = tcp.length + row.length;
  const ip =
    from.address >> 32n === MAPPED ? ipv4Header(row, from.address, to.address, of_tcp) : ipv6Header(row, from.address, to.address, of_tcp);
  const bytes = Buffer.concat([ip, tcp]);
  return { bytes, packet_bytes: bytes.length + row.length };
}

function ipv4Header({ tos, ip_id, ttl }: PacketRow, from: bigint, to: bigint, of_tcp: number): Buffer {
  const header = Buffer.alloc(20);
  header[0] = 0x45;
  header[1] = tos;
  header.writeUInt16BE(Math.min(LENGTH_MAX, header.length + of_tcp), 2);
  header.writeUInt16BE(ip_id, 4);
  header[8] = ttl;
  header[9] = IPPROTO_TCP;
  header.writeUInt32BE(Number(from & 0xffff_ffffn), 12);
  header.writeUInt32BE(Number(to & 0xffff_ffffn), 16);
  header.writeUInt16BE(checksum(header), 10);
  return header;
}

function ipv6Header({ tos, ttl }: PacketRow, from: bigint, to: bigint, of_tcp: number): Buffer {
  const header = Buffer.alloc(40);
  header.writeUInt32BE(((6 << 28) | (tos << 20)) >>> 0, 0);
  header.writeUInt16BE(Math.min(LENGTH_MAX, of_tcp), 4);
  header[6] = IPPROTO_TCP;
  header[7] = ttl;
  for (const [at, address] of [
    [8, from],
    [24, to],
  ] as const) {
    header.writeBigUInt64BE(address >> 64n, at);
    header.writeBigUInt64BE(address & 0xffff_ffff_ffff_ffffn, at + 8);
  }
  return header;
}

function tcpHeader(row: PacketRow, from_port: number, to_port: number): Buffer {
  const options = optionBytes(row);
  const header = Buffer.alloc(20 + options.length);
  header.writeUInt16BE(from_port, 0);
  header.writeUInt16BE(to_port, 2);
  header.writeUInt32BE(row.seq, 4);
  header.writeUInt32BE(row.ack, 8);
  header[12] = (header.length / 4) << 4;
  header[13] = row.tcp_flags;
  header.writeUInt16BE(row.window, 14);
  options.copy(header, 20);
  return header;
}

const SYN = 2;
const NOP = 1;

/** The options that rows have, each padded to four bytes by no-operation options. */
function optionBytes(row: PacketRow): Buffer {
  const parts: number[][] = [];
  if (row.tcp_flags & SYN && row.mss > 0) parts.push([2, 4, row.mss >> 8, row.mss & 0xff]);
  if (row.sack_permitted) parts.push([NOP, NOP, 4, 2]);
  if (row.has_timestamps) parts.push([NOP, NOP, 8, 10, ...word(row.tsval), ...word(row.tsecr)]);
  if (row.window_scale > 0) parts.push([NOP, 3, 3, row.window_scale - 1]);
  const blocks = (
    [
      [row.sack1_from, row.sack1_to],
      [row.sack2_from, row.sack2_to],
      [row.sack3_from, row.sack3_to],
    ] as const
  ).filter(([from, to]) => from !== 0 || to !== 0);
  if (blocks.length > 0) parts.push([NOP, NOP, 5, 2 + 8 * blocks.length, ...blocks.flatMap(([from, to]) => [...word(from), ...word(to)])]);
  return Buffer.from(parts.flat());
}

function word(number: number): number[] {
  return [number >>> 24, (number >>> 16) & 0xff, (number >>> 8) & 0xff, number & 0xff];
}

/** The checksum of an IPv4 header in which its own field is zero (RFC 1071). */
function checksum(header: Buffer): number {
  let sum = 0;
  for (let at = 0; at < header.length; at += 2) sum += header.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
