// Secrets, and digests of them: the other side keeps only the digest, and recognises the secret by it.
import { hash, randomBytes } from 'node:crypto';

/** 256 random bits, as 64 hex digits. */
export function newSecret(): string {
  return randomBytes(32).toString('hex');
}

/** SHA-256 in hex: of a secret as its text, of a body as it is sent. */
export function digestOf(what: string | Uint8Array): string {
  return hash('sha256', what);
}
