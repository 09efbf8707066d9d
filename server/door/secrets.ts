// How secrets are compared: they are stored as SHA-256, and who guesses learns nothing from the time it takes.
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { digestOf } from '../../agent/contract/secret.ts';

/** 16 hex digits. */
export function newId(): string {
  return randomBytes(8).toString('hex');
}

/** Whether `text` is the one with this digest, in hex. */
export function isOfDigest(text: string, digest: string): boolean {
  return isSame(digestOf(text), digest);
}

/** In a time that says nothing of where they differ. */
export function isSame(shown: string, right: string): boolean {
  return timingSafeEqual(hash('sha256', shown, 'buffer'), hash('sha256', right, 'buffer'));
}

/** What follows "Bearer " in the header; undefined where it is not such a header. */
export function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer ([\x21-\x7e]{1,512})$/.exec(authorization ?? '')?.[1];
}
