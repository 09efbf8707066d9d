// Reads captures: TCP packets and the fields that tell them apart. It uses no code of tcplens, so that it can be a judge of it.
import { readFileSync } from 'node:fs';

export type Packet = {
  /** microseconds */
  time_us: number;
  src: string;
  dst: string;
  src_port: number;
  dst_port: number;
  seq: number;
  ack: number;
  /** bytes of payload */
  length: number;
  flags: number;
  /** IPv4; 0 for IPv6 */
  ip_id: number;
  tsval: number;
  /** blocks of SACK as [from, to] */
  sacks: [number, number][];
};

const NANOSECONDS = 0xa1b23c4d;
const LINK = { ethernet: 1, raw: 101, nflog: 239 } as const;
const ETHERNET_BYTES = 14;
const TCP = 6;
const NFLOG_PAYLOAD = 9;

export function readPcap(path: string): Packet[] {
  const bytes = readFileSync(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 24) return [];
  const per_us = view.getUint32(0, true) === NANOSECONDS ? 1000 : 1;
  const link = view.getUint32(20, true);
  const packets: Packet[] = [];
  for (let at = 24; at + 16 <= bytes.length; ) {
    const length = view.getUint32(at + 8, true);
    const time_us = view.getUint32(at, true) * 1e6 + view.getUint32(at + 4, true) / per_us;
    const ip = ipAt(view, at + 16, length, link);
    const packet = ip === undefined ? undefined : tcpAt(view, ip, at + 16 + length, time_us);
    if (packet) packets.push(packet);
    at += 16 + length;
  }
  return packets;
}

function ipAt(view: DataView, at: number, length: number, link: number): number | undefined {
  if (link === LINK.raw) return at;
  if (link === LINK.ethernet) return at + ETHERNET_BYTES;
  if (link !== LINK.nflog) throw new Error(`no link type ${link} is known`);
  for (let part = at + 4; part + 4 <= at + length; ) {
    const size = view.getUint16(part, true);
    if (view.getUint16(part + 2, true) === NFLOG_PAYLOAD) return part + 4;
    part += Math.max(4, (size + 3) & ~3);
  }
  return undefined;
}

function tcpAt(view: DataView, ip: number, end: number, time_us: number): Packet | undefined {
  const is_v6 = view.getUint8(ip) >> 4 === 6;
  const header = is_v6 ? 40 : (view.getUint8(ip) & 15) * 4;
  if (view.getUint8(ip + (is_v6 ? 6 : 9)) !== TCP) return undefined;
  const tcp = ip + header;
  const data_offset = (view.getUint8(tcp + 12) >> 4) * 4;
  const total = is_v6 ? view.getUint16(ip + 4) + header : view.getUint16(ip + 2);
  const address = (at: number) => (is_v6 ? v6Text(view, at) : [0, 1, 2, 3].map((byte) => view.getUint8(at + byte)).join('.'));
  return {
    time_us,
    src: address(ip + (is_v6 ? 8 : 12)),
    dst: address(ip + (is_v6 ? 24 : 16)),
    src_port: view.getUint16(tcp),
    dst_port: view.getUint16(tcp + 2),
    seq: view.getUint32(tcp + 4),
    ack: view.getUint32(tcp + 8),
    length: total - header - data_offset,
    flags: view.getUint8(tcp + 13),
    ip_id: is_v6 ? 0 : view.getUint16(ip + 4),
    ...optionsOf(view, tcp + 20, Math.min(tcp + data_offset, end)),
  };
}

function v6Text(view: DataView, at: number): string {
  return Array.from({ length: 8 }, (_, part) => view.getUint16(at + part * 2).toString(16)).join(':');
}

function optionsOf(view: DataView, from: number, end: number): Pick<Packet, 'tsval' | 'sacks'> {
  const found: Pick<Packet, 'tsval' | 'sacks'> = { tsval: 0, sacks: [] };
  for (let at = from; at < end; ) {
    const kind = view.getUint8(at);
    if (kind === 0) break;
    if (kind === 1) {
      at++;
      continue;
    }
    const size = view.getUint8(at + 1);
    if (size < 2) break;
    if (kind === 8) found.tsval = view.getUint32(at + 2);
    if (kind === 5)
      for (let block = at + 2; block + 8 <= at + size; block += 8) found.sacks.push([view.getUint32(block), view.getUint32(block + 4)]);
    at += size;
  }
  return found;
}
