// The attributes of metrics about connections. Each combination makes a series, so nothing that a peer can choose freely (addresses, ephemeral
// ports, pids) is an attribute.
import type { Attributes } from '@opentelemetry/api';
import { HEAD_AT, ROLE, type Role, readText } from '../../bpf/rows/rows.gen.ts';
import type { OptionalAttribute } from '../contract/settings.ts';
import { CONNECTION_TERM, type ConnectionOptions, type Group } from './tally-plan.ts';

/** The first ephemeral port, from the text of /proc/sys/net/ipv4/ip_local_port_range; the kernel's default without it. */
export function ephemeralFrom(range: string): number {
  return Number.parseInt(range, 10) || 32_768;
}

function isIpv4(view: DataView, address_at: number): boolean {
  return view.getUint32(address_at + 8) === 0xffff && view.getUint32(address_at) === 0 && view.getUint32(address_at + 4) === 0;
}

/** Makes attributes; the same combination gets the same object. */
export class ConnectionAttributes {
  readonly options: ConnectionOptions;
  readonly #known = new Map<string, Attributes>();

  constructor(optional: readonly OptionalAttribute[], ephemeral_from: number, max: number) {
    this.options = { port: optional.includes('server.port'), comm: optional.includes('tcplens.comm'), ephemeral_from, max };
  }

  /** The attributes of a group's connections. After `max` combinations a new one gets no optional attributes. */
  read({ connection }: Pick<Group, 'connection'>): Attributes {
    const view = new DataView(connection.buffer, connection.byteOffset, connection.byteLength);
    const role = ROLE[view.getUint8(CONNECTION_TERM.role)] ?? 'unknown';
    const ipv4 = view.getUint8(CONNECTION_TERM.ipv4) !== 0;
    return this.#lookUp(ipv4, role, view.getUint16(CONNECTION_TERM.port, true), readText(view, CONNECTION_TERM.comm, 16));
  }

  /** The attributes of a listening socket. Its own port is the server's, even an ephemeral one. */
  readListener(view: DataView, at: number): Attributes {
    const ipv4 = isIpv4(view, at + HEAD_AT.local_addr);
    const port = this.options.port ? view.getUint16(at + HEAD_AT.local_port, true) : 0;
    return this.#lookUp(ipv4, 'server', port, this.options.comm ? readText(view, at + HEAD_AT.comm, 16) : '');
  }

  #lookUp(ipv4: boolean, role: Role, port: number, comm: string): Attributes {
    const key = `${ipv4} ${role} ${port} ${comm}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= this.options.max && (port !== 0 || comm !== '')) return this.#lookUp(ipv4, role, 0, '');
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
}
