// Finds out who makes a request, by asking everybody who knows a way to show it.
import type { FastifyRequest } from 'fastify';
import { isLoopback } from '../../agent/process/loopback.ts';
import type { RecordBook } from '../access/record-book.ts';
import { Refusal } from '../errors.ts';
import { addressOf } from './peer.ts';
import { type Identify, NOBODY, type Principal } from './principal.ts';

export type GateOptions = {
  /** in this order */
  ways: readonly Identify[];
  book: Pick<RecordBook, 'all'>;
  /** Nobody has to log in: the collector listens on a loopback address, and was not told otherwise. */
  open: boolean;
};

const LOCAL: Principal = { kind: 'local', name: 'local', role: 'viewer' };
const CREDENTIAL_UNKNOWN = 'the collector does not know this credential: was it removed, or is it of another collector?';

export class Gate {
  readonly #options: GateOptions;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** @throws Refusal where what was shown gives no right, or none any more */
  async identify(request: FastifyRequest): Promise<Principal> {
    for (const way of this.#options.ways) {
      const who = await way(request);
      if (who) return who;
    }
    if (request.headers.authorization !== undefined) throw new Refusal('credential_unknown', CREDENTIAL_UNKNOWN);
    return this.isOpenTo(addressOf(request)) ? LOCAL : NOBODY;
  }

  /** Whether who comes from this address needs nothing to see and to send. */
  isOpenTo(address: string): boolean {
    return this.#options.open && isLoopback(address) && this.#options.book.all('user').next().done === true;
  }
}
