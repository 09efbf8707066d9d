// Recognises an agent by its credential.

import { HEADERS } from '../../agent/contract/batch-envelope.ts';
import { CREDENTIAL, HELLO_PATH, JOIN_PATH } from '../../agent/contract/credential.ts';
import type { Identify, Principal } from '../door/principal.ts';
import { bearerOf, isOfDigest } from '../door/secrets.ts';
import { Refusal } from '../errors.ts';
import type { Agents } from './agents.ts';
import type { LastHeard } from './last-heard.ts';
import type { RecordBook } from './record-book.ts';

/** On these paths an agent finds out whether its state is a copy, so the place that it names is not checked yet. */
const ASKING: ReadonlySet<string | undefined> = new Set([HELLO_PATH, JOIN_PATH]);

export function agentWay(book: RecordBook, agents: Agents, heard: LastHeard): Identify {
  return async ({ headers, routeOptions: { url } }) => {
    const [, host_id, secret = ''] = CREDENTIAL.exec(bearerOf(headers.authorization) ?? '') ?? [];
    if (host_id === undefined) return undefined;
    const record = book.get('agent', host_id);
    if (record === undefined) return undefined;
    const isNext = record.next_sha256 !== undefined && isOfDigest(secret, record.next_sha256);
    if (!isNext && !isOfDigest(secret, record.secret_sha256)) return undefined;
    if (record.revoked_ms !== undefined) throw new Refusal('credential_revoked', revoked(record.revoked_ms));
    if (isNext) await agents.rotated(host_id, Date.now());
    if (!ASKING.has(url)) {
      if (headers[HEADERS.place] !== record.place)
        throw new Refusal('identity_in_use', `host ${host_id} is somewhere else now: say hello first`);
      heard.note(host_id, Date.now());
    }
    return { kind: 'agent', name: record.name, role: undefined, host_id } satisfies Principal;
  };
}

function revoked(at_ms: number): string {
  return `this host's credential was revoked at ${new Date(at_ms).toISOString()}: its rows stay in its spool; to let it in again, join it with a new line`;
}
