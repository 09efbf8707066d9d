// Finds out who makes a request: tries each way of identification in turn.
import type { FastifyRequest } from 'fastify';
import { isLoopback } from '../../agent/process/loopback.ts';
import type { RecordBook } from '../access/record-book.ts';
import { Refusal } from '../errors.ts';
import { addressOf } from './peer.ts';
import { type Identify, NOBODY, type Principal } from './principal.ts';

export type GateOptions = {
  /** tried in this order */
  ways: readonly Identify[];
  book: Pick<RecordBook, 'all'>;
  /** On a loopback address, unless configured otherwise: nobody has to log in as long as there is no user. */
  open: boolean;
};

const LOCAL: Principal = { kind: 'local', name: 'local', role: 'viewer' };
/** With the first user, people have to log in. Agents of this machine still need no credential: making a user must not cut them off. */
const LOCAL_AGENT: Principal = { ...LOCAL, role: undefined };
const CREDENTIAL_UNKNOWN = 'the collector does not know this credential: was it removed, or is it of another collector?';

export class Gate {
  readonly #options: GateOptions;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** @throws Refusal for a credential that is unknown or no longer valid */
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
