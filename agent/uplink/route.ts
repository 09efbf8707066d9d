// How an agent reaches collectors: at which addresses, over which connections, and what it shows there.
import { Addresses } from './addresses.ts';
import { Transport } from './transport.ts';

export type Route = {
  addresses: Addresses;
  transport: Transport;
  /** The headers that identify this agent, as they are now. */
  shown: () => Record<string, string>;
  /** Called with the code of each refusal. */
  refused: (code: string) => void;
  /** Called with each acknowledgement. */
  told: (said: Readonly<Record<string, unknown>>) => void;
};

/** A route to collectors that ask agents for no credential. */
export function openRoute(urls: readonly string[], transport = new Transport()): Route {
  return { addresses: new Addresses(urls), transport, shown: () => ({}), refused: () => undefined, told: () => undefined };
}
