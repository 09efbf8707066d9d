// Packet rows as a pcapng file, which Wireshark and tshark read: one interface for each device that a packet was seen at, and beside a packet, as
// a comment, what else is known of it. The format: draft-ietf-opsawg-pcapng.
import type { PacketRow } from '../../bpf/rows/rows.gen.ts';
import { escapeControls } from '../process/terminal-text.ts';
import { headersOf } from './headers.ts';

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE = 1;
const PACKET = 6;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const LINKTYPE_RAW = 101;
const OPTION = { comment: 1, interface_name: 2, application: 4, time_resolution: 9 } as const;
const NANOSECONDS = 9;
const TEXT_CHARACTERS_MAX = 4000;
/** No packet's headers are longer, in bytes. */
const SNAPLEN = 160;

export type Commented = {
  row: PacketRow;
  /** empty: nothing beside the headers is known */
  comment: string;
};

/** What a device is called: a name may be known where the row has its number only. */
export type DeviceName = (row: PacketRow) => string;

/** `comment`: what is to be known of the whole file; empty: nothing. */
export type Section = { application: string; comment: string };

/** The blocks of a file. */
export class Pcapng {
  readonly #nameOf: DeviceName;
  readonly #interfaces = new Map<string, number>();
  readonly begin: Buffer;

  constructor({ application, comment }: Section, nameOf: DeviceName) {
    this.#nameOf = nameOf;
    const told: Option[] = [[OPTION.application, application], ...(comment === '' ? [] : [[OPTION.comment, comment] as const])];
    this.begin = block(SECTION_HEADER, Buffer.concat([sectionHeader(), options(told)]));
  }

  /** The blocks of one more packet; packets are expected in the order of their times. */
  blockOf({ row, comment }: Commented): Buffer {
    const name = this.#nameOf(row);
    const known = this.#interfaces.get(name);
    if (known !== undefined) return block(PACKET, packetBody(row, known, comment));
    const id = this.#interfaces.size;
    this.#interfaces.set(name, id);
    return Buffer.concat([block(INTERFACE, interfaceBody(name)), block(PACKET, packetBody(row, id, comment))]);
  }
}

function sectionHeader(): Buffer {
  const body = Buffer.alloc(16, 0xff); // -1: the section's length is not told
  body.writeUInt32LE(BYTE_ORDER_MAGIC, 0);
  body.writeUInt16LE(1, 4);
  body.writeUInt16LE(0, 6);
  return body;
}

function interfaceBody(name: string): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(LINKTYPE_RAW, 0);
  head.writeUInt32LE(SNAPLEN, 4);
  const told: Option[] = [
    [OPTION.interface_name, name],
    [OPTION.time_resolution, Buffer.of(NANOSECONDS)],
  ];
  return Buffer.concat([head, options(told)]);
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

type Option = readonly [code: number, value: string | Buffer];

function options(all: readonly Option[]): Buffer {
  const parts = all.map(([code, value]) => {
    const bytes = typeof value === 'string' ? textBytes(value) : value;
    const head = Buffer.alloc(4);
    head.writeUInt16LE(code, 0);
    head.writeUInt16LE(bytes.length, 2);
    return Buffer.concat([head, padded(bytes)]);
  });
  return Buffer.concat([...parts, Buffer.alloc(4)]); // the end of options
}

/** Anyone on a host chooses names, and the file may be shown in a terminal: controls are escaped. An option's length has 16 bits. */
function textBytes(text: string): Buffer {
  return Buffer.from([...escapeControls(text)].slice(0, TEXT_CHARACTERS_MAX).join(''));
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
