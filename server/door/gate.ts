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
  /** Nobody has to log in while there is no user: the collector listens on a loopback address, and was not told otherwise. */
  open: boolean;
};

const LOCAL: Principal = { kind: 'local', name: 'local', role: 'viewer' };
/** Once there is a user, people have to log in. An agent of this machine goes on: the first user must not cut it off. */
const LOCAL_AGENT: Principal = { ...LOCAL, role: undefined };
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
    if (!this.#options.open || !isLoopback(addressOf(request))) return NOBODY;
    return this.#options.book.all('user').next().done === true ? LOCAL : LOCAL_AGENT;
  }
}
