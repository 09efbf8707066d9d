// The attributes on metrics. A series is made for every combination, so what a peer can choose freely (addresses,
// ephemeral ports, pids) is never among them.
import type { Attributes } from '@opentelemetry/api';
import { HEAD_AT, ROLE, readText } from '../../bpf/rows.gen.ts';
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

const IPV4_MAPPED_AT = HEAD_AT.peer_addr + 8;

function isIpv4(view: DataView, at: number): boolean {
  return view.getBigUint64(at + HEAD_AT.peer_addr) === 0n && view.getUint32(at + IPV4_MAPPED_AT) === 0xffff;
}

/** Reads the attributes of a row's connection; the same combination gives the same object, so it costs one look-up. */
export class ConnectionAttributes {
  readonly #known = new Map<string, Attributes>();
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
    const type = isIpv4(view, at) ? 'ipv4' : 'ipv6';
    const role = ROLE[view.getUint8(at + HEAD_AT.role)] ?? 'unknown';
    const port = this.#port ? this.#serverPort(view, at, role) : 0;
    const comm = this.#comm ? readText(view, at + HEAD_AT.comm) : '';
    return this.#lookUp(type, role, port, comm);
  }

  #lookUp(type: string, role: string, port: number, comm: string): Attributes {
    const key = `${type} ${role} ${port} ${comm}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= this.#max && (port !== 0 || comm !== '')) return this.#lookUp(type, role, 0, '');
    const attributes = {
      'network.transport': 'tcp',
      'network.type': type,
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
