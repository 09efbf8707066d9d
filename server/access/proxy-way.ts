// Recognises people by a header that a trusted proxy sets. The header is ignored where the request comes from anybody else.
import type { Identify, Principal } from '../door/principal.ts';
import { Refusal } from '../errors.ts';
import type { RecordBook } from './record-book.ts';
import type { Role } from './records.ts';

/** `header`: in lower case. `role`: for people without a user's record. `isProxy`: whether an address is that of a trusted proxy. */
export type ProxyWay = { header: string; role: Role; isProxy: (address: string) => boolean };

const NAME = /^[\x21-\x7e]{1,64}$/;

export function proxyWay(proxy: ProxyWay | undefined, book: Pick<RecordBook, 'get'>): Identify {
  return ({ socket, headers }) => {
    // The address of the TCP connection: a forwarded address may be forged.
    if (proxy === undefined || !proxy.isProxy(socket.remoteAddress ?? '')) return undefined;
    const name = headers[proxy.header];
    if (name === undefined || name === '') return undefined;
    if (typeof name !== 'string' || !NAME.test(name))
      throw new Refusal('header_invalid', `the header ${proxy.header} of the proxy must be a name of at most 64 letters, digits and signs`);
    return { kind: 'proxy', name, role: book.get('user', name)?.role ?? proxy.role } satisfies Principal;
  };
}
