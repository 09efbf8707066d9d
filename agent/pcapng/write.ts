// Packet rows as a pcapng file, which Wireshark and tshark read: one interface for each device that a packet was seen at, and beside a packet, as
// a comment, what else is known of it. The format: draft-ietf-opsawg-pcapng.
import type { PacketRow } from '../../bpf/rows/rows.gen.ts';
import { headersOf } from './headers.ts';

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE = 1;
const PACKET = 6;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const LINKTYPE_RAW = 101;
const OPTION = { comment: 1, interface_name: 2, application: 4, time_resolution: 9 } as const;
const NANOSECONDS = 9;
/** As much as a packet's headers can be. */
const SNAPLEN = 160;

export type Commented = {
  row: PacketRow;
  /** empty: nothing beside the headers is known */
  comment: string;
};

/** What a device is called: a name may be known where the row has its number only. */
export type DeviceName = (row: PacketRow) => string;

/** The bytes of a whole file, a piece for each block. Packets are expected in the order of their times. */
export function* pcapngOf(packets: Iterable<Commented>, application: string, nameOf: DeviceName): Generator<Buffer> {
  yield block(SECTION_HEADER, Buffer.concat([sectionHeader(), options([[OPTION.application, application]])]));
  const interfaces = new Map<string, number>();
  for (const { row, comment } of packets) {
    const name = nameOf(row);
    let id = interfaces.get(name);
    if (id === undefined) {
      id = interfaces.size;
      interfaces.set(name, id);
      yield block(
        INTERFACE,
        Buffer.concat([
          interfaceHeader(),
          options([
            [OPTION.interface_name, name],
            [OPTION.time_resolution, Buffer.of(NANOSECONDS)],
          ]),
        ]),
      );
    }
    yield block(PACKET, packetBody(row, id, comment));
  }
}

function sectionHeader(): Buffer {
  const body = Buffer.alloc(16, 0xff); // the section's length is not told
  body.writeUInt32LE(BYTE_ORDER_MAGIC, 0);
  body.writeUInt16LE(1, 4);
  body.writeUInt16LE(0, 6);
  return body;
}

function interfaceHeader(): Buffer {
  const body = Buffer.alloc(8);
  body.writeUInt16LE(LINKTYPE_RAW, 0);
  body.writeUInt32LE(SNAPLEN, 4);
  return body;
}

function packetBody(row: PacketRow, interface_id: number, comment: string): Buffer {
  const { bytes, packet_bytes } = headersOf(row);
  const head = Buffer.alloc(20);
  head.writeUInt32LE(interface_id, 0);
  head.writeUInt32LE(Number(row.time_ns >> 32n), 4);
  head.writeUInt32LE(Number(row.time_ns & 0xffff_ffffn), 8);
  head.writeUInt32LE(bytes.length, 12);
  head.writeUInt32LE(packet_bytes, 16);
  return Buffer.concat([head, padded(bytes), comment === '' ? Buffer.alloc(0) : options([[OPTION.comment, comment]])]);
}

function options(all: readonly (readonly [code: number, value: string | Buffer])[]): Buffer {
  const parts = all.map(([code, value]) => {
    const bytes = typeof value === 'string' ? Buffer.from(value) : value;
    const head = Buffer.alloc(4);
    head.writeUInt16LE(code, 0);
    head.writeUInt16LE(bytes.length, 2);
    return Buffer.concat([head, padded(bytes)]);
  });
  return Buffer.concat([...parts, Buffer.alloc(4)]); // the end of options
}

/** A block's length stands before and behind it. */
function block(type: number, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  const length = body.length + 12;
  head.writeUInt32LE(type, 0);
  head.writeUInt32LE(length, 4);
  return Buffer.concat([head, body, head.subarray(4)]);
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
