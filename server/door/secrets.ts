// Secrets are stored as SHA-256 and compared in constant time, so that the time of an answer tells nothing.
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { digestOf } from '../../agent/contract/secret.ts';

/** 16 hex digits. */
export function newId(): string {
  return randomBytes(8).toString('hex');
}

/** Whether the SHA-256 of `text` is `digest`, in hex. */
export function isOfDigest(text: string, digest: string): boolean {
  return isSame(digestOf(text), digest);
}

/** Whether both are equal; takes the same time wherever they differ. */
export function isSame(shown: string, right: string): boolean {
  return timingSafeEqual(hash('sha256', shown, 'buffer'), hash('sha256', right, 'buffer'));
}

/** The credential in a "Bearer" header; undefined where the header has another form. */
export function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer ([\x21-\x7e]{1,512})$/.exec(authorization ?? '')?.[1];
}
