// Who has logged in at a trusted proxy, as its header says. The same header from anybody else says nothing.
import type { Identify, Principal } from '../door/principal.ts';
import { Refusal } from '../errors.ts';
import type { RecordBook } from './record-book.ts';
import type { Role } from './records.ts';

/** `header`: in small letters. `role`: of whom no user's record gives another. `isProxy`: whether an address is a trusted proxy's. */
export type ProxyWay = { header: string; role: Role; isProxy: (address: string) => boolean };

const NAME = /^[\x21-\x7e]{1,64}$/;

export function proxyWay(proxy: ProxyWay | undefined, book: Pick<RecordBook, 'get'>): Identify {
  return ({ socket, headers }) => {
    // The connection's own address: what a proxy forwards may be anybody's.
    if (proxy === undefined || !proxy.isProxy(socket.remoteAddress ?? '')) return undefined;
    const name = headers[proxy.header];
    if (name === undefined || name === '') return undefined;
    if (typeof name !== 'string' || !NAME.test(name))
      throw new Refusal('header_invalid', `the header ${proxy.header} of the proxy must be a name of at most 64 letters, digits and signs`);
    return { kind: 'proxy', name, role: book.get('user', name)?.role ?? proxy.role } satisfies Principal;
  };
}
