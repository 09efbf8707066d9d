// What an agent keeps of its membership, in a file that only its user reads.
import { join } from 'node:path';
import { IDENTITY_FILE } from '../contract/credential.ts';
import { REAL_DISK } from '../durable/disk.ts';
import { readIfThere, replaceWhole } from '../durable/whole-file.ts';
import { AgentError, reasonOf } from '../process/errors.ts';

/** `host_id` is missing until the collector has given one: until then the same request to join is made again. */
export type Identity = {
  format: 1;
  url: string;
  /** id of the enrolment that it joined with */
  enrolment: string;
  host_id?: string;
  /** 64 hex digits, like the other secrets below */
  secret: string;
  /** the secret that is to replace it; the collector may know it already */
  next?: string;
  /** the secret that it has replaced, until the collector has accepted the new one */
  before?: string;
  /** the secret of the new host that this one becomes, since its state is a copy; the original does not have it */
  fork?: string;
  /** digest of where this file is, as the collector knows it */
  place: string;
  /** PEM; empty: those that every machine trusts */
  authorities: string[];
};

const SECRET = /^[0-9a-f]{64}$/;

function isIdentity(found: unknown): found is Identity {
  const {
    format,
    url,
    enrolment,
    host_id = '0'.repeat(16),
    secret,
    next = secret,
    before = secret,
    fork = secret,
    place,
    authorities,
  } = (found ?? {}) as Partial<Identity>;
  const texts = [url, enrolment, host_id, secret, next, before, fork, place, ...(Array.isArray(authorities) ? authorities : [undefined])];
  if (format !== 1 || texts.some((text) => typeof text !== 'string')) return false;
  return /^[0-9a-f]{16}$/.test(host_id) && [secret, next, before, fork].every((one) => SECRET.test(one ?? ''));
}

/** Undefined where there is none. @throws AgentError `identity_unreadable` */
export async function readIdentity(directory: string): Promise<Identity | undefined> {
  const path = join(directory, IDENTITY_FILE);
  const text = await readIfThere(REAL_DISK, path).then(
    (bytes) => bytes?.toString(),
    (cause: unknown) => {
      const message = `cannot read ${path} (${reasonOf(cause)}): run the agent as the user that has joined with it, or give another --state-dir`;
      throw new AgentError('identity_unreadable', message, { cause });
    },
  );
  if (text === undefined) return undefined;
  try {
    const found: unknown = JSON.parse(text);
    if (isIdentity(found)) return found;
  } catch {
    // The error below says what to do.
  }
  throw new AgentError(
    'identity_unreadable',
    `${path} is damaged, or of another version: remove it, and join again with --rejoin and a new line`,
  );
}

export async function writeIdentity(directory: string, identity: Identity): Promise<void> {
  try {
    await REAL_DISK.makeDirectory(directory);
    await replaceWhole(REAL_DISK, join(directory, IDENTITY_FILE), [Buffer.from(`${JSON.stringify(identity, null, 2)}\n`)]);
  } catch (cause) {
    const message = `cannot keep this host's credential in ${directory}: run the agent as the user that owns it, or give another --state-dir`;
    throw new AgentError('identity_unwritable', message, { cause });
  }
}
