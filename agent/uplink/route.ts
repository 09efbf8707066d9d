// How an agent reaches collectors: at which addresses, over which connections, and what it shows there.
import { Addresses } from './addresses.ts';
import { Transport } from './transport.ts';

export type Route = {
  addresses: Addresses;
  transport: Transport;
  /** The headers that say who this is, as they are now. */
  shown: () => Record<string, string>;
  /** Called with the code of each refusal. */
  refused: (code: string) => void;
  /** Called with each acknowledgement. */
  told: (said: Readonly<Record<string, unknown>>) => void;
};

/** To collectors that ask nobody who they are. */
export function openRoute(urls: readonly string[], transport = new Transport()): Route {
  return { addresses: new Addresses(urls), transport, shown: () => ({}), refused: () => undefined, told: () => undefined };
}
