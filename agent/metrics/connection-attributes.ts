// The attributes on metrics. A series is made for every combination, so what a peer can choose freely (addresses,
// ephemeral ports, pids) is never among them.
import type { Attributes } from '@opentelemetry/api';
import { HEAD_AT, ROLE, type Role, readText } from '../../bpf/rows.gen.ts';
import { ConfigError } from '../errors.ts';

/** Attributes that a user may want or not, because they multiply series. */
export const OPTIONAL_ATTRIBUTES = ['server.port', 'tcplens.comm'] as const;
export type OptionalAttribute = (typeof OPTIONAL_ATTRIBUTES)[number];

/** "server.port,tcplens.comm", or "none". */
export function parseAttributes(text: string): readonly OptionalAttribute[] {
  if (text === 'none') return [];
  return text.split(',').map((name) => {
    const known = OPTIONAL_ATTRIBUTES.find((attribute) => attribute === name);
    if (known === undefined)
      throw new ConfigError('bad_value', `"${name}" is no optional attribute: use ${OPTIONAL_ATTRIBUTES.join(', ')} or none`);
    return known;
  });
}

/** First port that the kernel hands out by itself, from /proc/sys/net/ipv4/ip_local_port_range; the default without it. */
export function ephemeralFrom(range: string): number {
  return Number.parseInt(range, 10) || 32_768;
}

function isIpv4(view: DataView, address_at: number): boolean {
  return view.getUint32(address_at + 8) === 0xffff && view.getUint32(address_at) === 0 && view.getUint32(address_at + 4) === 0;
}

const commAt = (view: DataView, at: number): string => readText(view, at + HEAD_AT.comm, 16);

/** Reads the attributes of a row's connection; the same combination gives the same object, so it costs one look-up. */
export class ConnectionAttributes {
  readonly #known = new Map<string | number, Attributes>();
  readonly #port: boolean;
  readonly #comm: boolean;
  readonly #ephemeral_from: number;
  readonly #max: number;

  constructor(optional: readonly OptionalAttribute[], ephemeral_from: number, max: number) {
    this.#port = optional.includes('server.port');
    this.#comm = optional.includes('tcplens.comm');
    this.#ephemeral_from = ephemeral_from;
    this.#max = max;
  }

  /** Beyond `max` combinations a new one goes without the optional attributes. */
  read(view: DataView, at: number): Attributes {
    const ipv4 = isIpv4(view, at + HEAD_AT.peer_addr);
    const role = ROLE[view.getUint8(at + HEAD_AT.role)] ?? 'unknown';
    const port = this.#port ? this.#serverPort(view, at, role) : 0;
    const comm = this.#comm ? commAt(view, at) : '';
    return this.#lookUp(ipv4, role, port, comm);
  }

  /** The same of a listening socket, which has no peer: its own port, ephemeral or not. */
  readListener(view: DataView, at: number): Attributes {
    const ipv4 = isIpv4(view, at + HEAD_AT.local_addr);
    const port = this.#port ? view.getUint16(at + HEAD_AT.local_port, true) : 0;
    return this.#lookUp(ipv4, 'server', port, this.#comm ? commAt(view, at) : '');
  }

  #lookUp(ipv4: boolean, role: Role, port: number, comm: string): Attributes {
    // Once a row: numbers are found several times faster than texts.
    const number = (port * ROLE.length + ROLE.indexOf(role)) * 2 + Number(ipv4);
    const key = comm === '' ? number : `${number} ${comm}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= this.#max && (port !== 0 || comm !== '')) return this.#lookUp(ipv4, role, 0, '');
    const attributes = {
      'network.transport': 'tcp',
      'network.type': ipv4 ? 'ipv4' : 'ipv6',
      ...(role === 'unknown' ? {} : { 'network.tcp.handshake.role': role }),
      ...(port === 0 ? {} : { 'server.port': port }),
      ...(comm === '' ? {} : { 'tcplens.comm': comm }),
    };
    this.#known.set(key, attributes);
    return attributes;
  }

  /** The port that the server side listens on; 0 where the role is not known or the kernel chose the port. */
  #serverPort(view: DataView, at: number, role: string): number {
    if (role === 'unknown') return 0;
    const port = view.getUint16(at + (role === 'client' ? HEAD_AT.peer_port : HEAD_AT.local_port), true);
    return port < this.#ephemeral_from ? port : 0;
  }
}
