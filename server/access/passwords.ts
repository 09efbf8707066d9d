// Password hashes: argon2id in PHC form, $argon2id$v=19$m=…,t=…,p=…$salt$hash.
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { turns } from '../../agent/process/turns.ts';

const argon2id = promisify(argon2).bind(undefined, 'argon2id');
/** The minimum that OWASP recommends; memory in KiB. One hash takes some 20 ms. */
const COST = { memory: 19 * 1024, passes: 2, parallelism: 1 };
const SALT_BYTES = 16;
const TAG_BYTES = 32;
const PHC = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

type Hashed = { cost: typeof COST; salt: Buffer; tag: Buffer };

/** One hash at a time, so that many log-ins at once need the memory of one. */
const inTurn = turns();

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  return phcOf({ cost: COST, salt, tag: await tagOf(password, { cost: COST, salt, length: TAG_BYTES }) });
}

/** Whether `phc` is the hash of this password. '' matches no password, and takes as long to check as a hash. */
export async function isPassword(password: string, phc: string): Promise<boolean> {
  const hashed = parsed(phc);
  const { cost, salt, tag } = hashed ?? NOTHING;
  const isSame = timingSafeEqual(await tagOf(password, { cost, salt, length: tag.length }), tag);
  return isSame && hashed !== undefined;
}

const NOTHING: Hashed = { cost: COST, salt: randomBytes(SALT_BYTES), tag: randomBytes(TAG_BYTES) };

/** Passwords are normalised: the same characters, composed differently by another keyboard, are the same password. */
function tagOf(password: string, { cost, salt, length }: Omit<Hashed, 'tag'> & { length: number }): Promise<Buffer> {
  return inTurn(() => argon2id({ message: password.normalize('NFKC'), nonce: salt, tagLength: length, ...cost }));
}

function phcOf({ cost: { memory, passes, parallelism }, salt, tag }: Hashed): string {
  const text = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${text(salt)}$${text(tag)}`;
}

function parsed(phc: string): Hashed | undefined {
  const [, memory, passes, parallelism, salt = '', tag = ''] = PHC.exec(phc) ?? [];
  if (memory === undefined) return undefined;
  const cost = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  return { cost, salt: Buffer.from(salt, 'base64'), tag: Buffer.from(tag, 'base64') };
}
